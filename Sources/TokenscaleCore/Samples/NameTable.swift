/// A fixed map from names to small values, looked up by the names' keyed fingerprint: no comparison of bytes.
///
/// Two different names have the same 128-bit fingerprint with probability 2⁻¹²⁸ for somebody who does not know the key
/// (see ``Hash128``). Lookup is one probe of an open-addressing table that is at most half full.
package struct NameTable<Value: Sendable>: Sendable {
    private struct Slot: Sendable {
        var fingerprint: Hash128
        var value: Value
    }

    private var slots: [Slot]
    private let mask: Int

    /// - Parameters:
    ///   - entries: A name that comes twice keeps its first value.
    ///   - fallback: What an unknown name means.
    package init(_ entries: [(name: String, value: Value)], fallback: Value, hash: KeyedHash) {
        var capacity = 8
        while capacity < entries.count * 2 { capacity *= 2 }
        self.mask = capacity - 1
        self.slots = Array(repeating: Slot(fingerprint: .absent, value: fallback), count: capacity)
        for entry in entries {
            let fingerprint = hash.hash128(entry.name)
            var index = self.home(of: fingerprint)
            while !self.slots[index].fingerprint.isAbsent, self.slots[index].fingerprint != fingerprint {
                index = (index + 1) & self.mask
            }
            if self.slots[index].fingerprint.isAbsent {
                self.slots[index] = Slot(fingerprint: fingerprint, value: entry.value)
            }
        }
    }

    /// The value of the name with this fingerprint, or the fallback.
    @inline(__always)
    package subscript(fingerprint: Hash128) -> Value {
        var index = self.home(of: fingerprint)
        while true {
            let slot = self.slots[index]
            // An absent slot holds the fallback.
            if slot.fingerprint == fingerprint || slot.fingerprint.isAbsent { return slot.value }
            index = (index &+ 1) & self.mask
        }
    }

    @inline(__always)
    private func home(of fingerprint: Hash128) -> Int {
        Int(truncatingIfNeeded: fingerprint.high) & self.mask
    }
}
