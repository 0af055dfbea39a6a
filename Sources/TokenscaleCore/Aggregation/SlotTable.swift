/// A dense store of values that are found by key or by slot number. Freed slots are used again.
struct SlotTable<Value: Sendable>: Sendable {
    private var values: [Value] = []
    private var isUsed: [Bool] = []
    private var free: [Int] = []
    private var index: [Hash128: Int] = [:]
    /// What a freed slot holds, so that the old value's memory goes.
    private let vacant: Value

    init(vacant: Value) { self.vacant = vacant }

    var count: Int { self.index.count }

    /// Slot numbers in use, ascending.
    var slots: [Int] { self.values.indices.filter { self.isUsed[$0] } }

    func slot(of key: Hash128) -> Int? { self.index[key] }

    mutating func insert(_ value: Value, key: Hash128) -> Int {
        precondition(self.index[key] == nil, "a key is inserted once")
        let slot: Int
        if let last = self.free.popLast() {
            slot = last
            self.values[slot] = value
            self.isUsed[slot] = true
        } else {
            slot = self.values.count
            self.values.append(value)
            self.isUsed.append(true)
        }
        self.index[key] = slot
        return slot
    }

    mutating func remove(slot: Int, key: Hash128) {
        precondition(self.isUsed[slot], "slot \(slot) is free")
        self.values[slot] = self.vacant
        self.isUsed[slot] = false
        self.index[key] = nil
        self.free.append(slot)
    }

    /// The value in a used slot, changed in place.
    subscript(slot: Int) -> Value {
        _read {
            assert(self.isUsed[slot], "slot \(slot) is free")
            yield self.values[slot]
        }
        _modify {
            assert(self.isUsed[slot], "slot \(slot) is free")
            yield &self.values[slot]
        }
    }
}
