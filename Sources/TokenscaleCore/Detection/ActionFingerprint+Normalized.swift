extension ActionFingerprint {
    /// The fingerprint of an error's text without what varies from one attempt to the next.
    ///
    /// Every run of digits becomes one mark, so numbers, dates and times of any length are equal (`try=9`, `try=10`).
    /// So does every UUID and every run of 12 or more hexadecimal digits that has at least one digit (ids, hashes);
    /// shorter ones keep their letters, because words such as `deadbeef` or a short commit hash also tell errors
    /// apart. A word that contains `/` becomes one mark: the current directory is part of many texts.
    ///
    /// One pass, no memory. Never 0.
    package static func normalizedHash(of text: RawSpan, by hash: KeyedHash) -> UInt64 {
        var stream = HashStream(key: hash.key)
        var offset = 0
        while offset < text.byteCount {
            let byte = text.unsafeByte(offset)
            if let end = Self.pathEnd(in: text, from: offset) {
                stream.append(UInt8(ascii: "/"))
                offset = end
            } else if byte.isASCIIWord {
                offset = Self.appendWord(in: text, from: offset, to: &stream)
            } else {
                stream.append(byte)
                offset += 1
            }
        }
        return stream.finish()
    }

    private static let mark = UInt8(ascii: "#")

    /// Appends the word that starts at `offset` (the byte before it is no part of a word) and returns its end.
    private static func appendWord(in text: RawSpan, from start: Int, to stream: inout HashStream) -> Int {
        if let end = Self.uuidEnd(in: text, from: start) {
            stream.append(Self.mark)
            return end
        }
        var end = start
        var hasDigit = false
        var isHex = true
        while end < text.byteCount, text.unsafeByte(end).isASCIIWord {
            hasDigit = hasDigit || text.unsafeByte(end).isASCIIDigit
            isHex = isHex && text.unsafeByte(end).isASCIIHex
            end += 1
        }
        if isHex, hasDigit, end - start >= 12 {
            stream.append(Self.mark)
            return end
        }
        var inDigits = false
        for offset in start..<end {
            let byte = text.unsafeByte(offset)
            if !byte.isASCIIDigit {
                stream.append(byte)
            } else if !inDigits {
                stream.append(Self.mark)
            }
            inDigits = byte.isASCIIDigit
        }
        return end
    }

    /// The end of a UUID (8-4-4-4-12 hexadecimal digits) that starts at `start`.
    private static func uuidEnd(in text: RawSpan, from start: Int) -> Int? {
        let end = start + 36
        guard end <= text.byteCount, text.unsafeByte(start + 8) == UInt8(ascii: "-") else { return nil }
        for index in 0..<36 {
            let byte = text.unsafeByte(start + index)
            let isDash = index == 8 || index == 13 || index == 18 || index == 23
            guard isDash ? byte == UInt8(ascii: "-") : byte.isASCIIHex else { return nil }
        }
        return end
    }

    /// The end of a path that starts at `start`: a word with a `/` inside, up to white space or a quote.
    private static func pathEnd(in text: RawSpan, from start: Int) -> Int? {
        guard start == 0 || Self.endsPath(text.unsafeByte(start - 1)) else { return nil }
        var end = start
        var hasSlash = false
        while end < text.byteCount, !Self.endsPath(text.unsafeByte(end)) {
            hasSlash = hasSlash || text.unsafeByte(end) == UInt8(ascii: "/")
            end += 1
        }
        return hasSlash ? end : nil
    }

    private static func endsPath(_ byte: UInt8) -> Bool {
        switch byte {
        case 0...0x20, UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: ","),
            UInt8(ascii: ":"), UInt8(ascii: "`"):
            true
        default: false
        }
    }
}

/// A keyed hash that takes one byte at a time.
private struct HashStream {
    private let key: UInt64
    private var state: UInt64
    private var word: UInt64 = 0
    private var byteCount: UInt64 = 0

    init(key: UInt64) {
        self.key = key
        self.state = KeyedHash.mix(key ^ KeyedHash.primes.2, KeyedHash.primes.3)
    }

    mutating func append(_ byte: UInt8) {
        self.word = self.word << 8 | UInt64(byte)
        self.byteCount &+= 1
        if self.byteCount & 7 == 0 {
            // The word meets the key, not a constant: it cannot be chosen so that it erases the state.
            self.state = KeyedHash.mix(self.word ^ self.key, self.state ^ KeyedHash.primes.0)
            self.word = 0
        }
    }

    mutating func finish() -> UInt64 {
        KeyedHash.mix(self.state ^ self.word ^ KeyedHash.primes.1, self.byteCount ^ self.key ^ KeyedHash.primes.3) | 1
    }
}
