import ArgumentParser
import CurlHTTP
import FoundationEssentials
import TokenscaleCore

/// `tokenscale demo`: sends a small realistic fleet to a running collector.
struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Send a small realistic fleet to a running collector: recorded traffic, one session of it stuck.",
        usage: "tokenscale demo [--endpoint URL] [--namespace NAME] [--duration SECONDS]",
        discussion: """
            Five agent pods and a task dispatcher in the namespace `demo`, played from captures of Claude Code at a \
            lively pace. Watch with `tokenscale top`, or at http://127.0.0.1:8080. Runs until Ctrl-C.
            """
    )

    @Option(name: .long, help: "OTLP/HTTP address of the collector.")
    var endpoint = "http://127.0.0.1:4318"

    @Option(name: .long, help: "Namespace that the pods are said to live in.")
    var namespace = "demo"

    @Option(name: .long, help: "Stop after this many seconds.")
    var duration: Double?

    @Option(name: .long, help: ArgumentHelp("File with the collector's bearer token.", valueName: "file"))
    var bearerTokenFile: String?

    func run() async throws {
        let client = HTTPClient(.init(userAgent: "tokenscale-demo/\(Version.current)"))
        defer { client.shutdown() }
        let start = WallClock.now()
        let salt = String(UInt64.random(in: .min ... .max), radix: 16)
        var fleet = DemoFleet(namespace: self.namespace, salt: salt, start: start)
        var sentCount = 0
        StandardStreams.writeError("Sending \(fleet.pods.count) pods to \(self.endpoint), namespace \(self.namespace).")
        StandardStreams.writeError("Watch: tokenscale top. The pod migrator-… is stuck. Ctrl-C ends.")
        while !Task.isCancelled {
            let now = WallClock.now()
            if let duration = self.duration, now.seconds(since: start) > duration { break }
            for body in fleet.tick(now: now) {
                try await self.send(body, client: client)
                sentCount += 1
            }
            let next = start.advanced(bySeconds: now.seconds(since: start).rounded(.down) + 1)
            try? await Task.sleep(for: .seconds(max(0.05, next.seconds(since: WallClock.now()))))
        }
        StandardStreams.writeError("Sent \(sentCount) requests.")
    }

    /// Sends one body; asks again when the collector is overloaded, as agents do.
    private func send(_ body: DemoFleet.Body, client: HTTPClient) async throws {
        var request = HTTPRequest(
            .post,
            url: self.endpoint + body.path,
            headers: [HTTPHeader(name: "content-type", value: "application/json")],
            body: Array(body.json.utf8)
        )
        request.bearerTokenFile = self.bearerTokenFile
        request.totalTimeout = .seconds(10)
        for attempt in 1...5 {
            let response: HTTPResponse
            do throws(HTTPClientError) {
                response = try await client.send(request)
            } catch {
                throw CommandError(
                    "no collector at \(self.endpoint): \(error). Start one with `tokenscale serve` (or ./run), "
                        + "or name another address with --endpoint"
                )
            }
            if response.isSuccess { return }
            guard [429, 502, 503, 504].contains(response.status), attempt < 5 else {
                throw CommandError(Self.refusal(status: response.status, endpoint: self.endpoint))
            }
            try await Task.sleep(for: .seconds(1))
        }
    }

    static func refusal(status: Int, endpoint: String) -> String {
        switch status {
        case 401, 403: "the collector at \(endpoint) wants a bearer token: --bearer-token-file FILE"
        case 404, 405: "\(endpoint) is not the --otlp-http-address of a collector (the port is usually 4318)"
        default: "the collector at \(endpoint) answered with status \(status)"
        }
    }
}

/// An error of a command, said in one sentence on standard error.
struct CommandError: Error, CustomStringConvertible, Sendable {
    let description: String

    init(_ description: String) { self.description = description }
}
