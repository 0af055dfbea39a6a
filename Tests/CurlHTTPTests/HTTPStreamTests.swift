import Foundation
import TestSupport
import Testing

@testable import CurlHTTP

@Suite("HTTP streams and cancellation")
struct HTTPStreamTests {
    let server: TestServer
    let client = HTTPClient(.init(userAgent: "tokenscale/test", proxy: .direct))

    init() throws { self.server = try TestServer.shared.get() }

    private func counter(_ name: String) async throws -> Int {
        let response = try await self.client.send(HTTPRequest(url: self.server.plain + "/counter?" + name))
        return Int(String(decoding: response.body, as: UTF8.self)) ?? -1
    }

    @Test("lines arrive while the response goes on, and leaving ends the transfer at the server")
    func watch() async throws {
        let before = try await self.counter("disconnects")
        var request = HTTPRequest(url: self.server.plain + "/watch")
        request.totalTimeout = nil
        do {
            let stream = try await self.client.open(request)
            var seen: [UInt8] = []
            while let chunk = try await stream.next(), !String(decoding: seen, as: UTF8.self).contains("line 3\n") {
                seen += chunk
            }
            #expect(String(decoding: seen, as: UTF8.self).hasPrefix("line 0\nline 1\nline 2\nline 3\n"))
        }
        try await eventually("the server sees the disconnect") { try await self.counter("disconnects") > before }
    }

    @Test("the server waits for a reader that does not read")
    func backPressure() async throws {
        let byteCount = 256 << 20
        var request = HTTPRequest(url: self.server.plain + "/big?\(byteCount)")
        request.totalTimeout = nil
        let stream = try await self.client.open(request)
        #expect(try await stream.next()?.isEmpty == false)
        // What the server got rid of stops growing, at the size of the socket buffers and ours.
        var sent = -1
        try await eventually("the counter moves") {
            let before = sent
            sent = try await self.counter("big_bytes_sent")
            return sent == before
        }
        #expect(sent < 32 << 20)
        var received = 0
        while received < 64 << 20, let chunk = try await stream.next() { received += chunk.count }
        #expect(received >= 64 << 20)
    }

    @Test("a paused transfer delivers every byte once, in order, up to its end")
    func completeAfterPauses() async throws {
        let stream = try await self.client.open(HTTPRequest(url: self.server.plain + "/big?\(8 << 20)"))
        var received = 0
        while let chunk = try await stream.next() {
            received += chunk.count
            #expect(chunk.allSatisfy { $0 == 0x78 })
            await Task.yield()
        }
        #expect(received == 8 << 20)
        #expect(try await stream.next() == nil)
    }

    @Test("cancelling a task that waits for the head ends it")
    func cancelBeforeHead() async throws {
        let task = Task { try await self.client.send(HTTPRequest(url: self.server.plain + "/sleep?30")) }
        try await eventually("the server has the request") { try await self.counter("requests") > 0 }
        task.cancel()
        await #expect(throws: HTTPClientError.cancelled) { try await task.value }
    }

    @Test("cancelling a task that waits for the body ends it")
    func cancelInBody() async throws {
        var request = HTTPRequest(url: self.server.plain + "/watch")
        request.totalTimeout = nil
        let (lines, continuation) = AsyncStream.makeStream(of: Void.self)
        let stream = try await self.client.open(request)
        let task = Task {
            while try await stream.next() != nil { continuation.yield() }
        }
        for await _ in lines { break }
        task.cancel()
        await #expect(throws: HTTPClientError.cancelled) { try await task.value }
    }

    @Test("a task that is cancelled before it starts sends nothing")
    func cancelBeforeStart() async throws {
        let (gate, open) = AsyncStream.makeStream(of: Void.self)
        let task = Task {
            for await _ in gate { break }
            return try await self.client.send(HTTPRequest(url: self.server.plain + "/sleep?30"))
        }
        task.cancel()
        open.yield()
        await #expect(throws: HTTPClientError.cancelled) { try await task.value }
    }

    @Test("cancelling at any moment leaves the client working")
    func cancelAnywhere() async throws {
        let request = HTTPRequest(url: self.server.plain + "/big?\(4 << 20)")
        for round in 0..<100 {
            let task = Task { try await self.client.send(request).body.count }
            for _ in 0..<round { await Task.yield() }
            task.cancel()
            do {
                #expect(try await task.value == 4 << 20)
            } catch let error as HTTPClientError {
                #expect(error == .cancelled)
            }
        }
        #expect(try await self.client.send(HTTPRequest(url: self.server.plain + "/hello")).status == 200)
    }
}
