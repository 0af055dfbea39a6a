import Foundation
import Gzip
import OTLP
import Synchronization
import TestSupport
import Testing
import TokenscaleCore

@testable import OTLPReceiver

@Suite("OTLP over gRPC")
struct GRPCTests {
    /// `grpc-status-details-bin` as bytes read as text: type URLs can be looked for in it.
    static func details(_ response: HTTP2Client.Response) -> String {
        let bytes = response.headers["grpc-status-details-bin"].flatMap { Data(base64Encoded: $0) } ?? Data()
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test(
        "Export of each service reaches the decoder and is acknowledged by an empty message",
        arguments: [
            (HTTP2Client.metrics, OTLPSignal.metrics), (HTTP2Client.logs, .logs), (HTTP2Client.traces, .traces),
        ],
        [false, true]
    )
    func accepts(method: (path: String, signal: OTLPSignal), isGzip: Bool) async throws {
        try await TestReceiver.run { receiver in
            let body = GzipTests.sampleBytes(count: 10_000)
            let client = try await HTTP2Client(port: receiver.grpcPort)
            let response = try await client.call(
                method.path,
                isGzip ? [("grpc-encoding", "gzip")] : [],
                message: HTTP2Client.message(isGzip ? Gzip.compress(body) : body, isCompressed: isGzip)
            )
            #expect(response.headers[":status"] == "200")
            #expect(response.headers["content-type"] == "application/grpc")
            #expect(response.data == [0, 0, 0, 0, 0])
            #expect(response.trailers == ["grpc-status": "0"])
            let expected = TestReceiver.Ingested(
                signal: method.signal,
                encoding: .protobuf,
                body: body,
                peer: "127.0.0.1"
            )
            #expect(receiver.ingested == [expected])
            #expect(receiver.statistics.requests.map(\.key.code) == ["OK"])
        }
    }

    @Test("a message may come in pieces, and uncompressed under grpc-encoding: gzip; streams may interleave")
    func pieces() async throws {
        try await TestReceiver.run { receiver in
            let client = try await HTTP2Client(port: receiver.grpcPort)
            let first = try await client.open(HTTP2Client.grpcHeaders(HTTP2Client.logs, [("grpc-encoding", "gzip")]))
            let second = try await client.open(HTTP2Client.grpcHeaders(HTTP2Client.metrics))
            let message = HTTP2Client.message([1, 2, 3, 4, 5])
            for byte in message { try await client.send([byte], on: first, endStream: false) }
            try await client.send(HTTP2Client.message([9]), on: second)
            #expect(try await client.response(on: second)?.grpcStatus == "0")
            try await client.send([], on: first)
            #expect(try await client.response(on: first)?.grpcStatus == "0")
            #expect(receiver.ingested.map(\.body) == [[9], [1, 2, 3, 4, 5]])
        }
    }

    typealias Fault = (name: String, path: String, headers: [(String, String)], message: [UInt8], status: String)

    static let faults: [Fault] = [
        ("unknown method", "/a.b.C/D", [], HTTP2Client.message([]), "12"),
        ("unknown compression", HTTP2Client.logs, [("grpc-encoding", "deflate")], HTTP2Client.message([]), "12"),
        ("compressed flag without encoding", HTTP2Client.logs, [], HTTP2Client.message([1], isCompressed: true), "13"),
        (
            "compressed flag with identity", HTTP2Client.logs, [("grpc-encoding", "identity")],
            HTTP2Client.message([1], isCompressed: true), "13"
        ),
        ("bad gzip", HTTP2Client.logs, [("grpc-encoding", "gzip")], HTTP2Client.message([1], isCompressed: true), "3"),
        ("no message", HTTP2Client.logs, [], [], "3"),
        ("short prefix", HTTP2Client.logs, [], [0, 0, 0], "3"),
        ("short message", HTTP2Client.logs, [], [0, 0, 0, 0, 5, 1], "3"),
        ("two messages", HTTP2Client.logs, [], HTTP2Client.message([1]) + HTTP2Client.message([2]), "3"),
        ("bad flag", HTTP2Client.logs, [], [2, 0, 0, 0, 0], "3"),
        ("announced too large", HTTP2Client.logs, [], [0, 0x7f, 0xff, 0xff, 0xff], "8"),
        ("too large", HTTP2Client.logs, [], HTTP2Client.message([UInt8](repeating: 0, count: 1001)), "8"),
        (
            "bomb", HTTP2Client.logs, [("grpc-encoding", "gzip")],
            HTTP2Client.message(Gzip.compress([UInt8](repeating: 0, count: 200_000)), isCompressed: true), "8"
        ),
    ]

    @Test("a faulty call gets its permanent status, and the connection goes on", arguments: faults)
    func refuses(test: Fault) async throws {
        try await TestReceiver.run {
            $0.bodyByteLimit = 1000
        } test: { receiver in
            let client = try await HTTP2Client(port: receiver.grpcPort)
            let response = try await client.call(test.path, test.headers, message: test.message)
            #expect(response.headers[":status"] == "200")
            #expect(response.grpcStatus == test.status)
            #expect(response.grpcMessage?.isEmpty == false)
            #expect(response.headers["grpc-accept-encoding"] == "identity,gzip")
            #expect(!Self.details(response).contains("RetryInfo"), "a poison batch would be resent for ever")
            #expect(Self.details(response).contains("google.rpc.BadRequest") == (test.status == "3"))
            #expect(receiver.ingested.isEmpty)
            #expect(try await client.call(HTTP2Client.logs).grpcStatus == "0")
        }
    }

    @Test("overload is UNAVAILABLE with RetryInfo, before data is taken, and the connection is wound down")
    func overload() async throws {
        try await TestReceiver.run {
            $0.connectionLimit = 1
        } test: { receiver in
            let first = try await HTTP2Client(port: receiver.grpcPort)
            #expect(try await first.call(HTTP2Client.logs).grpcStatus == "0")
            let client = try await HTTP2Client(port: receiver.grpcPort)
            let stream = try await client.open(HTTP2Client.grpcHeaders(HTTP2Client.logs))
            let response = try #require(try await client.response(on: stream))
            #expect(response.grpcStatus == "14")
            #expect(Self.details(response).contains("type.googleapis.com/google.rpc.RetryInfo"))
            try await client.send(HTTP2Client.message([1]), on: stream)
            while try await client.next() != nil {}
            #expect(client.goAwayCount > 0)
            #expect(receiver.ingested.count == 1)
        }
    }

    @Test("a decoder's error is INVALID_ARGUMENT, items not taken are a partial success")
    func outcomes() async throws {
        try await TestReceiver.run { receiver in
            let client = try await HTTP2Client(port: receiver.grpcPort)
            receiver.behaviour.withLock { $0.error = .malformed(.truncated, offset: 3) }
            #expect(try await client.call(HTTP2Client.metrics).grpcStatus == "3")
            receiver.behaviour.withLock { $0.error = .tooLarge(.decodeMemory, seen: 2, allowed: 1) }
            #expect(try await client.call(HTTP2Client.metrics).grpcStatus == "8")
            receiver.behaviour.withLock {
                $0.error = nil
                $0.outcome.limitedCount = 7
            }
            let response = try await client.call(HTTP2Client.metrics)
            #expect(response.grpcStatus == "0")
            // ExportMetricsServiceResponse { partial_success { rejected_data_points: 7, error_message } }
            #expect(response.data.dropFirst(5).first == 0x0a)
            #expect(
                response.data.dropFirst(5).dropFirst(2).starts(with: [0x08, 7, 0x12]) == true
                    || response.data.dropFirst(5).dropFirst(3).starts(with: [0x08, 7, 0x12])
            )
        }
    }

    @Test("a wrong token is UNAUTHENTICATED")
    func unauthenticated() async throws {
        let directory = try TemporaryDirectory()
        try directory.write("secret", to: "tokens")
        let file = directory.path("tokens")
        try await TestReceiver.run {
            $0.bearerTokenFile = file
        } test: { receiver in
            let client = try await HTTP2Client(port: receiver.grpcPort)
            #expect(try await client.call(HTTP2Client.logs).grpcStatus == "16")
            #expect(try await client.call(HTTP2Client.logs, [("authorization", "Bearer secret")]).grpcStatus == "0")
        }
    }

    @Test("keepalive pings are answered")
    func pings() async throws {
        try await TestReceiver.run { receiver in
            let client = try await HTTP2Client(port: receiver.grpcPort)
            for _ in 0..<300 { try await client.ping() }
            #expect(try await client.call(HTTP2Client.logs).grpcStatus == "0")
            #expect(client.pingAckCount == 300)
        }
    }

    @Test("a message that does not come is DEADLINE_EXCEEDED, and other streams do not wait for it")
    func slowSender() async throws {
        try await TestReceiver.run {
            // Long enough for the other stream, on a machine where a process may wait for seconds.
            $0.bodyTimeout = .seconds(4)
        } test: { receiver in
            let client = try await HTTP2Client(port: receiver.grpcPort)
            let good = try await client.open(HTTP2Client.grpcHeaders(HTTP2Client.logs))
            let slow = try await client.open(HTTP2Client.grpcHeaders(HTTP2Client.logs))
            let slower = try await client.open(HTTP2Client.grpcHeaders(HTTP2Client.logs))
            for stream in [slow, slower] { try await client.send([0, 0], on: stream, endStream: false) }
            try await client.send(HTTP2Client.message([]), on: good)
            #expect(try await client.response(on: good)?.grpcStatus == "0")
            for stream in [slow, slower] { #expect(try await client.response(on: stream)?.grpcStatus == "4") }
            #expect(receiver.refusals(.slowSender) == 2)
            #expect(try await client.call(HTTP2Client.logs).grpcStatus == "0")
        }
    }

    @Test("an idle connection gets GOAWAY and is closed")
    func idle() async throws {
        try await TestReceiver.run {
            $0.idleTimeout = .seconds(2)
        } test: { receiver in
            for isUsed in [false, true] {
                let client = try await HTTP2Client(port: receiver.grpcPort)
                if isUsed { #expect(try await client.call(HTTP2Client.logs).grpcStatus == "0") }
                while try await client.next() != nil {}
                #expect(client.goAwayCount >= 1)
            }
        }
    }

    @Test("header fields and streams beyond their limits are refused and counted")
    func http2Limits() async throws {
        try await TestReceiver.run {
            $0.headerListByteLimit = 2000
            $0.concurrentStreamLimit = 3
        } test: { receiver in
            // Until limits are acknowledged a client may not know them.
            let large = try await HTTP2Client(port: receiver.grpcPort)
            while try await large.next()?.type != 4 {}
            let long = String(repeating: "x", count: 3000)
            _ = try await large.open(HTTP2Client.grpcHeaders(HTTP2Client.logs, [("x-long", long)]))
            while try await large.next() != nil {}
            try await eventually("the header fields are counted") { receiver.refusals(.headersTooLarge) == 1 }

            let many = try await HTTP2Client(port: receiver.grpcPort)
            while try await many.next()?.type != 4 {}
            for _ in 0..<4 { _ = try await many.open(HTTP2Client.grpcHeaders(HTTP2Client.logs)) }
            try await eventually("the fourth is counted") { receiver.refusals(.streamLimit) == 1 }
            #expect(receiver.ingested.isEmpty)
        }
    }

    @Test("OTLP/HTTP works over HTTP/2 and on the gRPC port, gRPC on the HTTP port")
    func sharedPorts() async throws {
        try await TestReceiver.run { receiver in
            let client = try await HTTP2Client(port: receiver.httpPort)
            #expect(try await client.call(HTTP2Client.logs).grpcStatus == "0")
            func http(_ method: String, _ path: String) async throws -> HTTP2Client.Response? {
                let stream = try await client.open([
                    (":method", method), (":scheme", "http"), (":path", path), (":authority", "test"),
                    ("content-type", "application/json"),
                ])
                try await client.send(Array("{}".utf8), on: stream)
                return try await client.response(on: stream)
            }
            let ok = try await http("POST", "/v1/logs")
            #expect(ok?.headers[":status"] == "200")
            #expect(ok?.data == Array("{}".utf8))
            #expect(try await http("GET", "/v1/logs")?.headers[":status"] == "405")
            #expect(try await http("POST", "/nowhere")?.headers[":status"] == "404")
            let old = try HTTP1Client(port: receiver.grpcPort)
            #expect(try await old.exchange("POST", "/v1/logs").status == 200)
            #expect(receiver.ingested.count == 3)
        }
    }
}
