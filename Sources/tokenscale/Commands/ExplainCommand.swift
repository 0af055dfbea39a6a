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
            NAME is a Deployment, StatefulSet, Service, pod…; without it the whole namespace is asked for. With \
            --target, the averageValue of the HPA, the replica count that its formula gives is shown.
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
            throw CommandError(refusal?.error ?? "\(self.address) answered with status \(status)")
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

/// What `/api/v1/explain` tells.
struct ExplainAnswer: Decodable, Sendable {
    struct Replicas: Decodable, Sendable {
        var current: Int
        var target: String?
        var proposed: Int?
        var formula: String
    }

    struct Session: Decodable, Sendable {
        var session: String
        var model: String?
        var tokensPerMinute: Int64
        var isExcluded: Bool
        var pattern: String?
        var severity: String?
    }

    struct Pod: Decodable, Sendable {
        var namespace: String
        var pod: String
        var value: String?
        var windowSeconds: Int?
        var leftOutText: String?
        var stable: Int64
        var burst: Int64
        var attribution: String
        var telemetryAgeSeconds: Double?
        var sessions: [Session]
    }

    var metric: String
    var namespace: String
    var kind: String
    var name: String
    var isDirectorySynced: Bool
    var value: String?
    var windowSeconds: Int?
    var error: String?
    var ageSeconds: Double?
    var excludedStuckSessions: Int
    var replicas: Replicas
    var pods: [Pod]

    var lines: [String] {
        let name = self.kind == "Namespace" ? self.name : "\(self.namespace)/\(self.name)"
        var lines = ["\(self.metric) of \(self.kind) \(name)"]
        if let value = self.value {
            let window = self.windowSeconds.map { ", window \($0) s" } ?? ""
            let age = self.ageSeconds.map { ", \(TopView.duration($0)) old" } ?? ""
            lines.append("  value     \(value)\(window)\(age)")
        } else {
            lines.append("  value     none: \(self.error ?? "unknown")")
        }
        let proposed = self.replicas.proposed.map { " → \($0)" } ?? ""
        lines.append("  replicas  \(self.replicas.current)\(proposed): \(self.replicas.formula)")
        if self.excludedStuckSessions > 0 {
            lines.append("  stuck     \(self.excludedStuckSessions) sessions left out: they are no load")
        }
        if !self.isDirectorySynced {
            lines.append("  cluster   not connected: pods are those that telemetry tells of")
        }
        for pod in self.pods { lines += Self.lines(of: pod) }
        return lines
    }

    private static func lines(of pod: Pod) -> [String] {
        var lines = ["", "  pod \(pod.namespace)/\(pod.pod)"]
        if let value = pod.value {
            let rates = "60 s rate \(TopView.short(pod.stable)), 15 s rate \(TopView.short(pod.burst))"
            lines.append("    \(value) (\(rates)), known by \(pod.attribution)")
        } else {
            lines.append("    left out: \(pod.leftOutText ?? "unknown")")
        }
        if let age = pod.telemetryAgeSeconds { lines.append("    last telemetry \(TopView.duration(age)) ago") }
        for session in pod.sessions {
            let model = session.model.map { " \($0)" } ?? ""
            let verdict = session.pattern.map { " \(session.severity ?? "") \($0)" } ?? ""
            let part = session.isExcluded ? "excluded" : TopView.short(session.tokensPerMinute)
            lines.append("    session \(session.session)\(model): \(part)\(verdict)")
        }
        return lines
    }
}
