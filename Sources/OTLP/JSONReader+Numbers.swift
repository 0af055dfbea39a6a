import COTLP
import TokenscaleCore

/// Numbers of OTLP/JSON: 64-bit integers are strings by the specification, but Claude Code writes them as numbers;
/// doubles may be bare integers.
extension JSONReader {
    /// A time or count: digits, quoted or not. A number with fraction or exponent is rounded.
    mutating func unsigned() throws(OTLPDecodeError) -> UInt64 {
        let isQuoted = try self.openQuote()
        let start = self.position
        var value: UInt64 = 0
        while self.position < self.bytes.count {
            let digit = self.bytes[self.position] &- UInt8(ascii: "0")
            guard digit < 10 else { break }
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(UInt64(digit))
            guard !overflow, !carry else { throw self.fault(.jsonNumber) }
            value = sum
            self.position += 1
        }
        if self.position == start || self.continuesNumber {
            self.position = start
            let number = try self.decimal()
            guard number >= 0, number < 0x1p64 else { throw self.fault(.jsonNumber) }
            value = UInt64(number.rounded())
        }
        try self.closeQuote(isQuoted)
        return value
    }

    /// An integer, quoted or not. A number with fraction or exponent is rounded.
    mutating func integer() throws(OTLPDecodeError) -> Int64 {
        let isQuoted = try self.openQuote()
        let start = self.position
        let isNegative = self.position < self.bytes.count && self.bytes[self.position] == UInt8(ascii: "-")
        if isNegative { self.position += 1 }
        let firstDigit = self.position
        var value: Int64 = 0
        while self.position < self.bytes.count {
            let digit = self.bytes[self.position] &- UInt8(ascii: "0")
            guard digit < 10 else { break }
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let signed = isNegative ? -Int64(digit) : Int64(digit)
            let (sum, carry) = product.addingReportingOverflow(signed)
            guard !overflow, !carry else { throw self.fault(.jsonNumber) }
            value = sum
            self.position += 1
        }
        if self.position == firstDigit || self.continuesNumber {
            self.position = start
            let number = try self.decimal()
            guard number >= -0x1p63, number < 0x1p63 else { throw self.fault(.jsonNumber) }
            value = Int64(number.rounded())
        }
        try self.closeQuote(isQuoted)
        return value
    }

    /// A double: a number of any form, quoted or not, or one of the words `NaN`, `Infinity`, `-Infinity`.
    mutating func double() throws(OTLPDecodeError) -> Double {
        let isQuoted = try self.openQuote()
        let value = try self.decimal()
        try self.closeQuote(isQuoted)
        return value
    }

    private var continuesNumber: Bool {
        guard self.position < self.bytes.count else { return false }
        let byte = self.bytes[self.position]
        return byte == UInt8(ascii: ".") || byte | 0x20 == UInt8(ascii: "e")
    }

    private mutating func openQuote() throws(OTLPDecodeError) -> Bool {
        guard try self.peek() == UInt8(ascii: "\"") else { return false }
        self.position += 1
        return true
    }

    private mutating func closeQuote(_ isQuoted: Bool) throws(OTLPDecodeError) {
        guard isQuoted else { return }
        guard self.position < self.bytes.count else { throw self.fault(.truncated) }
        guard self.bytes[self.position] == UInt8(ascii: "\"") else { throw self.fault(.jsonNumber) }
        self.position += 1
    }

    /// Digits and exponent are exact in a double when both are small (Clinger's fast path, as in
    /// <https://arxiv.org/abs/2101.11408> §3); the C library does the rest.
    private mutating func decimal() throws(OTLPDecodeError) -> Double {
        let start = self.position
        var mantissa: UInt64 = 0
        var digitCount = 0
        var fractionCount = 0
        var sawDot = false
        let isNegative = self.position < self.bytes.count && self.bytes[self.position] == UInt8(ascii: "-")
        if isNegative { self.position += 1 }
        while self.position < self.bytes.count {
            let byte = self.bytes[self.position]
            if byte &- UInt8(ascii: "0") < 10 {
                digitCount += 1
                if digitCount <= 19 { mantissa = mantissa &* 10 &+ UInt64(byte &- UInt8(ascii: "0")) }
                if sawDot { fractionCount += 1 }
            } else if byte == UInt8(ascii: "."), !sawDot, digitCount > 0 {
                sawDot = true
            } else {
                break
            }
            self.position += 1
        }
        if sawDot, fractionCount == 0 { throw self.fault(.jsonNumber) }
        let isSimple = digitCount > 0 && digitCount <= 19 && mantissa < 1 << 53 && fractionCount <= 22
        if isSimple, !self.continuesNumber {
            let value = Double(mantissa) / Self.powersOfTen[fractionCount]
            return isNegative ? -value : value
        }
        return try self.slowDecimal(from: start)
    }

    /// The word at `start`, by the C library.
    private mutating func slowDecimal(from start: Int) throws(OTLPDecodeError) -> Double {
        self.position = start
        while self.position < self.bytes.count, Self.isNumberByte(self.bytes[self.position]) { self.position += 1 }
        let word = unsafe self.bytes.span.bytes.extracting(start..<self.position)
        if word.isASCII("NaN") { return .nan }
        if word.isASCII("Infinity") { return .infinity }
        if word.isASCII("-Infinity") { return -.infinity }
        // The C library also reads hexadecimal numbers, signs, `inf` and `nan(…)`; JSON does not.
        let firstDigit = start < self.position && self.bytes[start] == UInt8(ascii: "-") ? start + 1 : start
        guard firstDigit < self.position, self.bytes[firstDigit].isDigit, !self.hasX(firstDigit..<self.position) else {
            throw self.fault(.jsonNumber)
        }
        var value = 0.0
        let isNumber = unsafe word.withUnsafeBytes { bytes in
            unsafe decode_double(bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count, &value)
        }
        guard isNumber else { throw self.fault(.jsonNumber) }
        return value
    }

    private func hasX(_ range: Range<Int>) -> Bool {
        for offset in range where self.bytes[offset] | 0x20 == UInt8(ascii: "x") { return true }
        return false
    }

    private static func isNumberByte(_ byte: UInt8) -> Bool {
        byte.isDigit || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+")
            || (byte | 0x20) &- UInt8(ascii: "a") < 26
    }

    private static let powersOfTen: [Double] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
        1e20,
        1e21, 1e22,
    ]
}

extension UInt8 {
    fileprivate var isDigit: Bool { self &- UInt8(ascii: "0") < 10 }
}
