import Gzip
import OTLP
import Synchronization
import Testing
import TokenscaleCore

@testable import OTLPReceiver

@Suite("OTLP over HTTP/1.1")
struct HTTPTests {
    typealias Case = (name: String, method: String, path: String, headers: [(String, String)], status: Int)

    static let protobuf = ("content-type", "application/x-protobuf")
    static let json = ("content-type", "application/json")

    @Test(
        "each signal and encoding reaches the decoder as sent and is acknowledged in the same content type",
        arguments: [("metrics", OTLPSignal.metrics), ("logs", .logs), ("traces", .traces)],
        [OTLPEncoding.protobuf, .json]
    )
    func accepts(path: (name: String, signal: OTLPSignal), encoding: OTLPEncoding) async throws {
        try await TestReceiver.run { receiver in
            let client = try HTTP1Client(port: receiver.httpPort)
            let body = Array("body of \(path.name)".utf8)
            let type = encoding == .json ? Self.json : Self.protobuf
            let response = try await client.exchange("POST", "/v1/\(path.name)", headers: [type], body: body)
            #expect(response.status == 200)
            #expect(response.headers["content-type"] == type.1)
            #expect(response.text == (encoding == .json ? "{}" : ""))
            #expect(
                receiver.ingested == [
                    .init(signal: path.signal, encoding: encoding, body: body, peer: "127.0.0.1")
                ]
            )
        }
    }

    @Test(
        "a body arrives whole however it is sent",
        arguments: [
            "length", "chunked", "gzip", "GZIP", "gzip chunked", "byte by byte", "expect", "query", "parameters",
            "empty",
        ]
    )
    func bodies(how: String) async throws {
        try await TestReceiver.run { receiver in
            let body = how == "empty" ? [] : GzipTests.sampleBytes(count: how == "byte by byte" ? 40 : 300_000)
            let isGzip = how.lowercased().contains("gzip")
            let wire = isGzip ? Gzip.compress(body) : body
            var headers = [("content-type", "application/x-protobuf")]
            if how == "parameters" { headers[0].1 = "Application/X-Protobuf; charset=utf-8" }
            if isGzip { headers.append(("content-encoding", how == "GZIP" ? how : "gzip")) }
            let client = try HTTP1Client(port: receiver.httpPort)
            if how.contains("chunked") {
                headers.append(("transfer-encoding", "chunked"))
                try await client.connection.send(HTTP1Client.request("POST", "/v1/logs", headers: headers))
                for start in stride(from: 0, to: wire.count, by: 10_000) {
                    let chunk = wire[start..<min(start + 10_000, wire.count)]
                    try await client.connection.send(
                        Array("\(String(chunk.count, radix: 16))\r\n".utf8) + chunk + [13, 10]
                    )
                }
                try await client.connection.send("0\r\n\r\n")
            } else if how == "byte by byte" {
                for byte in HTTP1Client.request("POST", "/v1/logs", headers: headers, body: wire) {
                    try await client.connection.send([byte])
                }
            } else if how == "expect" {
                headers += [("expect", "100-continue"), ("content-length", "\(wire.count)")]
                try await client.connection.send(HTTP1Client.request("POST", "/v1/logs", headers: headers))
                #expect(try await client.response()?.status == 100)
                try await client.connection.send(wire)
            } else {
                let path = how == "query" ? "/v1/logs?x=1" : "/v1/logs"
                try await client.connection.send(HTTP1Client.request("POST", path, headers: headers, body: wire))
            }
            let response = try await client.response()
            #expect(response?.status == 200)
            #expect(receiver.ingested.map(\.body) == [body])
            #expect(receiver.statistics.receivedByteCount == Int64(wire.count))
        }
    }

    @Test("a connection is kept, and pipelined requests are answered in order")
    func pipelining() async throws {
        try await TestReceiver.run { receiver in
            let client = try HTTP1Client(port: receiver.httpPort)
            var bytes: [UInt8] = []
            for index in 0..<50 {
                let path = index % 10 == 3 ? "/nowhere" : "/v1/metrics"
                bytes += HTTP1Client.request("POST", path, body: [UInt8(index)])
            }
            try await client.connection.send(bytes)
            for index in 0..<50 {
                #expect(try await client.response()?.status == (index % 10 == 3 ? 404 : 200))
            }
            #expect(receiver.ingested.map { Int($0.body[0]) } == (0..<50).filter { $0 % 10 != 3 })
            #expect(receiver.statistics.openConnectionCount == 1)
        }
    }

    @Test("HTTP/1.0 and `connection: close` are closed after the answer")
    func closes() async throws {
        try await TestReceiver.run { receiver in
            let old = try HTTP1Client(port: receiver.httpPort)
            try await old.connection.send("POST /v1/logs HTTP/1.0\r\ncontent-type: application/json\r\n\r\n")
            #expect(try await old.response()?.headers["connection"] == "close")
            #expect(try await old.isClosedByPeer())
            let polite = try HTTP1Client(port: receiver.httpPort)
            _ = try await polite.exchange("POST", "/v1/logs", headers: [Self.json, ("connection", "close")])
            #expect(try await polite.isClosedByPeer())
        }
    }

    @Test("what is pipelined behind a last request is not taken", arguments: [("/v1/logs", 1), ("/nowhere", 0)])
    func nothingAfterTheLast(test: (path: String, count: Int)) async throws {
        try await TestReceiver.run { receiver in
            let client = try HTTP1Client(port: receiver.httpPort)
            let last = HTTP1Client.request("POST", test.path, headers: [Self.json, ("connection", "close")])
            try await client.connection.send(last + HTTP1Client.request("POST", "/v1/logs", headers: [Self.json]))
            #expect(try await client.response() != nil)
            #expect(try await client.isClosedByPeer())
            #expect(receiver.ingested.count == test.count)
        }
    }

    static let refusals: [Case] = [
        ("wrong method", "GET", "/v1/metrics", [protobuf], 405),
        ("wrong method with body", "PUT", "/v1/metrics", [protobuf], 405),
        ("unknown path", "POST", "/v2/metrics", [protobuf], 404),
        ("root", "POST", "/", [json], 404),
        ("form", "POST", "/v1/metrics", [("content-type", "application/x-www-form-urlencoded")], 415),
        ("no type", "POST", "/v1/metrics", [], 415),
        ("gRPC over HTTP/1.1", "POST", "/v1/metrics", [("content-type", "application/grpc")], 415),
        ("brotli", "POST", "/v1/metrics", [protobuf, ("content-encoding", "br")], 415),
        ("two encodings", "POST", "/v1/metrics", [json, ("content-encoding", "gzip, gzip")], 415),
        ("not gzip", "POST", "/v1/metrics", [json, ("content-encoding", "gzip")], 400),
        ("protobuf queue depth", "POST", "/v1/queue-depth", [protobuf], 415),
    ]

    @Test("a refusal has its status, a google.rpc.Status body, and keeps the connection", arguments: refusals)
    func refuses(test: Case) async throws {
        try await TestReceiver.run { receiver in
            let client = try HTTP1Client(port: receiver.httpPort)
            let body = Array("something".utf8)
            let response = try await client.exchange(test.method, test.path, headers: test.headers, body: body)
            #expect(response.status == test.status)
            let isProtobuf = test.headers.first?.1 == "application/x-protobuf"
            #expect(response.headers["content-type"] == (isProtobuf ? "application/x-protobuf" : "application/json"))
            if isProtobuf {
                #expect(response.body.starts(with: [0x08]), "field 1 (code) of google.rpc.Status")
            } else {
                #expect(response.text.hasPrefix("{\"code\":"))
                #expect(response.text.contains("\"message\":\""))
            }
            #expect(response.headers["allow"] == (test.status == 405 ? "POST" : nil))
            let isEncodingRefused = test.status == 415 && test.headers.contains { $0.0 == "content-encoding" }
            #expect(response.headers["accept-encoding"] == (isEncodingRefused ? "gzip" : nil))
            #expect(receiver.ingested.isEmpty)
            #expect(receiver.statistics.refusals.values.reduce(0, +) == 1)
            #expect(try await client.exchange("POST", "/v1/logs").status == 200)
        }
    }

    @Test(
        "what is not HTTP gets 400 and the connection ends",
        arguments: ["GEET / nonsense\r\n\r\n", "\0\0\0\0\0\0", "POST /v1/logs HTTP/1.1\r\ncontent-length: x\r\n\r\n"]
    )
    func notHTTP(text: String) async throws {
        try await TestReceiver.run { receiver in
            let client = try HTTP1Client(port: receiver.httpPort)
            try await client.connection.send(text)
            let response = try #require(try await client.response())
            #expect(response.status == 400)
            #expect(response.text.hasPrefix("{\"code\":3,"))
            #expect(try await client.isClosedByPeer())
            #expect(receiver.refusals(.malformed) == 1)
        }
    }

    @Test("HEAD is refused without a body, and the connection goes on")
    func head() async throws {
        try await TestReceiver.run { receiver in
            let client = try HTTP1Client(port: receiver.httpPort)
            try await client.connection.send(
                HTTP1Client.request("HEAD", "/v1/logs") + HTTP1Client.request("POST", "/v1/logs")
            )
            let bytes = try await client.connection.receive(until: "HTTP/1.1 200 OK")
            let text = String(decoding: bytes, as: UTF8.self)
            #expect(text.hasPrefix("HTTP/1.1 405"))
            #expect(text.contains("\r\n\r\nHTTP/1.1 200 OK"), "nothing stands between the two heads")
        }
    }

    @Test("a refused request that waits for 100 is answered and closed, its body never taken for a request")
    func refusedExpectation() async throws {
        try await TestReceiver.run { receiver in
            let client = try HTTP1Client(port: receiver.httpPort)
            let headers = [Self.json, ("expect", "100-continue"), ("content-length", "50")]
            try await client.connection.send(HTTP1Client.request("POST", "/nowhere", headers: headers))
            let response = try await client.response()
            #expect(response?.status == 404)
            #expect(response?.headers["connection"] == "close")
            #expect(try await client.isClosedByPeer())
        }
    }

    @Test("a request for an upgrade is served, then the connection ends; CONNECT is refused")
    func upgrade() async throws {
        try await TestReceiver.run { receiver in
            let client = try HTTP1Client(port: receiver.httpPort)
            let headers = [Self.json, ("connection", "Upgrade"), ("upgrade", "h2c")]
            let response = try await client.exchange("POST", "/v1/logs", headers: headers, body: Array("{}".utf8))
            #expect(response.status == 200)
            #expect(response.headers["connection"] == "close")
            #expect(try await client.isClosedByPeer())
            #expect(receiver.ingested.map(\.body) == [Array("{}".utf8)])
            let tunnel = try HTTP1Client(port: receiver.httpPort)
            #expect(try await tunnel.exchange("CONNECT", "example.org:443", headers: [Self.json]).status == 404)
            #expect(try await tunnel.isClosedByPeer())
        }
    }

    typealias Target = (target: String, path: String)

    static let targets: [Target] = [
        ("/v1/logs", "/v1/logs"), ("/v1/logs?a=b?c", "/v1/logs"), ("http://host:4318/v1/logs", "/v1/logs"),
        ("http://host:4318/v1/logs?a", "/v1/logs"), ("http://host", ""), ("", ""), ("*", "*"), ("/a://b", "/a://b"),
    ]

    @Test("the path is found in every form of a target", arguments: targets)
    func path(test: Target) {
        let head = RequestHead(
            transport: .http,
            isPost: true,
            target: test.target,
            contentType: nil,
            contentEncoding: nil,
            authorization: nil,
            contentLength: nil
        )
        #expect(head.path == test.path)
    }

    @Test("a head beyond the limit gets 431, whatever it is made of", arguments: ["one field", "many fields", "path"])
    func headerLimit(what: String) async throws {
        try await TestReceiver.run {
            $0.headerListByteLimit = 2000
        } test: { receiver in
            let client = try HTTP1Client(port: receiver.httpPort)
            let long = String(repeating: "x", count: 3000)
            let fields =
                switch what {
                case "one field": [Self.json, ("x-long", long)]
                case "many fields": [Self.json] + (0..<100).map { ("x-\($0)", String(repeating: "x", count: 30)) }
                default: [Self.json]
                }
            let path = what == "path" ? "/" + long : "/v1/logs"
            let response = try await client.exchange("POST", path, headers: fields)
            #expect(response.status == 431)
            #expect(response.text.contains("2000 bytes"))
            #expect(try await client.isClosedByPeer())
            #expect(receiver.refusals(.headersTooLarge) == 1)
        }
    }

    @Test("a decoder's error is told as 400 with BadRequest, or as 413")
    func decodeErrors() async throws {
        try await TestReceiver.run { receiver in
            let client = try HTTP1Client(port: receiver.httpPort)
            receiver.behaviour.withLock { $0.error = .malformed(.truncated, offset: 17) }
            let malformed = try await client.exchange("POST", "/v1/logs", headers: [Self.json])
            #expect(malformed.status == 400)
            #expect(malformed.text.contains("type.googleapis.com/google.rpc.BadRequest"))
            #expect(malformed.text.contains("at byte 17"))
            #expect(malformed.headers["retry-after"] == nil)
            receiver.behaviour.withLock { $0.error = .tooLarge(.itemCount, seen: 5, allowed: 4) }
            let large = try await client.exchange("POST", "/v1/logs", headers: [Self.json])
            #expect(large.status == 413)
            #expect(large.headers["retry-after"] == nil)
        }
    }

    @Test("items that were not taken are a partial success; items without a pod a warning")
    func partialSuccess() async throws {
        try await TestReceiver.run { receiver in
            let client = try HTTP1Client(port: receiver.httpPort)
            receiver.behaviour.withLock {
                $0.outcome.acceptedCount = 10
                $0.outcome.limitedCount = 2
                $0.outcome.refusedCount = 1
            }
            let partial = try await client.exchange("POST", "/v1/metrics", headers: [Self.json])
            #expect(partial.status == 200)
            #expect(partial.text.hasPrefix(#"{"partialSuccess":{"rejectedDataPoints":"3","errorMessage":"2 items"#))
            let logs = try await client.exchange("POST", "/v1/logs", headers: [Self.json])
            #expect(logs.text.contains(#""rejectedLogRecords":"3""#))
            receiver.behaviour.withLock { $0.outcome = RecordOutcome() }
            receiver.behaviour.withLock { $0.outcome.unattributedCount = 4 }
            let warning = try await client.exchange("POST", "/v1/logs", headers: [Self.json])
            #expect(warning.text.contains(#""rejectedLogRecords":"0""#))
            #expect(warning.text.contains("OTEL_RESOURCE_ATTRIBUTES=k8s.namespace.name"))
            let binary = try await client.exchange("POST", "/v1/logs")
            // partial_success { error_message }: rejected 0 is the default and left out.
            #expect(binary.body.first == 0x0a)
            #expect(binary.body.dropFirst().contains(0x12))
        }
    }
}
