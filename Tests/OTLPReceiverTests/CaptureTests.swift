import Foundation
import Gzip
import OTLP
import Synchronization
import Testing
import TokenscaleCore

@testable import OTLPReceiver

/// One recorded request of the Claude Code CLI: `Tests/Fixtures/otlp`.
struct CapturedRequest: Decodable {
    var transport: String
    var path: String
    var headers: [[String]]
    var signal: String
    var file: String
    var arrivalNanoseconds: Int64
    var body: [UInt8] = []

    enum CodingKeys: String, CodingKey {
        case transport
        case path
        case headers
        case signal
        case file
        case arrivalNanoseconds = "t_body_ns"
    }

    static let root = URL(filePath: #filePath).appending(path: "../../Fixtures/otlp").standardizedFileURL

    static let names: [String] = {
        let all = (try? FileManager.default.contentsOfDirectory(atPath: Self.root.path)) ?? []
        // That one was scraped, not exported.
        return all.filter { $0.contains("-http") || $0.hasSuffix("-grpc") }.sorted()
    }()

    static func load(_ name: String) throws -> [CapturedRequest] {
        let directory = Self.root.appending(path: name)
        let files = try FileManager.default.contentsOfDirectory(atPath: directory.path)
        return try files.filter { $0.hasSuffix(".headers.json") }.sorted().map { file in
            let sidecar = try Data(contentsOf: directory.appending(path: file))
            var request = try JSONDecoder().decode(CapturedRequest.self, from: sidecar)
            request.body = Array(try Data(contentsOf: directory.appending(path: request.file)))
            return request
        }
    }

    var arrival: Timestamp { Timestamp(nanoseconds: self.arrivalNanoseconds) }

    func header(_ name: String) -> String? { self.headers.first { $0[0].lowercased() == name }?[1] }

    /// The message without framing and compression.
    func message() throws -> [UInt8] {
        let isGRPC = self.transport == "grpc"
        let payload = isGRPC ? Array(self.body.dropFirst(5)) : self.body
        guard isGRPC ? self.body[0] == 1 : self.header("content-encoding") == "gzip" else { return payload }
        return try GzipTests.decompress(payload, limit: 64 << 20)
    }
}

@Suite("Recorded requests of Claude Code")
struct CaptureTests {
    @Test(
        "sent again with their own headers, they count as if no network were in between",
        arguments: CapturedRequest.names
    )
    func replay(name: String) async throws {
        let requests = try CapturedRequest.load(name)
        let last = try #require(requests.last).arrival
        let start = try #require(requests.first).arrival
        let direct = Aggregator(configuration: .init(), hash: TestReceiver.hash, startTime: start)
        let ingestor = TestReceiver.ingestor(direct)
        for request in requests {
            try Self.ingest(request, by: ingestor)
        }
        let received = Aggregator(configuration: .init(), hash: TestReceiver.hash, startTime: start)
        try await TestReceiver.run(aggregator: received) { receiver in
            if requests[0].transport == "grpc" {
                try await Self.sendGRPC(requests, to: receiver)
            } else {
                let warnedCount = try await Self.sendHTTP(requests, to: receiver)
                #expect((warnedCount > 0) == name.contains("nok8s"))
            }
            #expect(receiver.ingested.map(\.body) == (try requests.map { try $0.message() }))
        }
        let expected = direct.snapshot(now: last)
        let seen = received.snapshot(now: last)
        let outcome = expected.statistics.outcome
        #expect(outcome.acceptedCount > 0)
        // Only the capture without Kubernetes attributes cannot be attributed, and its sender is told.
        #expect((outcome.unattributedCount > 0) == name.contains("nok8s"))
        #expect(expected.pods.isEmpty == name.contains("nok8s"))
        #expect(seen.pods.map(\.id) == expected.pods.map(\.id))
        #expect(seen.counters.map(\.total) == expected.counters.map(\.total))
        #expect(seen.statistics.outcome == expected.statistics.outcome)
    }

    static func ingest(_ request: CapturedRequest, by ingestor: Ingestor) throws {
        let message = try request.message()
        let signal = try #require(Self.signals[request.signal])
        let encoding: OTLPEncoding = request.header("content-type") == "application/json" ? .json : .protobuf
        let peer = PeerAddress(text: "127.0.0.1")
        let bytes = unsafe message.span.bytes
        _ = try ingestor.ingest(bytes, signal: signal, encoding: encoding, peer: peer, arrival: request.arrival)
    }

    static let signals: [String: OTLPSignal] = ["metrics": .metrics, "logs": .logs, "traces": .traces]

    /// All on one connection, as the CLI does. Returns how many answers carried a warning.
    static func sendHTTP(_ requests: [CapturedRequest], to receiver: TestReceiver) async throws -> Int {
        var warnedCount = 0
        let client = try HTTP1Client(port: receiver.httpPort)
        for request in requests {
            receiver.clock.withLock { $0 = request.arrival }
            let headers = request.headers.map { ($0[0], $0[1]) }
            let response = try await client.exchange("POST", request.path, headers: headers, body: request.body)
            #expect(response.status == 200)
            #expect(response.headers["content-type"] == request.header("content-type"))
            if response.body.count > 2 { warnedCount += 1 }
        }
        return warnedCount
    }

    static func sendGRPC(_ requests: [CapturedRequest], to receiver: TestReceiver) async throws {
        let client = try await HTTP2Client(port: receiver.grpcPort)
        for request in requests {
            receiver.clock.withLock { $0 = request.arrival }
            let headers = request.headers.map { ($0[0], $0[1]) }
            let pseudo = headers.filter { $0.0.hasPrefix(":") }
            let stream = try await client.open(pseudo + headers.filter { !$0.0.hasPrefix(":") })
            try await client.send(request.body, on: stream)
            #expect(try await client.response(on: stream)?.grpcStatus == "0")
        }
    }
}
