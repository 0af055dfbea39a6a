/// Where a text lies in the bytes that travel beside a batch (a request body, or a scratch copy of decoded JSON).
///
/// Samples hold ranges instead of strings: recording a known series then allocates nothing.
package struct TextRange: Hashable, Sendable {
    package var offset: UInt32
    package var byteCount: UInt32

    @inlinable
    @inline(__always)
    package init(offset: Int, byteCount: Int) {
        self.offset = UInt32(clamping: offset)
        self.byteCount = UInt32(clamping: byteCount)
    }

    /// No text: the attribute is absent, empty, or of another type.
    package static let absent = TextRange(offset: 0, byteCount: 0)

    package var isAbsent: Bool { self.byteCount == 0 }

    /// The byte offsets: `text.extracting(range.offsets)` are the bytes. The range must come from the batch that
    /// travels with `text`.
    @inlinable
    @inline(__always)
    package var offsets: Range<Int> { Int(self.offset)..<(Int(self.offset) + Int(self.byteCount)) }

    /// The same text `offset` bytes further on. No text is nowhere.
    @inline(__always)
    mutating func move(by offset: Int) {
        self.offset = self.isAbsent ? 0 : UInt32(truncatingIfNeeded: Int(self.offset) &+ offset)
    }

    /// A string of the bytes, invalid UTF-8 repaired. Allocates: for new identities only.
    package func string(in text: RawSpan) -> String {
        let bytes = text.extracting(self.offsets)
        return unsafe bytes.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
    }
}
