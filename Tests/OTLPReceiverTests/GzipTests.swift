import Gzip
import Testing

@Suite("Gzip")
struct GzipTests {
    /// Compresses somewhat, as telemetry does.
    static func sampleBytes(count: Int) -> [UInt8] {
        var generator = SeededGenerator(seed: UInt64(count) &+ 7)
        return (0..<count).map { index in index % 3 == 0 ? UInt8.random(in: 0...255, using: &generator) : 0x61 }
    }

    static func decompress(_ bytes: [UInt8], limit: Int) throws(GzipError) -> [UInt8] {
        var output: [UInt8] = []
        try Gzip.decompress(bytes, limit: limit, into: &output)
        return output
    }

    @Test("what was compressed comes back", arguments: [0, 1, 100, 16_384, 16_385, 1_000_000], [1, 6, 9])
    func roundTrip(count: Int, level: Int) throws {
        let bytes = Self.sampleBytes(count: count)
        let compressed = Gzip.compress(bytes, level: level)
        #expect(try Self.decompress(compressed, limit: count) == bytes)
    }

    @Test("a limit is exact to the byte", arguments: [1, 100, 16_384, 65_537])
    func limitIsExact(count: Int) throws {
        let bytes = Self.sampleBytes(count: count)
        let compressed = Gzip.compress(bytes)
        #expect(try Self.decompress(compressed, limit: count) == bytes)
        #expect(throws: GzipError.tooLarge(limit: count - 1)) { try Self.decompress(compressed, limit: count - 1) }
    }

    @Test("a bomb stops at the limit and leaves at most one byte more")
    func bomb() {
        let zeros = [UInt8](repeating: 0, count: 32 << 20)
        let compressed = Gzip.compress(zeros, level: 9)
        #expect(compressed.count < 40_000)
        var output: [UInt8] = []
        #expect(throws: GzipError.tooLarge(limit: 1000)) {
            try Gzip.decompress(compressed, limit: 1000, into: &output)
        }
        #expect(output.count == 1001)
    }

    @Test("every truncation is an error")
    func truncation() {
        let compressed = Gzip.compress(Self.sampleBytes(count: 300))
        for count in 0..<compressed.count {
            #expect(throws: GzipError.truncated, "first \(count) bytes") {
                try Self.decompress(Array(compressed[..<count]), limit: 1000)
            }
        }
    }

    @Test("members follow each other; anything else after the end is an error")
    func members() throws {
        let first = Gzip.compress(Self.sampleBytes(count: 50))
        let second = Gzip.compress(Self.sampleBytes(count: 70))
        let expected = Self.sampleBytes(count: 50) + Self.sampleBytes(count: 70)
        #expect(try Self.decompress(first + second, limit: 120) == expected)
        #expect(throws: GzipError.tooLarge(limit: 119)) { try Self.decompress(first + second, limit: 119) }
        #expect(throws: GzipError.trailingData(byteCount: 3)) { try Self.decompress(first + [1, 2, 3], limit: 120) }
        #expect(throws: GzipError.truncated) { try Self.decompress(first + second.dropLast(), limit: 120) }
    }

    @Test("what is not gzip is malformed; a flipped bit is found")
    func damage() {
        #expect(throws: GzipError.malformed) { try Self.decompress(Array("hello, world".utf8), limit: 100) }
        let bytes = Self.sampleBytes(count: 500)
        let compressed = Gzip.compress(bytes)
        // The last eight bytes are the checksum and the length.
        for index in (compressed.count - 8)..<compressed.count {
            var damaged = compressed
            damaged[index] ^= 0x10
            #expect(throws: GzipError.malformed) { try Self.decompress(damaged, limit: 1000) }
        }
    }

    @Test("a decoder recovers from every error and appends to what is there")
    func reuse() throws {
        var decoder = GzipDecoder()
        let good = Gzip.compress(Self.sampleBytes(count: 200))
        var output: [UInt8] = [9, 9]
        for bad in [[0x00], Array(good.dropLast(3)), good + [0]] as [[UInt8]] {
            var failed = false
            var scrap: [UInt8] = []
            do { try unsafe decoder.decompress(bad.span.bytes, limit: 500, into: &scrap) } catch { failed = true }
            #expect(failed)
        }
        try unsafe decoder.decompress(good.span.bytes, limit: 200, into: &output)
        #expect(output == [9, 9] + Self.sampleBytes(count: 200))
    }
}
