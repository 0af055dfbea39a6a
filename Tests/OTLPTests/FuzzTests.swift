import OTLP
import Testing
import TokenscaleCore

@Suite("Damaged bodies")
struct FuzzTests {
    let decoder = OTLPDecoder()

    private static let samples = [
        "healthy-http-protobuf", "healthy-http-json", "stuck-bash-http-protobuf", "steady-cumulative-http-protobuf",
    ]

    private func bodies() throws -> [Capture.Body] {
        try Self.samples.flatMap { name in
            let bodies = try Capture.named(name).bodies
            return OTLPSignal.allCases.compactMap { signal in
                bodies.filter { $0.signal == signal }.min { $0.bytes.count < $1.bytes.count }
            }
        }
    }

    @Test("every truncation of a JSON body is refused, every truncation of a protobuf body is refused or has less")
    func truncations() throws {
        for body in try self.bodies() {
            let whole = try self.decoder.decoded(body.bytes, body.signal, body.encoding)
            // Every length near both ends, a sample of those between.
            let step = max(1, body.bytes.count / 400)
            for count in 0..<body.bytes.count where count < 200 || count % step == 0 || body.bytes.count - count < 200 {
                let cut = Array(body.bytes[..<count])
                do {
                    let decoded = try self.decoder.decoded(cut, body.signal, body.encoding)
                    #expect(body.encoding == .protobuf, "\(body.file) cut to \(count) bytes")
                    #expect(decoded.itemCount < whole.itemCount || decoded == whole, "\(body.file), \(count) bytes")
                } catch {
                    #expect(!error.isRetryable)
                }
            }
        }
    }

    @Test("random damage is refused or decodes to something bounded", arguments: [UInt64(1), 2, 3, 4])
    func mutations(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let bodies = try self.bodies()
        var refusedCount = 0
        var acceptedCount = 0
        for iteration in 0..<1_500 {
            guard let body = bodies.randomElement(using: &random) else { return }
            let mutant = Self.mutant(of: body.bytes, bodies, &random)
            // A body may also come with the wrong signal or encoding.
            let isLost = Int.random(in: 0..<20, using: &random) == 0
            let signal = isLost ? OTLPSignal.allCases.randomElement(using: &random) ?? .logs : body.signal
            let encoding = isLost ? OTLPEncoding.allCases.randomElement(using: &random) ?? .json : body.encoding
            do {
                let decoded = try self.decoder.decoded(mutant, signal, encoding)
                acceptedCount += 1
                #expect(decoded.itemCount <= mutant.count, "seed \(seed), iteration \(iteration)")
                #expect(decoded.points.allSatisfy { $0.value.isFinite }, "seed \(seed), iteration \(iteration)")
            } catch {
                refusedCount += 1
            }
        }
        #expect(refusedCount > 100 && acceptedCount > 100, "seed \(seed): \(refusedCount), \(acceptedCount)")
    }

    private static func mutant(
        of bytes: [UInt8],
        _ bodies: [Capture.Body],
        _ random: inout SeededGenerator
    ) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            guard !bytes.isEmpty else { return bytes }
            let offset = Int.random(in: 0..<bytes.count, using: &random)
            switch Int.random(in: 0..<6, using: &random) {
            case 0: bytes[offset] = UInt8.random(in: 0...255, using: &random)
            case 1: bytes[offset] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            case 2: bytes.removeSubrange(offset..<min(bytes.count, offset + Int.random(in: 1...8, using: &random)))
            case 3: bytes.insert(UInt8.random(in: 0...255, using: &random), at: offset)
            case 4: bytes.removeSubrange(offset...)
            default:
                let other = bodies.randomElement(using: &random)?.bytes ?? []
                let start = Int.random(in: 0..<max(1, other.count), using: &random)
                bytes.insert(contentsOf: other[start..<min(other.count, start + 40)], at: offset)
            }
        }
        return bytes
    }
}
