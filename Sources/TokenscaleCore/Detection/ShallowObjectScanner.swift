/// Walks the members of one JSON object that a sender may have cut off anywhere. Nested values are skipped by counting
/// brackets: no tree, no recursion, and a fault just ends the walk.
struct ShallowObjectScanner {
    /// Offsets of a member. For a string, `value` is what stands between the quotes, escapes as they are.
    struct Member {
        var key: Range<Int>
        var value: Range<Int>
    }

    private var offset = 0

    mutating func next(in text: RawSpan) -> Member? {
        guard let key = self.nextKey(in: text) else { return nil }
        self.skipSpace(in: text)
        guard self.offset < text.byteCount, text.unsafeByte(self.offset) == UInt8(ascii: ":") else { return nil }
        self.offset += 1
        self.skipSpace(in: text)
        guard self.offset < text.byteCount else { return nil }
        if text.unsafeByte(self.offset) == UInt8(ascii: "\"") {
            return Member(key: key, value: self.string(in: text))
        }
        let start = self.offset
        self.skipValue(in: text)
        return Member(key: key, value: start..<self.offset)
    }

    /// A string after white space and at most one `{` or `,`.
    private mutating func nextKey(in text: RawSpan) -> Range<Int>? {
        self.skipSpace(in: text)
        guard self.offset < text.byteCount else { return nil }
        let byte = text.unsafeByte(self.offset)
        if byte == UInt8(ascii: "{") || byte == UInt8(ascii: ",") {
            self.offset += 1
            self.skipSpace(in: text)
        }
        guard self.offset < text.byteCount, text.unsafeByte(self.offset) == UInt8(ascii: "\"") else { return nil }
        return self.string(in: text)
    }

    /// What stands between the quotes; the rest of the text when the closing one is missing.
    private mutating func string(in text: RawSpan) -> Range<Int> {
        let start = self.offset + 1
        var end = start
        while end < text.byteCount, text.unsafeByte(end) != UInt8(ascii: "\"") {
            end += text.unsafeByte(end) == UInt8(ascii: "\\") ? 2 : 1
        }
        end = min(end, text.byteCount)
        self.offset = min(end + 1, text.byteCount)
        return min(start, end)..<end
    }

    private mutating func skipSpace(in text: RawSpan) {
        while self.offset < text.byteCount, text.unsafeByte(self.offset) <= 0x20 { self.offset += 1 }
    }

    /// A number, literal, array or object; a string ends at its own quote, not at brackets inside.
    private mutating func skipValue(in text: RawSpan) {
        var depth = 0
        while self.offset < text.byteCount {
            switch text.unsafeByte(self.offset) {
            case UInt8(ascii: "\""):
                _ = self.string(in: text)
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                if depth == 0 { return }
                depth -= 1
            case UInt8(ascii: ","), 0...0x20:
                if depth == 0 { return }
            default:
                break
            }
            self.offset += 1
        }
    }
}
