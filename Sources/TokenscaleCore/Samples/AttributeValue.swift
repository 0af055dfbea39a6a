/// The value of one OTLP attribute (`AnyValue`), without a copy of its bytes.
///
/// Claude Code types numbers by value and writes many numbers and booleans as strings (`"69"`, `"true"`), so a reader
/// asks for what it needs (``integer(in:)``, ``truth(in:)``) and every type that can mean it is accepted.
package struct AttributeValue: Sendable {
    package enum Kind: UInt8, Sendable {
        /// No value, or a null.
        case empty
        case string
        case bool
        case int
        case double
        /// An array, a list of key-value pairs, or bytes: kept opaque.
        case composite
    }

    package var kind: Kind
    /// The bits of a bool, int or double.
    package var bits: UInt64
    /// The bytes of a string or composite.
    package var text: TextRange

    package init(kind: Kind, bits: UInt64 = 0, text: TextRange = .absent) {
        self.kind = kind
        self.bits = bits
        self.text = text
    }

    package static let empty = AttributeValue(kind: .empty)
    package static func string(_ text: TextRange) -> AttributeValue { AttributeValue(kind: .string, text: text) }
    package static func composite(_ text: TextRange) -> AttributeValue { AttributeValue(kind: .composite, text: text) }
    package static func bool(_ value: Bool) -> AttributeValue { AttributeValue(kind: .bool, bits: value ? 1 : 0) }
    package static func int(_ value: Int64) -> AttributeValue {
        AttributeValue(kind: .int, bits: UInt64(bitPattern: value))
    }
    package static func double(_ value: Double) -> AttributeValue {
        AttributeValue(kind: .double, bits: value.bitPattern)
    }

    /// The range of a string; absent for every other type.
    package var stringRange: TextRange { self.kind == .string ? self.text : .absent }

    /// An int, a double (rounded, clamped), or a decimal string; -1 for anything else and for negative numbers, which
    /// no count that we read can be.
    package func count(in text: RawSpan) -> Int64 { max(self.integer(in: text) ?? -1, -1) }

    /// An int, a double (rounded, clamped), or a string of decimal digits with an optional sign.
    package func integer(in text: RawSpan) -> Int64? {
        switch self.kind {
        case .int: Int64(bitPattern: self.bits)
        case .double: Self.clamped(Double(bitPattern: self.bits))
        case .string: Self.decimal(text.extracting(self.text.offsets))
        case .empty, .bool, .composite: nil
        }
    }

    /// A bool, a string `true` or `false`, or the numbers 0 and 1.
    package func truth(in text: RawSpan) -> Truth {
        switch self.kind {
        case .bool: self.bits != 0 ? .yes : .no
        case .string: Self.truth(text.extracting(self.text.offsets))
        case .int, .double: self.integer(in: text).map { $0 == 0 ? .no : $0 == 1 ? .yes : .unknown } ?? .unknown
        case .empty, .composite: .unknown
        }
    }

    /// A fingerprint of type and value. Composites are fingerprinted by their encoded bytes: the same array sent as
    /// protobuf and as JSON differs.
    @inline(__always)
    package func fingerprint(in text: RawSpan, by hash: KeyedHash) -> Hash128 {
        switch self.kind {
        case .string: hash.hash128(text.extracting(self.text.offsets))
        case .composite: hash.hash128(text.extracting(self.text.offsets)).combined(with: Self.tag(of: self, hash))
        case .empty, .bool, .int, .double: Self.tag(of: self, hash)
        }
    }

    @inline(__always)
    private static func tag(of value: AttributeValue, _ hash: KeyedHash) -> Hash128 {
        let low = KeyedHash.mix(
            value.bits ^ KeyedHash.primes.0,
            hash.key ^ UInt64(value.kind.rawValue) &* KeyedHash.primes.1
        )
        return Hash128(low: low | 1, high: KeyedHash.mix(low ^ hash.key, value.bits ^ KeyedHash.primes.2))
    }

    private static func clamped(_ value: Double) -> Int64? {
        guard value.isFinite else { return nil }
        let rounded = value.rounded()
        if rounded >= 0x1p63 { return .max }
        return rounded < -0x1p63 ? .min : Int64(rounded)
    }

    /// Digits with an optional sign; a fraction is cut off (`"12.0"`). `nil` for anything else and beyond 18 digits.
    private static func decimal(_ digits: RawSpan) -> Int64? {
        var offset = 0
        let isNegative = digits.byteCount > 0 && digits.unsafeByte(0) == UInt8(ascii: "-")
        if isNegative { offset = 1 }
        let start = offset
        var value: Int64 = 0
        while offset < digits.byteCount {
            let byte = digits.unsafeByte(offset)
            guard byte &- UInt8(ascii: "0") < 10 else { break }
            guard offset - start < 18 else { return nil }
            value = value &* 10 &+ Int64(byte &- UInt8(ascii: "0"))
            offset += 1
        }
        guard offset > start else { return nil }
        guard offset == digits.byteCount || Self.isFraction(digits, from: offset) else { return nil }
        return isNegative ? -value : value
    }

    private static func isFraction(_ digits: RawSpan, from start: Int) -> Bool {
        guard digits.unsafeByte(start) == UInt8(ascii: "."), start + 1 < digits.byteCount else { return false }
        for offset in start + 1..<digits.byteCount where digits.unsafeByte(offset) &- UInt8(ascii: "0") >= 10 {
            return false
        }
        return true
    }

    private static func truth(_ word: RawSpan) -> Truth {
        if word.isASCII("true") || word.isASCII("1") { return .yes }
        if word.isASCII("false") || word.isASCII("0") { return .no }
        return .unknown
    }
}

extension RawSpan {
    /// The byte at `offset`, which the caller has compared with `byteCount`.
    @inlinable
    @inline(__always)
    package func unsafeByte(_ offset: Int) -> UInt8 {
        assert(offset >= 0 && offset < self.byteCount, "offset \(offset) of \(self.byteCount) bytes")
        return unsafe self.unsafeLoad(fromUncheckedByteOffset: offset, as: UInt8.self)
    }

    /// Are these the bytes of `word`?
    package func isASCII(_ word: StaticString) -> Bool {
        guard word.utf8CodeUnitCount == self.byteCount else { return false }
        for offset in 0..<self.byteCount where unsafe word.utf8Start[offset] != self.unsafeByte(offset) {
            return false
        }
        return true
    }
}
