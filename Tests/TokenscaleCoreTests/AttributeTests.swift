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

    @Test("every attribute and event name of the program is known once")
    func known() {
        let names = KnownNames(hash: KeyedHash(key: 3), names: SemanticNames())
        let hash = names.hash
        #expect(names.attributes[hash.hash128("session.id")] == .session)
        #expect(names.attributes[hash.hash128("session.ids")] == .unknown)
        #expect(names.events[hash.hash128("tool_result")] == .toolResult)
        #expect(names.tools[hash.hash128("TodoWrite")] == .todo)
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
