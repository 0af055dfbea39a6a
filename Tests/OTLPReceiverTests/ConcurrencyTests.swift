import OTLP
import Testing
import TokenscaleCore

@testable import OTLPReceiver

@Suite("Many connections")
struct ConcurrencyTests {
    @Test("64 connections of both protocols are all answered while one floods", .timeLimit(.minutes(1)))
    func fairness() async throws {
        let requestCount = 40
        try await TestReceiver.run { receiver in
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                let flood = try RawConnection(port: receiver.httpPort)
                tasks.addTask {
                    let body = [UInt8](repeating: 0x61, count: 200_000)
                    let request = HTTP1Client.request("POST", "/v1/traces", body: body)
                    // Ends when the connection is shut down, below.
                    while try await flood.send(request) {}
                }
                try await withThrowingTaskGroup(of: Void.self) { clients in
                    for index in 0..<64 {
                        clients.addTask {
                            if index.isMultiple(of: 2) {
                                try await Self.postHTTP(requestCount, to: receiver.httpPort)
                            } else {
                                try await Self.callGRPC(requestCount, to: receiver.grpcPort)
                            }
                        }
                    }
                    try await clients.waitForAll()
                }
                flood.shutdown()
                try await tasks.waitForAll()
            }
            #expect(receiver.requests(.http, .logs, "200") == Int64(32 * requestCount))
            #expect(receiver.requests(.grpc, .metrics, "OK") == Int64(32 * requestCount))
            #expect(receiver.statistics.refusals.isEmpty)
            let bodies = receiver.ingested.filter { $0.signal == .logs }.map(\.body)
            #expect(bodies.count == 32 * requestCount)
        }
    }

    private static func postHTTP(_ count: Int, to port: Int) async throws {
        let client = try HTTP1Client(port: port)
        for index in 0..<count {
            let body = [UInt8](repeating: UInt8(truncatingIfNeeded: index), count: 1000)
            #expect(try await client.exchange("POST", "/v1/logs", body: body).status == 200)
        }
    }

    private static func callGRPC(_ count: Int, to port: Int) async throws {
        let client = try await HTTP2Client(port: port)
        for index in 0..<count {
            let body = [UInt8](repeating: UInt8(truncatingIfNeeded: index), count: 1000)
            let response = try await client.call(HTTP2Client.metrics, message: HTTP2Client.message(body))
            #expect(response.grpcStatus == "0")
        }
    }
}
