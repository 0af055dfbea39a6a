/// Why a state file cannot be used. Never worth a retry: the collector starts with an empty state instead.
package enum StateError: Error, Equatable, Sendable {
    case notAStateFile
    case otherVersion(found: UInt64, supported: UInt64)
    /// The file ends early or its checksum does not fit.
    case damaged

    package var isRetryable: Bool { false }
}

/// Writes numbers as LEB128 varints, texts with their length: small, and readable without alignment.
struct StateWriter {
    private(set) var bytes: [UInt8] = []

    mutating func write(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            self.bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        self.bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    /// Zigzag: small negative numbers stay small.
    mutating func write(_ value: Int64) { self.write(UInt64(bitPattern: (value << 1) ^ (value >> 63))) }
    mutating func write(_ value: Int) { self.write(Int64(value)) }
    mutating func write(_ value: Bool) { self.bytes.append(value ? 1 : 0) }
    mutating func write(_ value: Timestamp) { self.write(value.nanoseconds) }

    mutating func write(_ value: Double) { self.write(bits: value.bitPattern) }

    /// Eight bytes, little-endian: for hashes, which are no smaller in fewer.
    mutating func write(bits: UInt64) {
        var bits = bits
        for _ in 0..<8 {
            self.bytes.append(UInt8(truncatingIfNeeded: bits))
            bits >>= 8
        }
    }

    mutating func write(_ value: Hash128) {
        self.write(bits: value.low)
        self.write(bits: value.high)
    }

    mutating func write(_ text: String) {
        self.write(text.utf8.count)
        self.bytes.append(contentsOf: text.utf8)
    }

    mutating func write(_ text: String?) {
        self.write(text != nil)
        if let text { self.write(text) }
    }

    mutating func write(_ tokens: TokenCounts) {
        for type in TokenType.allCases { self.write(tokens[type]) }
    }
}

/// Reads what ``StateWriter`` wrote. Every read checks the end.
struct StateReader {
    private let bytes: ArraySlice<UInt8>
    private var offset: Int

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        self.offset = bytes.startIndex
    }

    var isAtEnd: Bool { self.offset == self.bytes.endIndex }

    private mutating func byte() throws(StateError) -> UInt8 {
        guard self.offset < self.bytes.endIndex else { throw .damaged }
        defer { self.offset += 1 }
        return self.bytes[self.offset]
    }

    mutating func unsigned() throws(StateError) -> UInt64 {
        var result: UInt64 = 0
        for shift in stride(from: 0, to: 64, by: 7) {
            let byte = try self.byte()
            guard shift < 63 || byte <= 1 else { throw .damaged }
            result |= UInt64(byte & 0x7f) << UInt64(shift)
            if byte < 0x80 { return result }
        }
        throw .damaged
    }

    mutating func signed() throws(StateError) -> Int64 {
        let value = try self.unsigned()
        return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }

    /// A count of things that take at least one byte each: never more than bytes are left.
    mutating func count() throws(StateError) -> Int {
        let value = try self.signed()
        guard value >= 0, value <= Int64(self.bytes.endIndex - self.offset) else { throw .damaged }
        return Int(value)
    }

    mutating func bool() throws(StateError) -> Bool { try self.byte() != 0 }
    mutating func timestamp() throws(StateError) -> Timestamp { Timestamp(nanoseconds: try self.signed()) }

    mutating func double() throws(StateError) -> Double { Double(bitPattern: try self.bits()) }

    mutating func bits() throws(StateError) -> UInt64 {
        var bits: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 8) { bits |= UInt64(try self.byte()) << shift }
        return bits
    }

    mutating func hash() throws(StateError) -> Hash128 {
        let low = try self.bits()
        let high = try self.bits()
        return Hash128(low: low, high: high)
    }

    mutating func text() throws(StateError) -> String {
        let count = try self.count()
        let end = self.offset + count
        defer { self.offset = end }
        return String(decoding: self.bytes[self.offset..<end], as: UTF8.self)
    }

    mutating func optionalText() throws(StateError) -> String? { try self.bool() ? try self.text() : nil }

    mutating func tokens() throws(StateError) -> TokenCounts {
        var result = TokenCounts()
        for type in TokenType.allCases { result[type] = try self.signed() }
        return result
    }
}
