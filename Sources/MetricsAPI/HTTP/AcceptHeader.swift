/// `Accept` and `Accept-Encoding`, with their quality values.
/// <https://www.rfc-editor.org/rfc/rfc9110#name-content-negotiation-fields>
package struct AcceptHeader: Sendable {
    package struct Entry: Sendable {
        /// `application/json`, `*/*`, `gzip`; lower case.
        package var value: String
        /// Lower-case names; without `q`.
        package var parameters: [String: String]
        package var quality: Double
    }

    package private(set) var entries: [Entry]

    /// At most this many entries are looked at.
    private static let entryLimit = 64

    /// Entries that do not parse are skipped, as servers do.
    package init(_ text: String?) {
        self.entries = (text ?? "").split(separator: ",").prefix(Self.entryLimit).compactMap(Self.entry)
    }

    /// No header: anything goes.
    package var isAbsent: Bool { self.entries.isEmpty }

    /// The quality of a media type without parameters of its own; the most specific entry counts.
    package func quality(of mediaType: String) -> Double {
        guard !self.isAbsent else { return 1 }
        let range = mediaType.prefix { $0 != "/" } + "/*"
        for candidate in [mediaType, String(range), "*/*"] {
            let matching = self.entries.filter { $0.value == candidate }
            if let best = matching.map(\.quality).max() { return best }
        }
        return 0
    }

    /// Whether gzip is welcome. <https://www.rfc-editor.org/rfc/rfc9110#section-12.5.3>
    package var allowsGzip: Bool {
        let exact = self.entries.first { $0.value == "gzip" || $0.value == "x-gzip" }
        return ((exact ?? self.entries.first { $0.value == "*" })?.quality ?? 0) > 0
    }

    private static func entry(_ text: Substring) -> Entry? {
        let parts = text.split(separator: ";").map { $0.trimmed }
        guard let value = parts.first, !value.isEmpty else { return nil }
        var parameters: [String: String] = [:]
        for part in parts.dropFirst() {
            let name = part.prefix { $0 != "=" }
            let content = part.dropFirst(name.count).dropFirst()
            parameters[name.trimmed.lowercased()] = content.trimmed.filter { $0 != "\"" }
        }
        let quality = parameters.removeValue(forKey: "q").flatMap { Double($0) } ?? 1
        guard quality.isFinite else { return nil }
        return Entry(value: value.lowercased(), parameters: parameters, quality: min(1, max(0, quality)))
    }
}

extension Substring {
    /// Without blanks at both ends.
    fileprivate var trimmed: Substring {
        let start = self.drop { $0 == " " || $0 == "\t" }
        guard let last = start.lastIndex(where: { $0 != " " && $0 != "\t" }) else { return "" }
        return start[...last]
    }
}
