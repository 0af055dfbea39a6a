/// Objects of one kind by name, with the bookkeeping of a list that comes in pages.
struct ObjectTable<Value: Equatable> {
    private var byName: [ObjectName: Value] = [:]
    /// Names of the list that is coming in; `nil` between lists.
    private var seen: Set<ObjectName>?

    var count: Int { self.byName.count }
    var values: some Collection<Value> { self.byName.values }
    var entries: some Collection<(key: ObjectName, value: Value)> { self.byName }
    subscript(name: ObjectName) -> Value? { self.byName[name] }

    mutating func beginList() { self.seen = [] }

    mutating func endList() {
        guard let seen = self.seen.take() else { return }
        for name in self.byName.keys where !seen.contains(name) { self.byName[name] = nil }
    }

    /// - Returns: whether it is new or different: a status that is written anew every few seconds changes nothing here.
    mutating func put(_ name: ObjectName, _ value: Value) -> Bool {
        self.seen?.insert(name)
        guard self.byName[name] != value else { return false }
        self.byName[name] = value
        return true
    }

    mutating func delete(_ name: ObjectName) { self.byName[name] = nil }
}
