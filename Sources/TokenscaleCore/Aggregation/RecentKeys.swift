/// Remembers which items were taken, for a few minutes: the guard against resent bodies.
///
/// Two generations of an open-addressing set of 64-bit keyed hashes. A key is known for at least one generation and at
/// most two. With a million keys the chance that a new item is taken for an old one is below 10⁻¹³.
package struct RecentKeys: Sendable {
    private var current: KeySet
    private var previous: KeySet
    /// When a key was inserted last, and how much time had passed then since the last change of generations. Of the
    /// time between two insertions little is counted: a clock that is set forgets nothing.
    private var lastInsertion: Timestamp
    private var age: Int64
    private let ageMax: Int64
    private let pauseMax: Int64
    private let keyLimit: Int

    /// A clock that is set takes this part of a generation's length from it.
    private static let pausesPerGeneration: Int64 = 32
    /// About thirty years.
    private static let secondsMax = 1e9

    /// - Parameters:
    ///   - seconds: How long a key is known at least.
    ///   - keyLimit: Keys per generation; when reached, the older generation is dropped early.
    package init(seconds: Double, keyLimit: Int) {
        precondition(0...Self.secondsMax ~= seconds, "keys that are known for \(seconds) s")
        precondition(keyLimit > 0, "a key limit of \(keyLimit) remembers nothing")
        self.current = KeySet()
        self.previous = KeySet()
        self.lastInsertion = .zero
        self.age = 0
        self.ageMax = Int64(seconds * 1e9)
        self.pauseMax = self.ageMax / Self.pausesPerGeneration
        self.keyLimit = keyLimit
    }

    /// Inserts `key`. O(1); allocates only while the set grows.
    ///
    /// - Returns: `false` if the key was known: the item is a duplicate.
    package mutating func insert(_ key: UInt64, now: Timestamp) -> Bool {
        let pause = now.nanoseconds &- self.lastInsertion.nanoseconds
        self.lastInsertion = now
        self.age &+= Swift.min(Swift.max(pause, 0), self.pauseMax)
        if self.age > self.ageMax || self.current.count >= self.keyLimit { self.rotate() }
        if self.previous.contains(key) { return false }
        return self.current.insert(key)
    }

    package var count: Int { self.current.count + self.previous.count }

    /// All keys, older generation first: for the state file.
    package var keys: [UInt64] { self.previous.keys + self.current.keys }

    private mutating func rotate() {
        swap(&self.current, &self.previous)
        self.current.removeAll()
        self.age = 0
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
