import CurlHTTP
import Foundation
import Glibc
import Logging
import MetricsAPI
import ServiceLifecycle
import Synchronization
import TestSupport
import Testing
import TokenscaleCore
import X509

@Suite("Transport")
struct TransportTests {
    @Test("TLS speaks HTTP/2 when asked, and the documents carry ETags")
    func http2() async throws {
        let fixture = try APIFixture(Fleet.recorded)
        try await withServer(fixture.server, bound: fixture.server.bound) { port in
            let accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json"
            var headers = APIFixture.hpaHeaders + [HTTPHeader(name: "Accept", value: accept)]
            let certificate = "front-proxy-client"
            let first = try await fixture.request("/apis", port: port, headers: headers, certificate: certificate)
            #expect(first.head.isHTTP2)
            #expect(first.status == 200)
            #expect(
                first.head.headers.value(of: "content-type")
                    == "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
            )
            let etag = try #require(first.head.headers.value(of: "etag"))
            headers.append(HTTPHeader(name: "If-None-Match", value: etag))
            let second = try await fixture.request("/apis", port: port, headers: headers, certificate: certificate)
            #expect(second.status == 304)
            #expect(second.body.isEmpty)
        }
    }

    @Test("the certificate names the Service and is renewed without a restart")
    func renewsCertificate() async throws {
        let clock = TestClock(Timestamp(seconds: Int64(Date.now.timeIntervalSince1970)))
        let store = try ServerCertificateStore(
            source: .selfSigned(names: ["localhost"]),
            now: { clock.now },
            logger: .silent
        )
        let listener = Self.listener(port: 0, certificates: store)
        let client = HTTPClient(.init(userAgent: "test", proxy: .direct))
        let authority = try #require(store.authorityPEM)
        try await withServer(listener, bound: listener.bound) { port in
            for _ in 0..<2 {
                var request = HTTPRequest(url: "https://localhost:\(port)/")
                request.tls.authorities = .text(authority)
                try await Self.expectOK(client, request)
                clock.advance(bySeconds: 46 * 86_400)
                store.refresh()
            }
        }
    }

    @Test("certificate files are read again when they change, and bad ones are not used")
    func reloadsFiles() async throws {
        let directory = try TemporaryDirectory()
        let old = try TestAuthority("old")
        let new = try TestAuthority("new")
        func write(_ issued: TestAuthority.Issued) throws {
            try directory.write(issued.certificatePEM, to: "tls.crt")
            try directory.write(issued.keyPEM, to: "tls.key")
        }
        try write(old.issue("server", usage: .serverAuth, names: ["localhost"]))
        let store = try ServerCertificateStore(
            source: .files(chain: directory.path("tls.crt"), privateKey: directory.path("tls.key")),
            now: { Fleet.time },
            logger: .silent
        )
        #expect(store.authorityPEM == nil)
        let listener = Self.listener(port: 0, certificates: store)
        try await withServer(listener, bound: listener.bound) { port in
            func answers(_ authority: TestAuthority) async -> Bool {
                var request = HTTPRequest(url: "https://localhost:\(port)/")
                request.tls.authorities = .text(authority.pem)
                let client = HTTPClient(.init(userAgent: "test", proxy: .direct))
                return (try? await client.send(request).status) == 200
            }
            #expect(await answers(old))
            try directory.write("not PEM", to: "tls.crt")
            store.refresh()
            #expect(await answers(old))
            try write(new.issue("server", usage: .serverAuth, names: ["localhost"]))
            store.refresh()
            #expect(await answers(new))
            #expect(await !answers(old))
        }
    }

    @Test("what is wrong with the files is said once, and again when something else is")
    func saysOnce() throws {
        let directory = try TemporaryDirectory()
        func write(_ chain: String, _ key: String) throws {
            try directory.write(chain, to: "tls.crt")
            try directory.write(key, to: "tls.key")
        }
        let good = try TestAuthority("authority").issue("server", usage: .serverAuth, names: ["localhost"])
        try write(good.certificatePEM, good.keyPEM)
        let lines = Mutex<[String]>([])
        let store = try ServerCertificateStore(
            source: .files(chain: directory.path("tls.crt"), privateKey: directory.path("tls.key")),
            now: { Fleet.time },
            logger: Logger(label: "test") { _ in LineHandler { line in lines.withLock { $0.append(line) } } }
        )
        func linesAfterLooking(_ change: () throws -> Void) throws -> Int {
            try change()
            for _ in 0..<5 { store.refresh() }
            return lines.withLock { $0.count }
        }
        #expect(try linesAfterLooking {} == 0)
        #expect(try linesAfterLooking { try write("broken", good.keyPEM) } == 1)
        #expect(try linesAfterLooking { try FileManager.default.removeItem(atPath: directory.path("tls.key")) } == 2)
        #expect(try linesAfterLooking { try write(good.certificatePEM, good.keyPEM) } == 2)
        #expect(try linesAfterLooking { try write("broken", good.keyPEM) } == 3)
    }

    @Test("the files are looked at on a thread that may block")
    func leavesThePoolAlone() async throws {
        let directory = try TemporaryDirectory()
        let issued = try TestAuthority("authority").issue("server", usage: .serverAuth, names: ["localhost"])
        try directory.write(issued.certificatePEM, to: "tls.crt")
        try directory.write(issued.keyPEM, to: "tls.key")
        // The time is asked for right before the files are read. Threads of the cooperative pool run tasks.
        let isTask = Mutex<[Bool]>([])
        let store = try ServerCertificateStore(
            source: .files(chain: directory.path("tls.crt"), privateKey: directory.path("tls.key")),
            checkInterval: .milliseconds(1),
            now: {
                isTask.withLock { $0.append(unsafe withUnsafeCurrentTask { unsafe $0 != nil }) }
                return Fleet.time
            },
            logger: .silent
        )
        isTask.withLock { $0 = [] }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await store.run() }
            try await eventually("two looks") { isTask.withLock { $0.count >= 2 } }
            group.cancelAll()
        }
        #expect(!isTask.withLock { $0 }.contains(true))
    }

    @Test("a certificate that cannot be used at the start is an error in words")
    func badFiles() {
        #expect(throws: MetricsAPIError.self) {
            try ServerCertificateStore(
                source: .files(chain: "/nonexistent/tls.crt", privateKey: "/nonexistent/tls.key"),
                now: { Fleet.time },
                logger: .silent
            )
        }
    }

    private static func expectOK(_ client: HTTPClient, _ request: HTTPRequest) async throws {
        let response = try await client.send(request)
        #expect(response.status == 200)
    }

    private static func listener(
        port: Int,
        certificates: ServerCertificateStore? = nil,
        body: [UInt8] = Array("hello".utf8),
        edit: (inout ListenerConfiguration) -> Void = { _ in }
    ) -> HTTPListener {
        var configuration = ListenerConfiguration(name: "test", host: "127.0.0.1", port: port)
        edit(&configuration)
        return HTTPListener(
            configuration: configuration,
            certificates: certificates,
            now: { Fleet.time },
            logger: .silent,
            respond: { _ in HTTPReply(contentType: "text/plain", body: body) }
        )
    }

    @Test("a port in use is a clear error")
    func portInUse() async throws {
        let first = Self.listener(port: 0)
        try await withServer(first, bound: first.bound) { port in
            let second = Self.listener(port: port)
            await #expect(throws: MetricsAPIError.self) { try await second.run() }
            #expect(await second.bound.value() == nil)
            do {
                try await Self.listener(port: port).run()
            } catch let error as MetricsAPIError {
                #expect(error.description.contains("127.0.0.1:\(port): the address is in use"))
                #expect(error.isRetryable)
            }
        }
    }

    @Test("clients that send nothing, trickle, or do not read are let go; others are served meanwhile")
    func slowClients() async throws {
        let large = [UInt8](repeating: 65, count: 32 << 20)
        let listener = Self.listener(port: 0, body: large) { configuration in
            // The client that is served must not stall so long, on a machine where a process may wait for seconds.
            configuration.idleSeconds = 4
            configuration.stalledWriteSeconds = 4
        }
        try await withServer(listener, bound: listener.bound) { port in
            let silent = try RawConnection(port: port)
            let trickling = try RawConnection(port: port)
            try trickling.send("GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ")
            let deaf = try RawConnection(port: port)
            try deaf.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            let client = HTTPClient(.init(userAgent: "test", proxy: .direct))
            let response = try await client.send(
                HTTPRequest(url: "http://127.0.0.1:\(port)/"),
                bodyLimit: 64 << 20
            )
            #expect(response.body.count == large.count)
            #expect(await silent.isClosed(within: 120))
            #expect(await trickling.isClosed(within: 120))
            // What was sent waits in the way of the end; only a further byte shows that nobody is there any more.
            #expect(await deaf.isClosed(within: 120, poke: true))
        }
    }

    @Test("a client that reads slowly, for longer than one that does not read at all may take, gets everything")
    func slowReader() async throws {
        let large = [UInt8](repeating: 65, count: 24 << 20)
        let listener = Self.listener(port: 0, body: large) { $0.stalledWriteSeconds = 3 }
        try await withServer(listener, bound: listener.bound) { port in
            let slow = try RawConnection(port: port)
            try slow.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            let start = ContinuousClock.now
            var count = 0
            while let part = slow.receive(atMost: 1 << 20), part > 0 {
                count += part
                // Slowness is what is tested here: 24 MiB at no more than 6 MiB a second.
                if count < large.count { try await Task.sleep(for: .milliseconds(part * 1000 / (6 << 20))) }
            }
            #expect(count > large.count)
            #expect(ContinuousClock.now - start > .seconds(3))
        }
    }

    static let python = ["/usr/bin/python3", "/usr/local/bin/python3"]
        .first { FileManager.default.isExecutableFile(atPath: $0) }

    @Test("HTTP/2: PING is answered, a stream that is never read is reset", .enabled(if: python != nil))
    func slowStream() async throws {
        let store = try ServerCertificateStore(
            source: .selfSigned(names: ["localhost"]),
            now: { Timestamp(seconds: Int64(Date.now.timeIntervalSince1970)) },
            logger: .silent
        )
        let large = [UInt8](repeating: 65, count: 4 << 20)
        let listener = Self.listener(port: 0, certificates: store, body: large) { $0.stalledWriteSeconds = 1 }
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Resources/http2.py").path()
        try await withServer(listener, bound: listener.bound) { port in
            let process = Process()
            process.executableURL = URL(filePath: try #require(Self.python))
            process.arguments = [script, "\(port)"]
            let output = Pipe()
            process.standardOutput = output
            let ended = AsyncStream<Void> { continuation in
                process.terminationHandler = { _ in continuation.finish() }
            }
            try process.run()
            for await _ in ended {}
            let data = try output.fileHandleForReading.readToEnd() ?? Data()
            #expect(String(decoding: data, as: UTF8.self) == "pong reset\n")
        }
    }

    @Test("a graceful shutdown finishes what is being answered")
    func gracefulShutdown() async throws {
        let (arrivals, arrived) = AsyncStream<Void>.makeStream()
        let (releases, release) = AsyncStream<Void>.makeStream()
        let listener = HTTPListener(
            configuration: ListenerConfiguration(name: "test", host: "127.0.0.1", port: 0),
            now: { Fleet.time },
            logger: .silent,
            respond: { _ in
                arrived.yield()
                for await _ in releases {}
                return HTTPReply(text: "done")
            }
        )
        let group = ServiceGroup(services: [listener], logger: .silent)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            let port = try #require(await listener.bound.value()).port
            tasks.addTask {
                let client = HTTPClient(.init(userAgent: "test", proxy: .direct))
                let response = try await client.send(HTTPRequest(url: "http://127.0.0.1:\(port)/"))
                #expect(response.body == Array("done".utf8))
            }
            for await _ in arrivals.prefix(1) {}
            await group.triggerGracefulShutdown()
            release.finish()
            try await tasks.waitForAll()
        }
    }

    @Test("a body that nobody asked for ends the connection")
    func largeRequestBody() async throws {
        let listener = Self.listener(port: 0) { $0.requestBodyByteLimit = 1000 }
        try await withServer(listener, bound: listener.bound) { port in
            let client = HTTPClient(.init(userAgent: "test", proxy: .direct))
            let small = [UInt8](repeating: 1, count: 1000)
            let url = "http://127.0.0.1:\(port)/"
            try await Self.expectOK(client, HTTPRequest(.post, url: url, body: small))
            let large = [UInt8](repeating: 1, count: 1 << 20)
            await #expect(throws: HTTPClientError.self) {
                try await client.send(HTTPRequest(.post, url: url, body: large))
            }
            try await Self.expectOK(client, HTTPRequest(url: url))
        }
    }
}

/// A TCP connection that misbehaves.
private final class RawConnection: Sendable {
    /// `POLLRDHUP` of Linux, which Glibc hides.
    private static let peerClosed: Int16 = 0x2000

    private let descriptor: Int32

    init(port: Int) throws {
        self.descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe connect(self.descriptor, $0, size)
            }
        }
        guard result == 0 else { throw POSIXError(.ECONNREFUSED) }
    }

    deinit { close(self.descriptor) }

    func send(_ text: String) throws {
        let bytes = Array(text.utf8)
        guard unsafe write(self.descriptor, bytes, bytes.count) == bytes.count else { throw POSIXError(.EPIPE) }
    }

    /// Waits for bytes and drops them; how many came: 0 at the end, `nil` when the connection was reset.
    func receive(atMost limit: Int) -> Int? {
        var buffer = [UInt8](repeating: 0, count: limit)
        let count = unsafe buffer.withUnsafeMutableBytes { unsafe recv(self.descriptor, $0.baseAddress, limit, 0) }
        return count < 0 ? nil : count
    }

    /// Whether the peer closes: seen as an error or hang-up without reading a byte.
    func isClosed(within seconds: Int, poke: Bool = false) async -> Bool {
        let deadline = ContinuousClock.now + .seconds(seconds)
        while ContinuousClock.now < deadline {
            if poke { _ = unsafe Glibc.send(self.descriptor, [88], 1, Int32(MSG_NOSIGNAL)) }
            var poller = pollfd(fd: self.descriptor, events: Self.peerClosed, revents: 0)
            if unsafe poll(&poller, 1, 0) > 0 { return true }
            // The server keeps the time; it can only be asked again.
            try? await Task.sleep(for: .milliseconds(50))
        }
        return false
    }
}

/// Hands every line on.
private struct LineHandler: LogHandler {
    let sink: @Sendable (String) -> Void
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.debug

    init(_ sink: @escaping @Sendable (String) -> Void) { self.sink = sink }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { self.metadata[key] }
        set { self.metadata[key] = newValue }
    }

    func log(event: LogEvent) { self.sink("\(event.level) \(event.message) \(event.metadata ?? [:])") }
}
