/// Finds the place of a value in an array by key, and gives freed places out again. The array is the caller's, so that
/// values are changed in place without a detour.
struct SlotIndex: Sendable {
    private var index: [Hash128: Int] = [:]
    private var free: [Int] = []
    private var isUsed: [Bool] = []
    /// What was asked for last: the items of a request mostly belong to one pod and one session.
    private var last: (key: Hash128, slot: Int)?

    var count: Int { self.index.count }

    /// Slots in use, ascending.
    var slots: [Int] { self.isUsed.indices.filter { self.isUsed[$0] } }

    func isUsed(slot: Int) -> Bool { self.isUsed[slot] }

    mutating func slot(of key: Hash128) -> Int? {
        if let last = self.last, last.key == key { return last.slot }
        guard let slot = self.index[key] else { return nil }
        self.last = (key, slot)
        return slot
    }

    /// Stores `value` in a free place of `values`.
    mutating func insert<Value>(_ value: Value, key: Hash128, into values: inout [Value]) -> Int {
        precondition(self.index[key] == nil, "a key is inserted once")
        precondition(values.count == self.isUsed.count, "one array belongs to one index")
        if let slot = self.free.popLast() {
            values[slot] = value
            self.isUsed[slot] = true
            self.index[key] = slot
            return slot
        }
        values.append(value)
        self.isUsed.append(true)
        self.index[key] = values.count - 1
        return values.count - 1
    }

    /// Frees a place.
    ///
    /// - Parameter vacant: What the place holds until it is used again, so that the old value's memory goes.
    mutating func remove<Value>(slot: Int, key: Hash128, from values: inout [Value], vacant: Value) {
        precondition(self.isUsed[slot], "slot \(slot) is free")
        values[slot] = vacant
        self.isUsed[slot] = false
        self.index[key] = nil
        self.last = nil
        self.free.append(slot)
    }
}
