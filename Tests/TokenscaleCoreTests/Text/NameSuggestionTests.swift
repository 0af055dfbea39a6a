import Testing
import TokenscaleCore

@Suite("NameSuggestion")
struct NameSuggestionTests {
    static let names = ["delegator", "fixer", "fixer-2", "migrator", "reviewer"]

    @Test(
        "the nearest name, if one is near",
        arguments: [
            ("fixr", "fixer"), ("FIXER", "fixer"), ("fxier", "fixer"), ("fixer-3", "fixer-2"),
            ("reviewers", "reviewer"), ("zzz", nil),
            ("", nil), ("a", nil),
        ]
    )
    func nearest(word: String, wanted: String?) {
        #expect(NameSuggestion.nearest(to: word, in: Self.names) == wanted)
    }

    @Test(
        "near names first, then those that contain the word or are contained in it",
        arguments: [
            ("fixr", ["fixer"]), ("fix", ["fixer", "fixer-2"]), ("Migrat", ["migrator"]),
            ("reviewer-5c6d7f9b8-tz4vn", ["reviewer"]), ("tor", ["delegator", "migrator"]), ("or", []), ("zzz", []),
        ]
    )
    func similar(word: String, wanted: [String]) {
        #expect(NameSuggestion.similar(to: word, in: Self.names) == wanted)
        #expect(NameSuggestion.similar(to: word, in: Self.names, limit: 1) == Array(wanted.prefix(1)))
    }
}
