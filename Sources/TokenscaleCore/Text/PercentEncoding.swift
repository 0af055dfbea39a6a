extension String {
    /// Each byte that `isKept` refuses as `%` and two hexadecimal digits (RFC 3986 §2.1).
    ///
    /// - Parameter isKept: Must keep ASCII only; by default what a part of a query needs.
    package func percentEncoded(keeping isKept: (UInt8) -> Bool = { $0.isUnreserved }) -> String {
        var bytes: [UInt8] = []
        for byte in self.utf8 {
            if isKept(byte) {
                bytes.append(byte)
            } else {
                bytes.append(UInt8(ascii: "%"))
                bytes.append(hexadecimal: byte, uppercase: true)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Two hexadecimal digits a byte.
    package init(hexadecimal bytes: some Sequence<UInt8>, uppercase: Bool = false) {
        var digits: [UInt8] = []
        for byte in bytes { digits.append(hexadecimal: byte, uppercase: uppercase) }
        self.init(decoding: digits, as: UTF8.self)
    }
}

extension UInt8 {
    /// RFC 3986 §2.3: letters, digits, `-`, `.`, `_`, `~`.
    package var isUnreserved: Bool {
        switch self {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f, 0x7e: true
        default: false
        }
    }
}

extension [UInt8] {
    mutating func append(hexadecimal byte: UInt8, uppercase: Bool = false) {
        for digit in [byte >> 4, byte & 15] {
            let letters = UInt8(ascii: uppercase ? "A" : "a") - 10
            self.append(digit + (digit < 10 ? UInt8(ascii: "0") : letters))
        }
    }
}
