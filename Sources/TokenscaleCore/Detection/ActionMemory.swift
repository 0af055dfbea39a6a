/// What is remembered of one action: its last outcomes and how much was learnt since it was last taken.
struct ActionRecord {
    var action: UInt64
    /// The newest first.
    var outcomes: (Outcome, Outcome, Outcome) = (.none, .none, .none)
    /// The session's learning (``SessionDetector``) when the action was last taken.
    var learning: Float = 0
    var round: UInt32 = 0
    /// Successful new edits of the session when the action was last taken.
    var editCount: UInt32 = 0
    var occurrenceCount: UInt16 = 1
    /// Failures in a row.
    var failureCount: UInt16 = 0

    init(action: UInt64) { self.action = action }

    /// How like the remembered outcomes `outcome` is. The newest outcome counts before older ones.
    func likeness(to outcome: Outcome) -> (likeness: Outcome.Likeness, isNewest: Bool) {
        let newest = self.outcomes.0.likeness(to: outcome)
        if newest == .exact { return (.exact, true) }
        if self.outcomes.1.likeness(to: outcome) == .exact || self.outcomes.2.likeness(to: outcome) == .exact {
            return (.exact, false)
        }
        if newest == .near { return (.near, true) }
        let isNear =
            self.outcomes.1.likeness(to: outcome) == .near || self.outcomes.2.likeness(to: outcome) == .near
        return (isNear ? .near : .different, false)
    }

    mutating func add(_ outcome: Outcome) {
        if self.outcomes.0 == outcome { return }
        if self.outcomes.1 == outcome {
            self.outcomes = (outcome, self.outcomes.0, self.outcomes.2)
        } else {
            self.outcomes = (outcome, self.outcomes.0, self.outcomes.1)
        }
    }
}

/// The last 32 actions of a session, least recently used first to go: finds repetitions in any order and in cycles of
/// up to 32 actions, whatever happens between them.
struct ActionMemory {
    static let capacity = 32

    /// Newest last; grows to `capacity` once and is then rotated in place.
    private var records: [ActionRecord] = []

    var count: Int { self.records.count }

    /// The record of `action`, moved to the newest place, and whether it was known.
    ///
    /// O(capacity): 32 comparisons of 8 bytes, no allocation once the memory is full.
    mutating func recall(_ action: UInt64) -> (record: ActionRecord, isKnown: Bool) {
        for index in self.records.indices.reversed() where self.records[index].action == action {
            return (self.records.remove(at: index), true)
        }
        return (ActionRecord(action: action), false)
    }

    /// Stores a record that ``recall(_:)`` handed out.
    mutating func store(_ record: ActionRecord) {
        if self.records.count == Self.capacity { self.records.removeFirst() }
        self.records.append(record)
    }

    mutating func removeAll() { self.records.removeAll(keepingCapacity: true) }
}
