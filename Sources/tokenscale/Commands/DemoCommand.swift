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

    @Option(
        name: .long,
        help: ArgumentHelp("PEM file with the authority of the collector's certificate, for https.", valueName: "file")
    )
    var tlsCaFile: String?

    func validate() throws {
        if let duration = self.duration, !(1...31_536_000).contains(duration) {
            throw ValidationError("--duration \(duration): allowed are 1 to 31536000 seconds")
        }
        let isName = self.namespace.utf8.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                || byte == UInt8(ascii: "-")
        }
        guard isName, (1...63).contains(self.namespace.utf8.count) else {
            throw ValidationError("--namespace \(self.namespace): allowed are 1 to 63 of a-z, 0-9 and -")
        }
        for file in [self.bearerTokenFile, self.tlsCaFile].compactMap(\.self)
        where !FileManager.default.isReadableFile(atPath: file) {
            throw ValidationError("\(file): the file is missing or cannot be read by this user")
        }
    }

    func run() async throws {
        let endpoint = CollectorAPI.normalized(self.endpoint)
        let client = HTTPClient(.init(userAgent: "tokenscale-demo/\(Version.current)"))
        defer { client.shutdown() }
        let start = WallClock.now()
        let salt = String(UInt64.random(in: .min ... .max), radix: 16)
        var fleet = DemoFleet(namespace: self.namespace, salt: salt, start: start)
        var sentCount = 0
        StandardStreams.writeError("Sending \(fleet.pods.count) pods to \(endpoint), namespace \(self.namespace).")
        StandardStreams.writeError("Watch: tokenscale top. The pod migrator-… is stuck. Ctrl-C ends.")
        while !Task.isCancelled {
            let now = WallClock.now()
            if let duration = self.duration, now.seconds(since: start) > duration { break }
            for body in fleet.tick(now: now) {
                try await self.send(body, to: endpoint, client: client, isFirst: sentCount == 0)
                sentCount += 1
            }
            let next = start.advanced(bySeconds: now.seconds(since: start).rounded(.down) + 1)
            try? await Task.sleep(for: .seconds(max(0.05, next.seconds(since: WallClock.now()))))
        }
        StandardStreams.writeError("Sent \(sentCount) requests.")
    }

    /// Seconds for which a collector that answered before may be away: long enough for a restart.
    private static let patienceSeconds = 60

    /// Sends one body; asks again when the collector is overloaded or away for a while, as agents do.
    private func send(_ body: DemoFleet.Body, to endpoint: String, client: HTTPClient, isFirst: Bool) async throws {
        var request = HTTPRequest(
            .post,
            url: endpoint + body.path,
            headers: [HTTPHeader(name: "content-type", value: "application/json")],
            body: Array(body.json.utf8)
        )
        request.bearerTokenFile = self.bearerTokenFile
        request.tls.authorities = self.tlsCaFile.map { .file($0) }
        request.totalTimeout = .seconds(10)
        for attempt in 1... {
            let response: HTTPResponse
            do throws(HTTPClientError) {
                response = try await client.send(request)
            } catch {
                guard !isFirst, error.isRetryable, attempt < Self.patienceSeconds else {
                    throw CommandError(Self.failure(error, endpoint: endpoint))
                }
                if attempt == 1 { StandardStreams.writeError("\(error); trying again for a minute.") }
                try await Task.sleep(for: .seconds(1))
                continue
            }
            if response.isSuccess { return }
            guard [429, 502, 503, 504].contains(response.status), attempt < Self.patienceSeconds else {
                let hasToken = self.bearerTokenFile != nil
                throw CommandError(Self.refusal(status: response.status, endpoint: endpoint, hasToken: hasToken))
            }
            try await Task.sleep(for: .seconds(1))
        }
    }

    static func failure(_ error: HTTPClientError, endpoint: String) -> String {
        switch error {
        case .serverUntrusted:
            "the certificate of the collector at \(endpoint) is not trusted: name its authority with --tls-ca-file "
                + "FILE, and the host as the certificate does"
        case .connectionLost where endpoint.hasPrefix("http://"):
            "the collector at \(endpoint) ended the connection: does it speak TLS? Then write https://"
        case .tlsFailed: "the TLS handshake with \(endpoint) failed: does it speak TLS? Else write http://"
        case .credentialUnreadable: "the bearer token or the authority cannot be read: \(error)"
        case .urlRefused: "--endpoint \(endpoint): write http://HOST:PORT, the --otlp-http-address of a collector"
        default:
            "no collector at \(endpoint): \(error). Start one with `tokenscale serve` (or ./run), or name another "
                + "address with --endpoint"
        }
    }

    static func refusal(status: Int, endpoint: String, hasToken: Bool) -> String {
        switch status {
        case 401, 403:
            hasToken
                ? "the collector at \(endpoint) does not know the token of --bearer-token-file"
                : "the collector at \(endpoint) wants a bearer token: --bearer-token-file FILE"
        case 404, 405: "\(endpoint) is not the --otlp-http-address of a collector (HOST:PORT, the port is usually 4318)"
        default: "the collector at \(endpoint) answered with status \(status)"
        }
    }
}

/// An error of a command, said in one sentence on standard error.
struct CommandError: Error, CustomStringConvertible, Sendable {
    let description: String

    init(_ description: String) { self.description = description }
}
