/// Remembers which items were taken, for a few minutes: the guard against resent bodies.
///
/// Two generations of an open-addressing set of 64-bit keyed hashes. A key is known for at least one generation and at
/// most two. With a million keys the chance that a new item is taken for an old one is below 10⁻¹³.
package struct RecentKeys: Sendable {
    private var current: KeySet
    private var previous: KeySet
    private var rotated: Timestamp
    private let generationSeconds: Double
    private let keyLimit: Int

    /// - Parameters:
    ///   - seconds: How long a key is known at least.
    ///   - keyLimit: Keys per generation; when reached, the older generation is dropped early.
    package init(seconds: Double, keyLimit: Int) {
        precondition(keyLimit > 0, "a key limit of \(keyLimit) remembers nothing")
        self.current = KeySet()
        self.previous = KeySet()
        self.rotated = .zero
        self.generationSeconds = seconds
        self.keyLimit = keyLimit
    }

    /// Inserts `key`. O(1); allocates only while the set grows.
    ///
    /// - Returns: `false` if the key was known: the item is a duplicate.
    package mutating func insert(_ key: UInt64, now: Timestamp) -> Bool {
        if now.seconds(since: self.rotated) > self.generationSeconds || self.current.count >= self.keyLimit {
            self.rotate(now: now)
        }
        if self.previous.contains(key) { return false }
        return self.current.insert(key)
    }

    package var count: Int { self.current.count + self.previous.count }

    /// All keys, older generation first: for the state file.
    package var keys: [UInt64] { self.previous.keys + self.current.keys }

    private mutating func rotate(now: Timestamp) {
        swap(&self.current, &self.previous)
        self.current.removeAll()
        self.rotated = now
    }
}

/// A set of non-zero 64-bit hashes with linear probing. Keeps its memory when emptied.
private struct KeySet: Sendable {
    /// 32 KiB: a small fleet never makes it grow.
    private static let slotCountMin = 4_096
    private var slots: [UInt64] = []
    private(set) var count = 0

    var keys: [UInt64] { self.slots.filter { $0 != 0 } }

    func contains(_ key: UInt64) -> Bool {
        guard !self.slots.isEmpty else { return false }
        return self.slots[self.slot(of: key)] != 0
    }

    mutating func insert(_ key: UInt64) -> Bool {
        if (self.count + 1) * 4 > self.slots.count * 3 { self.grow() }
        let index = self.slot(of: key)
        guard self.slots[index] == 0 else { return false }
        self.slots[index] = key | 1
        self.count += 1
        return true
    }

    mutating func removeAll() {
        guard self.count > 0 else { return }
        for index in self.slots.indices { self.slots[index] = 0 }
        self.count = 0
    }

    /// The slot that holds the key, or the free one where it belongs.
    private func slot(of key: UInt64) -> Int {
        let mask = self.slots.count - 1
        var index = Int(truncatingIfNeeded: key >> 1) & mask
        while self.slots[index] != 0, self.slots[index] != key | 1 { index = (index + 1) & mask }
        return index
    }

    private mutating func grow() {
        let old = self.slots
        self.slots = [UInt64](repeating: 0, count: Swift.max(Self.slotCountMin, old.count * 2))
        for key in old where key != 0 { self.slots[self.slot(of: key)] = key }
    }
}
