import TokenscaleCore

/// Remembers the attributes of the item before by their place and bytes.
///
/// The items of one process agree in most attributes, in the same order (pod, session, user…): of 13 attributes of a
/// token point about 11 have the same bytes as in the point before. Comparing them costs a quarter of reading, hashing
/// and looking them up (instructions, by callgrind).
struct AttributeMemo {
    struct Entry {
        /// The request that it was remembered in.
        var request: UInt64 = 0
        var start = 0
        var byteCount = 0
        var attribute = ResolvedAttribute.none
    }

    /// Places beyond are not remembered.
    private static let capacity = 32

    /// In an array: an `InlineArray` is copied whole by each access through the decoder (measured: +60 % instructions).
    private(set) var entries = Array(repeating: Entry(), count: Self.capacity)

    private var request: UInt64 = 1

    /// Forgets everything: ranges mean something in the bytes of one request only.
    mutating func forget() { self.request &+= 1 }

    /// Had the item before the bytes `range` of `text` at place `index`? Then `entries[index]` has the attribute.
    @inline(__always)
    func hasAttribute(at index: Int, _ range: Range<Int>, in text: RawSpan) -> Bool {
        guard index < Self.capacity else { return false }
        let count = range.upperBound &- range.lowerBound
        guard self.entries[index].byteCount == count, self.entries[index].request == self.request else { return false }
        return Self.areEqual(self.entries[index].start, range.lowerBound, count, in: text)
    }

    @inline(__always)
    mutating func remember(_ attribute: ResolvedAttribute, at index: Int, _ range: Range<Int>) {
        guard index < Self.capacity else { return }
        self.entries[index] = Entry(
            request: self.request,
            start: range.lowerBound,
            byteCount: range.count,
            attribute: attribute
        )
    }

    /// Compares eight bytes at a time, the last eight overlapping. Both ranges lie within `text`.
    @inline(__always)
    private static func areEqual(_ left: Int, _ right: Int, _ count: Int, in text: RawSpan) -> Bool {
        func word(_ offset: Int) -> UInt64 {
            unsafe text.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self)
        }
        guard count >= 8 else {
            for offset in 0..<count where text.unsafeByte(left &+ offset) != text.unsafeByte(right &+ offset) {
                return false
            }
            return true
        }
        var offset = 0
        while offset &+ 8 <= count {
            if word(left &+ offset) != word(right &+ offset) { return false }
            offset &+= 8
        }
        return word(left &+ count &- 8) == word(right &+ count &- 8)
    }
}
