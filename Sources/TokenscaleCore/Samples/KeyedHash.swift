/// A 128-bit fingerprint of attacker-chosen bytes under a secret key. The all-zero value means "absent".
///
/// Identities of streams, requests and sessions are compared by this value instead of by their bytes. With 10⁹ live
/// identities the chance of an accidental collision is below 10⁻²⁰; a deliberate one needs the key, which never leaves
/// the process.
package struct Hash128: Hashable, Sendable {
    package var low: UInt64
    package var high: UInt64

    package init(low: UInt64, high: UInt64) {
        self.low = low
        self.high = high
    }

    package static let absent = Hash128(low: 0, high: 0)

    package var isAbsent: Bool { self.low == 0 && self.high == 0 }

    /// Combines parts regardless of their order: attributes are a set.
    @inlinable
    package mutating func combineUnordered(_ other: Hash128) {
        self.low &+= other.low
        self.high &+= other.high
    }

    /// Combines parts in order.
    @inline(__always)
    package func combined(with other: Hash128) -> Hash128 {
        let lows = KeyedHash.mix(self.low ^ KeyedHash.primes.0, other.low ^ KeyedHash.primes.1)
        let highs = KeyedHash.mix(self.high ^ KeyedHash.primes.2, other.high ^ KeyedHash.primes.3)
        // Each half depends on all four words: identities are also compared by the low half alone.
        return Hash128(low: KeyedHash.mix(lows ^ KeyedHash.primes.1, highs ^ KeyedHash.primes.0), high: lows &+ highs)
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(self.low) }
}

/// The process's keyed hash function, in the style of wyhash (multiply, fold the 128-bit product).
///
/// Two keys, both drawn by the executable. ``key`` identifies streams, requests and sessions; the state file carries it
/// over a restart. ``contentKey`` is for text that may hold commands, file names or prompts (`tool_input`, `error`, …),
/// which is hashed on arrival and dropped: that key is drawn anew by every process and never leaves it, so that a
/// fingerprint in an alert tells nothing, not even to somebody who holds the state file.
package struct KeyedHash: Sendable {
    package let key: UInt64
    private let contentKey: UInt64
    /// What the words of a text meet. Were these public constants, a text with the same words would erase the state,
    /// and with it the key: anybody could find texts of one fingerprint.
    private let lowSecret: UInt64
    private let highSecret: UInt64

    /// - Parameter contentKey: A second random number. Without it content is hashed under a key that follows from
    ///   `key`: enough for tests and for reading files, not for a process that writes a state file.
    package init(key: UInt64, contentKey: UInt64? = nil) {
        self.key = key
        self.contentKey = contentKey ?? Self.mix(key ^ Self.primes.2, Self.primes.3)
        self.lowSecret = Self.mix(key ^ Self.primes.0, Self.primes.1)
        self.highSecret = Self.mix(key ^ Self.primes.1, Self.primes.2)
    }

    /// The hash for a sender's content.
    package var content: KeyedHash { KeyedHash(key: self.contentKey, contentKey: self.contentKey) }

    /// Odd constants with balanced bits, from wyhash's default secret <https://github.com/wangyi-fudan/wyhash>.
    package static let primes: (UInt64, UInt64, UInt64, UInt64) = (
        0x2d35_8dcc_aa6c_78a5, 0x8bb8_4b93_962e_acc9, 0x4b33_a62e_d433_d4a3, 0x4d5a_2da5_1de1_aa47
    )

    @inline(__always)
    package static func mix(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let product = left.multipliedFullWidth(by: right)
        return product.high ^ product.low
    }

    /// The 128-bit fingerprint of `bytes`. Never ``Hash128/absent``.
    @inline(__always)
    package func hash128(_ bytes: RawSpan) -> Hash128 {
        var low = self.key ^ Self.primes.0
        var high = self.key &+ Self.primes.3
        let count = bytes.byteCount
        var offset = 0
        while offset &+ 16 <= count {
            let first = Self.word(bytes, at: offset)
            let second = Self.word(bytes, at: offset &+ 8)
            low = Self.mix(first ^ self.lowSecret, second ^ low)
            high = Self.mix(first ^ self.highSecret, second ^ high)
            offset &+= 16
        }
        if offset &+ 8 <= count {
            let word = Self.word(bytes, at: offset)
            low = Self.mix(word ^ self.lowSecret, low ^ Self.primes.2)
            high = Self.mix(word ^ self.highSecret, high ^ Self.primes.0)
            offset &+= 8
        }
        var tail: UInt64 = 0
        while offset < count {
            tail = tail << 8 | UInt64(unsafe bytes.unsafeLoad(fromUncheckedByteOffset: offset, as: UInt8.self))
            offset &+= 1
        }
        let length = UInt64(truncatingIfNeeded: count)
        low = Self.mix(low ^ tail ^ Self.primes.1, length ^ Self.primes.0)
        high = Self.mix(high ^ tail ^ Self.primes.3, length ^ Self.primes.2)
        return Hash128(low: low | 1, high: high)
    }

    /// The 64-bit fingerprint of `bytes`. Never 0, so that 0 can mean "absent".
    @inline(__always)
    package func hash64(_ bytes: RawSpan) -> UInt64 { self.hash128(bytes).low }

    /// The 64-bit fingerprint of a string: for names known at build time, and for tests.
    package func hash64(_ text: String) -> UInt64 {
        var text = text
        return text.withUTF8 { buffer in unsafe self.hash64(buffer.span.bytes) }
    }

    package func hash128(_ text: String) -> Hash128 {
        var text = text
        return text.withUTF8 { buffer in unsafe self.hash128(buffer.span.bytes) }
    }

    @inline(__always)
    private static func word(_ bytes: RawSpan, at offset: Int) -> UInt64 {
        unsafe bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self)
    }
}
