import Foundation
import TestSupport
import Testing

/// A client that opens every kind of connection to a collector and then neither reads nor closes: a shutdown lasts its
/// two seconds then.
struct StubbornClient {
    private static let program = """
        import socket, ssl, sys, time
        def plain(address, request=b""):
            host, port = address.split(":")
            connection = socket.create_connection((host, int(port)))
            if request: connection.send(request)
            return connection
        def tls(address, protocol, request=b""):
            context = ssl._create_unverified_context()
            context.set_alpn_protocols([protocol])
            connection = context.wrap_socket(plain(address))
            if request: connection.send(request)
            return connection
        grpc, http, metrics, api, health = sys.argv[1:6]
        get = b"GET /metrics HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n"
        half = b"POST /v1/logs HTTP/1.1\\r\\nHost: x\\r\\nContent-Type: application/json\\r\\n"
        half += b"Content-Length: 9\\r\\n\\r\\n{"
        held = [plain(a) for a in (grpc, http, metrics, api, health)]
        held += [plain(metrics, get), plain(metrics, get[:9]), plain(http, half)]
        held += [tls(api, "h2"), tls(api, "http/1.1"), tls(api, "http/1.1", get)]
        open(sys.argv[6], "w").write("held")
        time.sleep(60)
        """

    private let process = Process()

    /// Waits until the connections are open.
    init(of collector: CollectorProcess) async throws {
        let ready = collector.directory.appending(path: "held")
        let listeners = ["otlp_grpc", "otlp_http", "metrics", "api", "health"]
        let python = try #require(Program.find("python3"))
        self.process.executableURL = python
        self.process.arguments = ["-c", Self.program] + listeners.compactMap { collector.addresses[$0] } + [ready.path]
        try self.process.run()
        try await eventually("the connections are open") {
            FileManager.default.fileExists(atPath: ready.path)
        }
    }

    func stop() { kill(self.process.processIdentifier, SIGKILL) }
}
