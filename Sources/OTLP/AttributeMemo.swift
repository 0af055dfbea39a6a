import COTLP
import TokenscaleCore

/// Remembers, for each place in an item's list of attributes, bytes that were there lately and what they meant.
///
/// Items of one process agree in most attributes, in the same order, from point to point and from request to request:
/// of 13 attributes of a token point about 11 have the same bytes as before, and the others take turns (`type`).
/// Comparing costs a quarter of reading, hashing and looking up (instructions, by callgrind). What an attribute means
/// follows from its bytes alone, so it does not matter whose item they came with.
struct AttributeMemo {
    struct Entry {
        /// 0: nothing is remembered.
        fileprivate var byteCount = 0
        /// Its ranges count from the attribute's first byte.
        fileprivate(set) var attribute = ResolvedAttribute.none
    }

    /// Places beyond are not remembered.
    private static let placeCount = 32
    /// Values remembered of one place; a power of two.
    private static let wayCount = 16
    /// Longer attributes are not remembered: they are arguments and answers, which do not repeat and need not be kept.
    private static let byteCountMax = 128

    /// In arrays: an `InlineArray` is copied whole by each access through the decoder (measured: +60 % instructions).
    private(set) var entries = Array(repeating: Entry(), count: Self.placeCount * Self.wayCount)
    private var bytes = [UInt8](repeating: 0, count: Self.placeCount * Self.wayCount * Self.byteCountMax)

    /// The index of the entry with the bytes `range` of `text` at place `place`, if they are remembered.
    @inline(__always)
    func entry(at place: Int, _ range: Range<Int>, in text: RawSpan) -> Int? {
        let count = range.upperBound &- range.lowerBound
        guard place < Self.placeCount, count >= 8 else { return nil }
        let index = Self.index(place, range, in: text)
        guard self.entries[index].byteCount == count else { return nil }
        let isEqual = unsafe text.withUnsafeBytes { text in
            unsafe self.bytes.withUnsafeBytes { bytes in
                guard let text = text.baseAddress, let bytes = bytes.baseAddress else { return false }
                return unsafe bytes_are_equal(text + range.lowerBound, bytes + index &* Self.byteCountMax, count)
            }
        }
        return isEqual ? index : nil
    }

    /// Remembers what the bytes `range` of `text` mean.
    mutating func remember(
        _ attribute: ResolvedAttribute,
        at place: Int,
        _ range: Range<Int>,
        in text: RawSpan
    ) {
        let count = range.upperBound &- range.lowerBound
        guard place < Self.placeCount, count >= 8, count <= Self.byteCountMax else { return }
        let index = Self.index(place, range, in: text)
        self.entries[index] = Entry(byteCount: count, attribute: attribute.moved(by: -range.lowerBound))
        unsafe text.withUnsafeBytes { text in
            unsafe self.bytes.withUnsafeMutableBytes { bytes in
                let source = unsafe UnsafeRawBufferPointer(rebasing: text[range])
                unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[(index &* Self.byteCountMax)...]).copyMemory(
                    from: source
                )
            }
        }
    }

    /// The values of a place differ at their ends.
    @inline(__always)
    private static func index(_ place: Int, _ range: Range<Int>, in text: RawSpan) -> Int {
        let end = unsafe text.unsafeLoadUnaligned(fromUncheckedByteOffset: range.upperBound &- 8, as: UInt64.self)
        return place &* Self.wayCount &+ Int(truncatingIfNeeded: (end &* 0x9e37_79b9_7f4a_7c15) &>> 60)
    }
}
