import ArgumentParser
import CurlHTTP
import FoundationEssentials

/// `tokenscale explain`: what an autoscaler would be told, and why.
struct ExplainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Say what an autoscaler would be told about a workload, a pod or a namespace, and why.",
        usage: "tokenscale explain NAMESPACE[/NAME] [--metric METRIC] [--target QUANTITY]",
        discussion: """
            NAME is a HorizontalPodAutoscaler, Deployment, StatefulSet, Service, pod…; without it the whole namespace \
            is asked for. Every HPA that scales the object is shown with what it is told and the replica count that \
            its formula gives. --target asks for that count with another averageValue.
            """
    )

    @Argument(help: ArgumentHelp("Namespace, or namespace and name.", valueName: "namespace/name"))
    var object: String

    @Option(name: .long, help: "Metric, as the HPA names it.")
    var metric = "claude_tokens_per_minute"

    @Option(name: .long, help: "The averageValue of the HPA: 200k.")
    var target: String?

    @Option(name: .long, help: "Current replicas, if not those that the cluster tells.")
    var replicas: Int?

    @Option(name: .long, help: "Kind of the object, if several have the name.")
    var kind: String?

    @Option(name: .long, help: "The metric selector of the HPA: type=output,model=…")
    var selector: String?

    @Option(name: .long, help: "The collector's metrics address.")
    var address = "http://127.0.0.1:8080"

    @Flag(name: .long, help: "Write the collector's JSON.")
    var json = false

    func run() async throws {
        let client = HTTPClient(.init(userAgent: "tokenscale-explain/\(Version.current)"))
        defer { client.shutdown() }
        let api = CollectorAPI(address: self.address, client: client)
        let (status, body) = try await api.get("/api/v1/explain", query: self.query)
        guard status == 200 else {
            struct Refusal: Decodable { var error: String }
            let refusal = try? JSONDecoder().decode(Refusal.self, from: Data(body))
            throw refusal.map { CommandError($0.error) } ?? api.wrongPort(status: status)
        }
        if self.json {
            StandardStreams.write(String(decoding: body, as: UTF8.self), terminator: "")
            return
        }
        do {
            let answer = try JSONDecoder().decode(ExplainAnswer.self, from: Data(body))
            StandardStreams.write(answer.lines.joined(separator: "\n"))
        } catch {
            throw api.foreignVersion
        }
    }

    private var query: [(name: String, value: String)] {
        let parts = self.object.split(separator: "/", maxSplits: 1).map(String.init)
        let pairs: [(String, String?)] = [
            ("namespace", parts.first), ("name", parts.count == 2 ? parts[1] : nil), ("metric", self.metric),
            ("target", self.target), ("replicas", self.replicas.map { String($0) }), ("kind", self.kind),
            ("metricLabelSelector", self.selector),
        ]
        return pairs.compactMap { name, value in value.map { (name, $0) } }
    }
}
