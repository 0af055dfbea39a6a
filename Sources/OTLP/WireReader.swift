import TokenscaleCore

/// A cursor over the fields of one protobuf message: no allocation, no recursion, every bound checked.
///
/// It holds offsets only; the bytes come with each call and must be those whose range it was made with.
/// Wire format: <https://protobuf.dev/programming-guides/encoding/>
struct WireReader {
    var position: Int
    let end: Int

    /// - Parameter range: Must lie within the bytes of all later calls.
    @inline(__always)
    init(_ range: Range<Int>) {
        self.position = range.lowerBound
        self.end = range.upperBound
    }

    @inline(__always)
    var hasMore: Bool { self.position < self.end }

    /// Field number and wire type of the next field: `number << 3 | type`.
    @inline(__always)
    mutating func tag(_ bytes: RawSpan) throws(OTLPDecodeError) -> UInt64 { try self.varint(bytes) }

    @inline(__always)
    mutating func varint(_ bytes: RawSpan) throws(OTLPDecodeError) -> UInt64 {
        guard self.position < self.end else { throw Self.truncated }
        let byte = bytes.unsafeByte(self.position)
        guard byte >= 0x80 else {
            self.position &+= 1
            return UInt64(byte)
        }
        // Two bytes: the length of nearly every point and record.
        if self.position &+ 1 < self.end {
            let next = bytes.unsafeByte(self.position &+ 1)
            if next < 0x80 {
                self.position &+= 2
                return UInt64(byte & 0x7f) | UInt64(next) &<< 7
            }
        }
        return try self.longVarint(bytes)
    }

    @inline(never)
    private mutating func longVarint(_ bytes: RawSpan) throws(OTLPDecodeError) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while self.position < self.end {
            let byte = bytes.unsafeByte(self.position)
            self.position &+= 1
            // The tenth byte has room for one bit.
            if shift == 63, byte > 1 { throw .malformed(.varint, offset: nil) }
            value |= UInt64(byte & 0x7f) &<< shift
            if byte < 0x80 { return value }
            shift &+= 7
        }
        throw Self.truncated
    }

    /// The range of a length-delimited field.
    @inline(__always)
    mutating func field(_ bytes: RawSpan) throws(OTLPDecodeError) -> Range<Int> {
        let length = try self.varint(bytes)
        guard length <= UInt64(UInt(bitPattern: self.end &- self.position)) else { throw Self.truncated }
        let start = self.position
        self.position = start &+ Int(truncatingIfNeeded: length)
        return unsafe Range(uncheckedBounds: (start, self.position))
    }

    @inline(__always)
    mutating func text(_ bytes: RawSpan) throws(OTLPDecodeError) -> TextRange {
        let range = try self.field(bytes)
        return TextRange(offset: range.lowerBound, byteCount: range.upperBound &- range.lowerBound)
    }

    @inline(__always)
    mutating func fixed64(_ bytes: RawSpan) throws(OTLPDecodeError) -> UInt64 {
        guard self.end &- self.position >= 8 else { throw Self.truncated }
        let value = unsafe bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: self.position, as: UInt64.self)
        self.position &+= 8
        return UInt64(littleEndian: value)
    }

    /// Passes over the value of a field that means nothing to us.
    @inline(never)
    mutating func skip(_ tag: UInt64, _ bytes: RawSpan) throws(OTLPDecodeError) {
        guard tag >= 8 else { throw .malformed(.fieldNumber, offset: nil) }
        switch tag & 7 {
        case 0: _ = try self.varint(bytes)
        case 1: _ = try self.fixed64(bytes)
        case 2: _ = try self.field(bytes)
        case 5:
            guard self.end &- self.position >= 4 else { throw Self.truncated }
            self.position &+= 4
        default:
            // Groups (3, 4) are not used by OTLP; 6 and 7 do not exist.
            throw .malformed(.wireType, offset: nil)
        }
    }

    private static var truncated: OTLPDecodeError { .malformed(.truncated, offset: nil) }
}
