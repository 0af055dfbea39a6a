/// Names as alerts write them.
extension AlertText {
    /// The first eight characters of an id: enough to recognise it.
    static func shortened(_ id: String) -> String { id.isEmpty ? "(without id)" : String(id.prefix(8)) }

    static func words(of example: AlertEvidence.Example) -> String {
        let cost = example.costMicroUSD > 0 ? ", \(NumberText.dollars(example.costMicroUSD))" : ""
        let pattern = example.pattern.split(separator: "_").joined(separator: " ")
        return "Session \(Self.shortened(example.session)) in \(example.pod): \(pattern) "
            + "\(example.repeatCount) times, \(NumberText.scaled(example.tokens)) tokens\(cost)."
    }

    /// A word that a shell takes literally. Names come from senders: nothing in them may become a command.
    package static func shellWord(_ text: String) -> String {
        let isPlain =
            !text.isEmpty
            && text.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
                case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "/"), UInt8(ascii: "="): true
                default: false
                }
            }
        if isPlain, !text.hasPrefix("-") { return text }
        return "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }
}
