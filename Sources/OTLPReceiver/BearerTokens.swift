/// The bearer tokens that are accepted (RFC 6750 §2.1).
struct BearerTokens: Equatable, Sendable {
    private let tokens: [[UInt8]]

    /// - Parameter text: One token per line; blank lines are skipped. `nil` when there is none, or one of them holds
    ///   what no header field can carry.
    init?(text: String) {
        let lines = text.split(whereSeparator: \.isNewline)
            .map { line in Array(line.utf8).trimmingSpaces() }
            .filter { !$0.isEmpty }
        guard !lines.isEmpty, lines.allSatisfy({ $0.allSatisfy { 0x21...0x7e ~= $0 } }) else { return nil }
        self.tokens = lines
    }

    /// Whether `authorization` carries one of the tokens.
    ///
    /// `Bearer%20` is accepted, too: OTEL_EXPORTER_OTLP_HEADERS is to be percent-encoded, and Claude Code sends its
    /// value without decoding it. The time taken depends on the lengths alone.
    func accept(authorization: String?) -> Bool {
        guard let authorization else { return false }
        let bytes = Array(authorization.utf8)
        for scheme in ["Bearer ", "Bearer%20"] {
            let prefix = Array(scheme.utf8)
            guard bytes.count > prefix.count,
                zip(bytes, prefix).allSatisfy({ $0 | 0x20 == $1 | 0x20 })
            else { continue }
            let token = Array(bytes[prefix.count...]).trimmingSpaces()
            var isKnown = false
            for known in self.tokens where Self.isEqual(known, token) { isKnown = true }
            return isKnown
        }
        return false
    }

    /// Compares without a branch on content.
    private static func isEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        guard left.count == right.count else { return false }
        var difference: UInt8 = 0
        for index in left.indices { difference |= left[index] ^ right[index] }
        return difference == 0
    }
}

extension [UInt8] {
    fileprivate func trimmingSpaces() -> [UInt8] {
        let isSpace: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 }
        return Array(self.drop(while: isSpace).reversed().drop(while: isSpace).reversed())
    }
}
