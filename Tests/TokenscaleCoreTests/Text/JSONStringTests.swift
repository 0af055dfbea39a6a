import Foundation
import Testing

@testable import TokenscaleCore

@Suite("JSON strings")
struct JSONStringTests {
    @Test(
        "what has a meaning in JSON is escaped, all else stands as it is",
        arguments: [
            ("", #""""#), ("plain", #""plain""#), (#"a "b" \c"#, #""a \"b\" \\c""#), ("a\nb\tc\rd", #""a\nb\tc\rd""#),
            ("\u{0}\u{8}\u{1f}\u{7f}", "\"\\u0000\\u0008\\u001f\u{7f}\""), ("Größe 数 🙂", "\"Größe 数 🙂\""),
        ]
    )
    func escapes(text: String, wanted: String) { #expect(text.jsonQuoted == wanted) }

    @Test("every ASCII character reads back, by Foundation's decoder")
    func readsBack() throws {
        let text = String(decoding: (0..<128).map { UInt8($0) }, as: UTF8.self)
        #expect(try JSONDecoder().decode(String.self, from: Data(text.jsonQuoted.utf8)) == text)
    }
}
