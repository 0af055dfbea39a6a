import TokenscaleCore

extension JSONReader {
    /// A string's contents. Escapes are resolved in place.
    @inline(__always)
    mutating func string() throws(OTLPDecodeError) -> TextRange {
        try self.expect(UInt8(ascii: "\""))
        let start = self.position
        let end = self.plainEnd(from: start)
        guard end < self.bytes.count else {
            self.position = end
            throw self.fault(.truncated)
        }
        guard self.bytes[end] == UInt8(ascii: "\"") else { return try self.escapedString(start, firstEscape: end) }
        self.position = end &+ 1
        return TextRange(offset: start, byteCount: end &- start)
    }

    /// Passes over a string without changing it.
    mutating func skipString() throws(OTLPDecodeError) {
        try self.expect(UInt8(ascii: "\""))
        var offset = self.position
        while true {
            offset = self.plainEnd(from: offset)
            guard offset < self.bytes.count else {
                self.position = self.bytes.count
                throw self.fault(.truncated)
            }
            guard self.bytes[offset] != UInt8(ascii: "\"") else { break }
            offset += 2
        }
        self.position = offset + 1
    }

    /// Where the next quote or backslash is, or the end of the body. Eight bytes at a time: a byte of `word ^
    /// pattern` is zero where the pattern's byte is, and `(x - 0x01…) & ~x & 0x80…` marks zero bytes
    /// (<https://graphics.stanford.edu/~seander/bithacks.html#ZeroInWord>).
    @inline(__always)
    private func plainEnd(from start: Int) -> Int {
        let text = unsafe self.bytes.span.bytes
        let count = text.byteCount
        var offset = start
        while offset &+ 8 <= count {
            let word = unsafe text.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self)
            let quotes = word ^ 0x2222_2222_2222_2222
            let escapes = word ^ 0x5c5c_5c5c_5c5c_5c5c
            let ones: UInt64 = 0x0101_0101_0101_0101
            let marks = ((quotes &- ones) & ~quotes | (escapes &- ones) & ~escapes) & 0x8080_8080_8080_8080
            if marks != 0 { return offset &+ UInt64(littleEndian: marks).trailingZeroBitCount &>> 3 }
            offset &+= 8
        }
        while offset < count {
            let byte = text.unsafeByte(offset)
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { return offset }
            offset &+= 1
        }
        return min(offset, count)
    }

    /// Moves the contents together over the escapes: they never get longer.
    @inline(never)
    private mutating func escapedString(_ start: Int, firstEscape: Int) throws(OTLPDecodeError) -> TextRange {
        var source = firstEscape
        var target = firstEscape
        while source < self.bytes.count {
            let byte = self.bytes[source]
            if byte == UInt8(ascii: "\"") {
                self.position = source + 1
                return TextRange(offset: start, byteCount: target - start)
            }
            source += 1
            if byte == UInt8(ascii: "\\") {
                try self.unescape(&source, &target)
            } else {
                self.bytes[target] = byte
                target += 1
            }
        }
        self.position = source
        throw self.fault(.truncated)
    }

    /// Resolves the escape whose backslash is before `source`.
    private mutating func unescape(_ source: inout Int, _ target: inout Int) throws(OTLPDecodeError) {
        guard source < self.bytes.count else {
            self.position = source
            throw self.fault(.truncated)
        }
        let escape = self.bytes[source]
        source += 1
        switch escape {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): self.write(escape, &target)
        case UInt8(ascii: "b"): self.write(0x08, &target)
        case UInt8(ascii: "f"): self.write(0x0c, &target)
        case UInt8(ascii: "n"): self.write(0x0a, &target)
        case UInt8(ascii: "r"): self.write(0x0d, &target)
        case UInt8(ascii: "t"): self.write(0x09, &target)
        case UInt8(ascii: "u"):
            var scalar = try self.hexadecimal(&source)
            if 0xd800..<0xdc00 ~= scalar, source + 6 <= self.bytes.count, self.bytes[source] == UInt8(ascii: "\\"),
                self.bytes[source + 1] == UInt8(ascii: "u")
            {
                var next = source + 2
                let low = try self.hexadecimal(&next)
                if 0xdc00..<0xe000 ~= low {
                    scalar = 0x10000 + (scalar - 0xd800) << 10 + (low - 0xdc00)
                    source = next
                }
            }
            // A surrogate without its partner is no character.
            let character = Unicode.Scalar(scalar) ?? "\u{fffd}"
            for byte in UTF8.encode(character) ?? UTF8.encodedReplacementCharacter { self.write(byte, &target) }
        default:
            self.position = source - 1
            throw self.fault(.jsonEscape)
        }
    }

    private mutating func write(_ byte: UInt8, _ target: inout Int) {
        self.bytes[target] = byte
        target += 1
    }

    private mutating func hexadecimal(_ source: inout Int) throws(OTLPDecodeError) -> UInt32 {
        guard source + 4 <= self.bytes.count else {
            self.position = self.bytes.count
            throw self.fault(.truncated)
        }
        var value: UInt32 = 0
        for byte in self.bytes[source..<source + 4] {
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
            default:
                self.position = source
                throw self.fault(.jsonEscape)
            }
            value = value << 4 | UInt32(digit)
        }
        source += 4
        return value
    }

    /// A string of base64, standard or URL-safe, with or without padding; decoded in place.
    mutating func base64() throws(OTLPDecodeError) -> TextRange {
        let range = try self.string()
        var target = Int(range.offset)
        var buffer: UInt32 = 0
        var bitCount = 0
        for offset in range.offsets {
            guard let digit = Self.base64Digit(self.bytes[offset]) else {
                guard self.bytes[offset] == UInt8(ascii: "=") else { throw self.fault(.jsonType) }
                continue
            }
            buffer = buffer << 6 | UInt32(digit)
            bitCount += 6
            guard bitCount >= 8 else { continue }
            bitCount -= 8
            self.bytes[target] = UInt8(truncatingIfNeeded: buffer >> UInt32(bitCount))
            target += 1
        }
        return TextRange(offset: Int(range.offset), byteCount: target - Int(range.offset))
    }

    private static func base64Digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): byte - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0") + 52
        case UInt8(ascii: "+"), UInt8(ascii: "-"): 62
        case UInt8(ascii: "/"), UInt8(ascii: "_"): 63
        default: nil
        }
    }
}
