import Gzip
import Synchronization
import TestSupport
import Testing
import TokenscaleCore

@testable import OTLPReceiver

@Suite("Limits of the receiver")
struct LimitTests {
    static let json = ("content-type", "application/json")

    @Test("an announced length over the limit is refused before the body is sent, and the connection ends")
    func announcedLength() async throws {
        try await TestReceiver.run {
            $0.bodyByteLimit = 1000
        } test: { receiver in
            let client = try HTTP1Client(port: receiver.httpPort)
            let headers = [Self.json, ("content-length", "1001")]
            try await client.connection.send(HTTP1Client.request("POST", "/v1/logs", headers: headers))
            let response = try await client.response()
            #expect(response?.status == 413)
            #expect(response?.headers["retry-after"] == nil)
            #expect(response?.headers["connection"] == "close")
            try await client.connection.send([UInt8](repeating: 0x61, count: 1001))
            #expect(try await client.isClosedByPeer())
            #expect(receiver.refusals(.tooLarge) == 1)
        }
    }

    @Test("a client that sends all of a large body before it reads gets its 413", arguments: [false, true])
    func largeBody(isChunked: Bool) async throws {
        try await TestReceiver.run {
            $0.bodyByteLimit = 100_000
        } test: { receiver in
            let client = try HTTP1Client(port: receiver.httpPort)
            let body = [UInt8](repeating: 0x61, count: 8 << 20)
            var request = HTTP1Client.request("POST", "/v1/logs", headers: [Self.json], body: body)
            if isChunked {
                let headers = [Self.json, ("transfer-encoding", "chunked")]
                request = HTTP1Client.request("POST", "/v1/logs", headers: headers)
                request += Array("\(String(body.count, radix: 16))\r\n".utf8) + body + Array("\r\n0\r\n\r\n".utf8)
            }
            #expect(try await client.connection.send(request))
            #expect(try await client.response()?.status == 413)
            #expect(try await client.isClosedByPeer())
            #expect(receiver.ingested.isEmpty)
        }
    }

    @Test("a body at the limit is taken, one byte more is not; also after decompression", arguments: [false, true])
    func exactLimit(isGzip: Bool) async throws {
        try await TestReceiver.run {
            $0.bodyByteLimit = 50_000
        } test: { receiver in
            for (count, status) in [(50_000, 200), (50_001, 413)] {
                let client = try HTTP1Client(port: receiver.httpPort)
                let body = [UInt8](repeating: 0x61, count: count)
                let headers = isGzip ? [Self.json, ("content-encoding", "gzip")] : [Self.json]
                let wire = isGzip ? Gzip.compress(body) : body
                let response = try await client.exchange("POST", "/v1/logs", headers: headers, body: wire)
                #expect(response.status == status)
            }
            #expect(receiver.ingested.map(\.body.count) == [50_000])
        }
    }

    @Test("a gzip bomb is refused with 413, a truncated or damaged gzip with 400")
    func hostileGzip() async throws {
        try await TestReceiver.run {
            $0.bodyByteLimit = 1 << 20
        } test: { receiver in
            let bomb = Gzip.compress([UInt8](repeating: 0, count: 64 << 20), level: 9)
            let cases: [([UInt8], Int)] = [
                (bomb, 413), (Array(bomb.dropLast(20)), 413), (Array(Gzip.compress([1, 2, 3]).dropLast()), 400),
                (Gzip.compress([1, 2, 3]) + [0], 400), ([], 400),
            ]
            for (body, status) in cases {
                let client = try HTTP1Client(port: receiver.httpPort)
                let headers = [Self.json, ("content-encoding", "gzip")]
                #expect(try await client.exchange("POST", "/v1/logs", headers: headers, body: body).status == status)
            }
            #expect(receiver.ingested.isEmpty)
        }
    }

    @Test("more bytes in flight than allowed are answered 503 with Retry-After before data is taken")
    func bytesInFlight() async throws {
        try await TestReceiver.run {
            $0.bodyByteLimit = 100_000
            $0.inFlightByteLimit = 100_000
        } test: { receiver in
            let headers = [Self.json, ("content-length", "90000")]
            let slow = try HTTP1Client(port: receiver.httpPort)
            try await slow.connection.send(HTTP1Client.request("POST", "/v1/logs", headers: headers))
            try await slow.connection.send([UInt8](repeating: 0x61, count: 60_000))
            try await eventually("the first body is buffered") { receiver.statistics.inFlightByteCount == 60_000 }

            let other = try HTTP1Client(port: receiver.httpPort)
            let body = [UInt8](repeating: 0x62, count: 50_000)
            let refused = try await other.exchange("POST", "/v1/logs", headers: [Self.json], body: body)
            #expect(refused.status == 503)
            let seconds = try #require(refused.headers["retry-after"].flatMap { Int($0) })
            #expect((1...5).contains(seconds))
            #expect(refused.text.contains("\"code\":14"))
            #expect(refused.text.contains("\"retryDelay\":\"\(seconds)s\""))
            // One that does not say its length is refused when there is no more room.
            let chunked = [Self.json, ("transfer-encoding", "chunked")]
            let wire = Array("c350\r\n".utf8) + body + Array("\r\n0\r\n\r\n".utf8)
            try await other.connection.send(HTTP1Client.request("POST", "/v1/logs", headers: chunked) + wire)
            #expect(try await other.response()?.status == 503)
            #expect(receiver.refusals(.bytesInFlight) == 2)

            try await slow.connection.send([UInt8](repeating: 0x61, count: 30_000))
            #expect(try await slow.response()?.status == 200)
            // The same connection, and now there is room.
            #expect(try await other.exchange("POST", "/v1/logs", headers: [Self.json], body: body).status == 200)
            #expect(receiver.ingested.map(\.body.count) == [90_000, 50_000])
        }
    }

    @Test("a client that goes away in the middle leaves nothing behind")
    func abandoned() async throws {
        try await TestReceiver.run { receiver in
            let http = try HTTP1Client(port: receiver.httpPort)
            let headers = [Self.json, ("content-length", "5000")]
            let part = [UInt8](repeating: 0x61, count: 3000)
            try await http.connection.send(HTTP1Client.request("POST", "/v1/logs", headers: headers) + part)
            let grpc = try await HTTP2Client(port: receiver.grpcPort)
            let stream = try await grpc.open(HTTP2Client.grpcHeaders(HTTP2Client.logs))
            try await grpc.send([0, 0, 0, 0x20, 0] + part, on: stream, endStream: false)
            try await eventually("both are buffered") { receiver.statistics.inFlightByteCount == 6005 }
            #expect(receiver.statistics.inFlightRequestCount == 2)
            // RST_STREAM with CANCEL.
            try await grpc.connection.send(HTTP2Client.frame(type: 3, flags: 0, stream: stream, [0, 0, 0, 8]))
            http.connection.shutdown()
            try await eventually("nothing is in flight") {
                receiver.statistics.inFlightByteCount == 0 && receiver.statistics.inFlightRequestCount == 0
            }
            #expect(try await grpc.call(HTTP2Client.logs).grpcStatus == "0")
            #expect(receiver.statistics.refusals.isEmpty)
        }
    }

    @Test("connections over the limit are told to come back, far more are closed at once")
    func connections() async throws {
        try await TestReceiver.run {
            $0.connectionLimit = 2
            // None may be closed before the last one is open.
            $0.headerTimeout = .seconds(600)
            $0.idleTimeout = .seconds(600)
        } test: { receiver in
            var clients: [HTTP1Client] = []
            for _ in 0..<2 {
                let client = try HTTP1Client(port: receiver.httpPort)
                #expect(try await client.exchange("POST", "/v1/logs").status == 200)
                clients.append(client)
            }
            let third = try HTTP1Client(port: receiver.httpPort)
            let refused = try await third.exchange("POST", "/v1/logs")
            #expect(refused.status == 503)
            #expect(refused.headers["retry-after"] != nil)
            #expect(try await third.isClosedByPeer())
            #expect(receiver.refusals(.connectionLimit) == 1)

            for count in 3...(2 + ReceiverShared.refusableConnectionCount) {
                clients.append(try HTTP1Client(port: receiver.httpPort))
                try await eventually("connection \(count) is open") {
                    receiver.statistics.openConnectionCount == count
                }
            }
            #expect(try await HTTP1Client(port: receiver.httpPort).isClosedByPeer())
            #expect(receiver.refusals(.connectionLimit) == 2)
            #expect(try await clients[0].exchange("POST", "/v1/logs").status == 200)
        }
    }

    @Test("a head that does not come in time is closed, also that of a later request")
    func slowHead() async throws {
        try await TestReceiver.run {
            // Long enough for the first request, on a machine where a process may wait for seconds.
            $0.headerTimeout = .seconds(4)
        } test: { receiver in
            let silent = try HTTP1Client(port: receiver.httpPort)
            let partial = try HTTP1Client(port: receiver.httpPort)
            try await partial.connection.send("POST /v1/logs HTTP/1.1\r\nhost:")
            let second = try HTTP1Client(port: receiver.httpPort)
            #expect(try await second.exchange("POST", "/v1/logs").status == 200)
            try await second.connection.send("P")
            #expect(try await silent.isClosedByPeer())
            #expect(try await partial.isClosedByPeer())
            #expect(try await second.isClosedByPeer())
            #expect(receiver.refusals(.slowSender) == 3)
        }
    }

    @Test("a body that does not come in time is answered 408")
    func slowBody() async throws {
        try await TestReceiver.run {
            $0.bodyTimeout = .milliseconds(300)
        } test: { receiver in
            let client = try HTTP1Client(port: receiver.httpPort)
            let headers = [Self.json, ("content-length", "10")]
            try await client.connection.send(HTTP1Client.request("POST", "/v1/logs", headers: headers) + [1])
            #expect(try await client.response()?.status == 408)
            #expect(try await client.isClosedByPeer())
            #expect(receiver.refusals(.slowSender) == 1)
        }
    }

    @Test("an idle connection is closed, without counting a refusal")
    func idle() async throws {
        try await TestReceiver.run {
            $0.idleTimeout = .seconds(2)
        } test: { receiver in
            let client = try HTTP1Client(port: receiver.httpPort)
            #expect(try await client.exchange("POST", "/v1/logs").status == 200)
            #expect(try await client.isClosedByPeer())
            #expect(receiver.statistics.refusals.isEmpty)
        }
    }

    @Test("an HTTP/2 client that never takes its answer does not hold its connection for ever")
    func closedWindow() async throws {
        try await TestReceiver.run {
            // Long enough for the message, on a machine where a process may wait for seconds.
            $0.bodyTimeout = .seconds(4)
            $0.idleTimeout = .seconds(4)
            $0.drainTimeout = .milliseconds(200)
        } test: { receiver in
            let client = try await HTTP2Client(port: receiver.grpcPort)
            // SETTINGS_INITIAL_WINDOW_SIZE of 0: no byte of the answer's DATA may be sent.
            try await client.connection.send(HTTP2Client.frame(type: 4, flags: 0, stream: 0, [0, 4, 0, 0, 0, 0]))
            let stream = try await client.open(HTTP2Client.grpcHeaders(HTTP2Client.logs))
            try await client.send(HTTP2Client.message([]), on: stream)
            #expect(try await client.response(on: stream) == nil)
            #expect(client.goAwayCount > 0)
            #expect(receiver.ingested.count == 1)
            try await eventually("the connection is closed") { receiver.statistics.openConnectionCount == 0 }
        }
    }

    @Test("half of an HTTP/2 preface is a head that does not come in time")
    func halfPreface() async throws {
        try await TestReceiver.run {
            $0.headerTimeout = .milliseconds(200)
        } test: { receiver in
            let client = try HTTP1Client(port: receiver.grpcPort)
            try await client.connection.send("PRI * HTTP/2.0\r\n")
            #expect(try await client.isClosedByPeer())
            #expect(receiver.refusals(.slowSender) == 1)
        }
    }

    private final class Progress: Sendable {
        let sentCount = Atomic<Int>(0)
    }

    @Test("a client that never reads its answers is not read from either")
    func backPressure() async throws {
        try await TestReceiver.run { receiver in
            let connection = try RawConnection(port: receiver.httpPort, receiveBufferByteCount: 4096)
            let path = "/" + String(repeating: "x", count: 20)
            let requests = (0..<100).flatMap { _ in HTTP1Client.request("POST", path, headers: [Self.json]) }
            let progress = Progress()
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask {
                    for _ in 0..<2000 {
                        guard try await connection.send(requests) else { break }
                        progress.sentCount.add(100, ordering: .relaxed)
                    }
                }
                try await eventually("the first are answered") { receiver.requests(.http, .unknown, "404") > 0 }
                // Blocked: nothing was sent for a while.
                var previous = -1
                while progress.sentCount.load(ordering: .relaxed) != previous {
                    previous = progress.sentCount.load(ordering: .relaxed)
                    try await Task.sleep(for: .milliseconds(500))
                }
                #expect(previous < 200_000)
                let answered = receiver.requests(.http, .unknown, "404")
                #expect(answered < 200_000)
                // Another client does not notice.
                let other = try HTTP1Client(port: receiver.httpPort)
                #expect(try await other.exchange("POST", "/v1/logs").status == 200)
                connection.shutdown()
                try await tasks.waitForAll()
            }
        }
    }
}
