import Testing

@testable import TokenscaleCore

@Suite("Attributes")
struct AttributeTests {
    @Test("a table of names finds every name, and nothing else")
    func table() {
        let hash = KeyedHash(key: 7)
        let names = (0..<500).map { "name.\($0)" }
        let table = NameTable(names.enumerated().map { ($1, $0) }, fallback: -1, hash: hash)
        for (index, name) in names.enumerated() { #expect(table[hash.hash128(name)] == index) }
        for name in ["", "name.", "name.500", "Name.1"] { #expect(table[hash.hash128(name)] == -1) }
        let empty = NameTable<Int>([], fallback: -1, hash: hash)
        #expect(empty[hash.hash128("name.1")] == -1)
        #expect(NameTable([("a", 1), ("a", 2)], fallback: -1, hash: hash)[hash.hash128("a")] == 1)
    }

    /// Words that meet the constants of the hash would erase its state, whatever the key.
    @Test("nobody finds two texts with one fingerprint without the key", arguments: [7, 8, 9] as [UInt64])
    func collision(key: UInt64) {
        let primes = [KeyedHash.primes.0, KeyedHash.primes.1, KeyedHash.primes.2, KeyedHash.primes.3]
        func text(_ words: [UInt64]) -> [UInt8] {
            words.flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) } }
        }
        let hash = KeyedHash(key: key)
        var seen: Set<UInt64> = []
        var full: Set<Hash128> = []
        var count = 0
        for first in primes {
            for second in primes {
                for free in 0..<16 as Range<UInt64> {
                    let bytes = text([first, free, second, 1])
                    let fingerprint = unsafe hash.hash128(bytes.span.bytes)
                    seen.insert(fingerprint.low)
                    full.insert(fingerprint)
                    count += 1
                }
            }
        }
        #expect(full.count == count)
        #expect(seen.count == count, "half a fingerprint tells texts apart, too")
    }

    @Test("every attribute and event name of the program is known once")
    func known() {
        let names = KnownNames(hash: KeyedHash(key: 3), names: SemanticNames())
        let hash = names.hash
        #expect(names.attributes[hash.hash128("session.id")] == .session)
        #expect(names.attributes[hash.hash128("session.ids")] == .unknown)
        #expect(names.events[hash.hash128("tool_result")] == .toolResult)
        #expect(names.tools[hash.hash128("TodoWrite")] == .todo)
        #expect(names.tools[hash.hash128("ToolSearch")] == .lookUp)
        #expect(names.tools[hash.hash128("SendMessage")] == .message)
        #expect(names.metrics[hash.hash128("claude_code.token.usage")] == .tokenUsage)
    }

    @Test(
        "numbers beyond the range are clamped",
        arguments: [(1e300, Int64.max), (-1e300, .min), (2.5, 3), (-0.4, 0), (9.3e18, .max)]
    )
    func clamped(value: Double, expected: Int64) {
        let nothing: [UInt8] = []
        #expect(unsafe AttributeValue.double(value).integer(in: nothing.span.bytes) == expected)
        #expect(unsafe AttributeValue.double(.nan).integer(in: nothing.span.bytes) == nil)
    }
}
