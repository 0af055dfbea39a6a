import Gzip
import Testing
import TokenscaleCore

@testable import OTLPReceiver

@Suite("Hostile bytes")
struct HostileBytesTests {
    /// Valid beginnings, to get past the first check.
    static func seeds() -> [[UInt8]] {
        let headers = HTTP2Client.block(HTTP2Client.grpcHeaders(HTTP2Client.logs, [("grpc-encoding", "gzip")]))
        let http2 =
            Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
            + HTTP2Client.frame(type: 4, flags: 0, stream: 0, [])
            + HTTP2Client.frame(type: 1, flags: 4, stream: 1, headers)
            + HTTP2Client.frame(
                type: 0,
                flags: 1,
                stream: 1,
                HTTP2Client.message(Gzip.compress([1, 2, 3]), isCompressed: true)
            )
            + HTTP2Client.frame(type: 6, flags: 0, stream: 0, [UInt8](repeating: 0, count: 8))
            + HTTP2Client.frame(type: 3, flags: 0, stream: 1, [0, 0, 0, 8])
        let chunked = [("content-type", "application/json"), ("transfer-encoding", "chunked")]
        let http1 =
            HTTP1Client.request("POST", "/v1/logs", headers: chunked) + Array("2\r\n{}\r\n0\r\n\r\n".utf8)
            + HTTP1Client.request(
                "POST",
                "/v1/queue-depth",
                headers: [("content-type", "application/json")],
                body: Array(#"{"namespace":"a","queue":"b","depth":1}"#.utf8)
            )
        return [http2, http1, [UInt8](repeating: 0x16, count: 200)]
    }

    @Test("the receiver survives damaged conversations, and leaves nothing behind", arguments: 0..<4)
    func damaged(round: Int) async throws {
        let seed = UInt64(7000 + round)
        try await TestReceiver.run {
            $0.headerTimeout = .seconds(4)
        } test: { receiver in
            var generator = SeededGenerator(seed: seed)
            for index in 0..<60 {
                var bytes = Self.seeds()[index % 3]
                for _ in 0..<Int.random(in: 1...6, using: &generator) {
                    let at = Int.random(in: 0..<bytes.count, using: &generator)
                    switch Int.random(in: 0..<4, using: &generator) {
                    case 0: bytes[at] = UInt8.random(in: 0...255, using: &generator)
                    case 1: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
                    case 2: bytes.insert(UInt8.random(in: 0...255, using: &generator), at: at)
                    default: bytes.removeSubrange(at..<min(bytes.count, at + 3))
                    }
                }
                let connection = try RawConnection(
                    port: index.isMultiple(of: 2) ? receiver.grpcPort : receiver.httpPort
                )
                try await connection.send(bytes)
                connection.finishSending()
                _ = try await connection.receiveToEnd()
            }
            let client = try HTTP1Client(port: receiver.httpPort)
            #expect(try await client.exchange("POST", "/v1/logs").status == 200, "seed \(seed)")
        }
    }
}
