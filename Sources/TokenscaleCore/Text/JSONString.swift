extension [UInt8] {
    /// Appends `text` as a JSON string, in quotation marks (RFC 8259 §7).
    package mutating func append(jsonString text: String) {
        self.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): self.append(escaped: byte)
            case UInt8(ascii: "\n"): self.append(escaped: UInt8(ascii: "n"))
            case UInt8(ascii: "\t"): self.append(escaped: UInt8(ascii: "t"))
            case UInt8(ascii: "\r"): self.append(escaped: UInt8(ascii: "r"))
            case 0..<0x20:
                self.append(contentsOf: "\\u00".utf8)
                self.append(hexadecimal: byte)
            default: self.append(byte)
            }
        }
        self.append(UInt8(ascii: "\""))
    }

    private mutating func append(escaped byte: UInt8) {
        self.append(UInt8(ascii: "\\"))
        self.append(byte)
    }
}

extension String {
    /// As a JSON string, in quotation marks.
    package var jsonQuoted: String {
        var bytes: [UInt8] = []
        bytes.append(jsonString: self)
        return String(decoding: bytes, as: UTF8.self)
    }
}
