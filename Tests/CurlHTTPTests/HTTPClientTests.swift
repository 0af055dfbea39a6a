import Foundation
import TestSupport
import Testing

@testable import CurlHTTP

@Suite("HTTP client")
struct HTTPClientTests {
    let server: TestServer
    let client = HTTPClient(.init(userAgent: "tokenscale/test", proxy: .direct))

    init() throws { self.server = try TestServer.shared.get() }

    private func text(_ request: HTTPRequest) async throws -> String {
        String(decoding: try await self.client.send(request).body, as: UTF8.self)
    }

    private func counter(_ name: String) async throws -> Int {
        Int(try await self.text(HTTPRequest(url: self.server.plain + "/counter?" + name))) ?? -1
    }

    @Test("a response has its status, its headers in lower case without padding, and its body")
    func response() async throws {
        let response = try await self.client.send(HTTPRequest(url: self.server.plain + "/hello"))
        #expect(response.status == 200)
        #expect(response.head.headers.value(of: "x-mixed-case") == "spaced")
        #expect(response.body == Array("hello".utf8))
    }

    @Test("each method sends its body, our user agent, and nothing that libcurl would add by itself")
    func methods() async throws {
        for method in [HTTPRequest.Method.get, .post, .put, .patch, .delete] {
            let headers = [HTTPHeader(name: "X-Empty", value: ""), HTTPHeader(name: "X-Full", value: "a b")]
            let body = method == .get ? nil : Array("payload".utf8)
            let request = HTTPRequest(method, url: self.server.plain + "/echo", headers: headers, body: body)
            let seen = try await self.text(request)
            #expect(seen.hasPrefix(method.rawValue + "\n"))
            #expect(seen.hasSuffix(method == .get ? "\n\n" : "\n\npayload"))
            #expect(seen.contains("user-agent: tokenscale/test\n"))
            #expect(seen.contains("x-empty: \n") && seen.contains("x-full: a b\n"))
            #expect(!seen.contains("expect:") && !seen.contains("content-type:"))
        }
    }

    @Test("HEAD ends with the head")
    func head() async throws {
        let response = try await self.client.send(HTTPRequest(.head, url: self.server.plain + "/hello"), bodyLimit: 1)
        #expect(response.status == 200 && response.body.isEmpty)
    }

    @Test("a megabyte goes and comes back")
    func largeBody() async throws {
        let body = [UInt8](repeating: 7, count: 1 << 20)
        let response = try await self.client.send(HTTPRequest(.post, url: self.server.plain + "/echo", body: body))
        #expect(response.body.suffix(body.count) == body[...])
    }

    @Test("an interim response is passed over")
    func interim() async throws {
        let response = try await self.client.send(HTTPRequest(url: self.server.plain + "/interim"))
        #expect(response.status == 200 && response.head.headers.value(of: "x-early") == nil)
        #expect(response.body == Array("final".utf8))
    }

    @Test("a redirect is an error and is not followed", arguments: [301, 302, 303, 307, 308])
    func redirect(status: Int) async throws {
        await #expect(throws: HTTPClientError.redirectRefused(status: status)) {
            try await self.client.send(HTTPRequest(url: self.server.plain + "/status?\(status)"))
        }
    }

    @Test("any other status is an answer", arguments: [204, 304, 404, 410, 429, 503])
    func statuses(status: Int) async throws {
        let response = try await self.client.send(HTTPRequest(url: self.server.plain + "/status?\(status)"))
        #expect(response.status == status && response.isSuccess == (status == 204))
    }

    @Test("a request that hangs holds up no other to the same host", arguments: [false, true])
    func independence(isTLS: Bool) async throws {
        let client = HTTPClient(.init(userAgent: "tokenscale/test", proxy: .direct))
        defer { client.shutdown() }
        var tls = TLSOptions()
        tls.authorities = .file(self.server.path("ca.crt"))
        func request(_ path: String) -> HTTPRequest {
            var request = HTTPRequest(url: (isTLS ? self.server.tls : self.server.plain) + path)
            request.tls = tls
            request.totalTimeout = .seconds(20)
            return request
        }
        let silent = request("/hang?\(isTLS)")
        let quick = request("/hello")
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                await #expect(throws: HTTPClientError.cancelled) { try await client.send(silent) }
            }
            try await eventually("the server has the silent one") { try await self.counter("hanging-\(isTLS)") > 0 }
            for _ in 0..<4 { #expect(try await client.send(quick).status == 200) }
            #expect(try await self.counter("hanging-\(isTLS)") > 0)
            group.cancelAll()
        }
        try await eventually("the silent one is gone") { try await self.counter("hanging-\(isTLS)") == 0 }
    }

    @Test("a request that takes too long times out")
    func totalTimeout() async throws {
        var request = HTTPRequest(url: self.server.plain + "/sleep?30")
        request.totalTimeout = .milliseconds(150)
        await #expect(throws: HTTPClientError.timedOut) { try await self.client.send(request) }
    }

    @Test("a connection that is not answered times out")
    func connectTimeout() async throws {
        // TLS to a listener that never says a word: the connection phase includes the handshake.
        let silent = try SilentListener()
        var request = HTTPRequest(url: "https://127.0.0.1:\(silent.port)/")
        request.connectTimeout = .milliseconds(150)
        await #expect(throws: HTTPClientError.timedOut) { try await self.client.send(request) }
    }

    @Test("nobody listening, an unknown host and a foreign protocol have names of their own")
    func connectionErrors() async throws {
        let port = try SilentListener().port  // Closed again at once.
        await #expect(throws: HTTPClientError.connectionFailed) {
            try await self.client.send(HTTPRequest(url: "http://127.0.0.1:\(port)/"))
        }
        await #expect(throws: HTTPClientError.nameNotResolved) {
            try await self.client.send(HTTPRequest(url: "http://no-such-host.invalid/"))
        }
        await #expect(throws: HTTPClientError.self) {
            try await self.client.send(HTTPRequest(url: self.server.plain + "/garbage"))
        }
    }

    @Test(
        "only well-formed http and https URLs are taken",
        arguments: [
            "file:///etc/passwd", "gopher://127.0.0.1/", "ftp://127.0.0.1/", "", "127.0.0.1", "http://", "http://a b/",
        ]
    )
    func schemes(url: String) async throws {
        await #expect(throws: HTTPClientError.urlRefused) { try await self.client.send(HTTPRequest(url: url)) }
    }

    @Test("a header cannot smuggle in another", arguments: ["a\r\nX-Evil: 1", "a\nb", "a\u{0}b", "\u{7f}"])
    func headerInjection(value: String) async throws {
        for header in [HTTPHeader(name: "X-A", value: value), HTTPHeader(name: "X\(value)", value: "1")] {
            await #expect(throws: HTTPClientError.headerRefused) {
                try await self.client.send(HTTPRequest(url: self.server.plain + "/hello", headers: [header]))
            }
        }
    }

    @Test("a body over the limit is refused, announced or not; one at the limit is taken")
    func bodyLimit() async throws {
        let announced = HTTPRequest(.post, url: self.server.plain + "/hello")
        #expect(try await self.client.send(announced, bodyLimit: 5).body.count == 5)
        await #expect(throws: HTTPClientError.bodyTooLarge(limit: 4)) {
            try await self.client.send(announced, bodyLimit: 4)
        }
        let chunked = HTTPRequest(url: self.server.plain + "/big?\(1 << 20)")
        #expect(try await self.client.send(chunked, bodyLimit: 1 << 20).body.count == 1 << 20)
        await #expect(throws: HTTPClientError.bodyTooLarge(limit: 1 << 19)) {
            try await self.client.send(chunked, bodyLimit: 1 << 19)
        }
    }

    @Test("headers over the limit are refused")
    func headerLimit() async throws {
        await #expect(throws: HTTPClientError.headersTooLarge(limit: Transfer.headerByteLimit)) {
            try await self.client.send(HTTPRequest(url: self.server.plain + "/many-headers"))
        }
    }

    @Test("a body that ends early is an error, not a short body", arguments: ["/cut", "/short"])
    func truncated(path: String) async throws {
        await #expect(throws: HTTPClientError.connectionLost) {
            try await self.client.send(HTTPRequest(url: self.server.plain + path))
        }
    }

    @Test("the bearer token is read anew for each request, and a missing file is an error")
    func tokenFile() async throws {
        let file = self.server.path("token-\(UUID().uuidString)")
        var request = HTTPRequest(url: self.server.plain + "/echo")
        request.bearerTokenFile = file
        await #expect(throws: HTTPClientError.credentialUnreadable(errorNumber: ENOENT)) {
            try await self.client.send(request)
        }
        for token in ["first", "second"] {
            try "\(token)\n".write(toFile: file, atomically: true, encoding: .utf8)
            #expect(try await self.text(request).contains("authorization: Bearer \(token)\n"))
        }
    }

    @Test("no more requests than the limit are in flight, and places come free again")
    func inFlightLimit() async throws {
        var configuration = HTTPClient.Configuration(userAgent: "tokenscale/test", proxy: .direct)
        configuration.requestsInFlightLimit = 2
        let client = HTTPClient(configuration)
        let watch = HTTPRequest(url: self.server.plain + "/watch")
        do {
            let streams = [try await client.open(watch), try await client.open(watch)]
            await #expect(throws: HTTPClientError.tooManyRequests(limit: 2)) { try await client.open(watch) }
            #expect(streams.count == 2)
        }
        #expect(try await client.send(HTTPRequest(url: self.server.plain + "/hello")).status == 200)
    }

    @Test("after shutdown requests fail at once, and those in flight end")
    func shutdown() async throws {
        let client = HTTPClient(.init(userAgent: "tokenscale/test", proxy: .direct))
        let stream = try await client.open(HTTPRequest(url: self.server.plain + "/watch"))
        client.shutdown()
        client.shutdown()
        await #expect(throws: HTTPClientError.clientClosed) { while try await stream.next() != nil {} }
        await #expect(throws: HTTPClientError.clientClosed) {
            try await client.send(HTTPRequest(url: self.server.plain + "/hello"))
        }
    }

    @Test("a proxy is used for what it is given for, and not for what it is told to leave alone")
    func proxy() async throws {
        let request = HTTPRequest(url: "http://example.invalid/path")
        let through = HTTPClient(.init(userAgent: "t", proxy: .proxy(self.server.plain)))
        let answer = try await through.send(request)
        #expect(String(decoding: answer.body, as: UTF8.self) == "proxied http://example.invalid/path")
        let bypassing = HTTPClient(
            .init(userAgent: "t", proxy: .proxy(self.server.plain, bypass: "10.0.0.0/8,.invalid"))
        )
        await #expect(throws: HTTPClientError.nameNotResolved) { try await bypassing.send(request) }
    }

    @Test("many requests at once all get their own answer")
    func concurrency() async throws {
        let url = self.server.plain + "/echo"
        let bodies = try await withThrowingTaskGroup(of: (Int, Bool).self) { group in
            for number in 0..<100 {
                group.addTask {
                    let request = HTTPRequest(.post, url: url, body: Array("body-\(number)".utf8))
                    let answer = String(decoding: try await self.client.send(request).body, as: UTF8.self)
                    return (number, answer.hasSuffix("\n\nbody-\(number)"))
                }
            }
            return try await group.reduce(into: [Int: Bool]()) { $0[$1.0] = $1.1 }
        }
        #expect(bodies.count == 100 && bodies.values.allSatisfy { $0 })
    }
}

/// Accepts connections into its backlog and never answers.
final class SilentListener {
    let port: UInt16
    private let descriptor: Int32

    init() throws {
        self.descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = self.descriptor
        let isBound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe bind(descriptor, address, length) == 0 && listen(descriptor, 16) == 0
                    && getsockname(descriptor, address, &length) == 0
            }
        }
        try #require(isBound)
        self.port = UInt16(bigEndian: address.sin_port)
    }

    deinit { close(self.descriptor) }
}
