/// What is remembered of one action: its last outcomes and how much was learnt since it was last taken.
struct ActionRecord {
    /// The last four outcomes, newest first: size of the result and 0 or a mark of the failure.
    private var sizes = SIMD4<Int32>(repeating: Outcome.none.resultByteCount)
    private var marks = SIMD4<UInt16>(repeating: 0)
    var action: UInt64
    /// When the action was last taken.
    var learning = Learning.Mark()
    /// Successful new edits of the session when the action was last taken.
    var editCount: UInt16 = 0
    var occurrenceCount: UInt8 = 1
    /// Failures in a row.
    var failureCount: UInt8 = 0
    /// The same in seconds since the epoch, without the bits beyond 32 (times come from senders).
    var second: UInt32 = 0

    init(action: UInt64) { self.action = action }

    /// How like the remembered outcomes `outcome` is. The newest outcome counts before older ones.
    func likeness(to outcome: Outcome) -> (likeness: Outcome.Likeness, isNewest: Bool) {
        let newest = self.outcome(0).likeness(to: outcome)
        if newest == .exact { return (.exact, true) }
        var best = newest
        for index in 1..<4 where best != .exact {
            let likeness = self.outcome(index).likeness(to: outcome)
            if likeness == .exact || best == .different { best = likeness }
        }
        return (best, best == newest)
    }

    /// The verdict, success or failure, is another than last time: that is news.
    func changesVerdict(_ outcome: Outcome) -> Bool {
        self.outcome(0).isFailure != outcome.isFailure
    }

    /// It has failed and it has succeeded of late.
    var isUndecided: Bool {
        var hasFailed = false
        var hasSucceeded = false
        for index in 0..<4 where self.outcome(index) != .none {
            if self.outcome(index).isFailure { hasFailed = true } else { hasSucceeded = true }
        }
        return hasFailed && hasSucceeded
    }

    mutating func add(_ outcome: Outcome) {
        // An outcome known moves to the front; a new one pushes the oldest out.
        var last = 3
        for index in 0..<4 where self.outcome(index) == outcome { last = min(last, index) }
        let (sizes, marks) = (self.sizes, self.marks)
        let isThirdKept = last < 2
        let isFourthKept = last < 3
        guard last > 0 else { return }
        self.sizes = SIMD4(
            outcome.resultByteCount,
            sizes[0],
            isThirdKept ? sizes[2] : sizes[1],
            isFourthKept ? sizes[3] : sizes[2]
        )
        self.marks = SIMD4(
            outcome.failure,
            marks[0],
            isThirdKept ? marks[2] : marks[1],
            isFourthKept ? marks[3] : marks[2]
        )
    }

    private func outcome(_ index: Int) -> Outcome {
        Outcome(resultByteCount: self.sizes[index], failure: self.marks[index])
    }
}

/// The last 22 actions of a session, least recently used first to go: finds repetitions in any order and in cycles of
/// up to 22 actions, whatever happens between them.
struct ActionMemory {
    static let capacity = 22

    /// Newest last; rotated in place once it is full.
    private var records: [ActionRecord] = []

    var count: Int { self.records.count }

    /// The record of `action`, moved to the newest place, and whether it was known.
    ///
    /// O(capacity): 22 comparisons of 8 bytes, no allocation once the memory is full.
    mutating func recall(_ action: UInt64) -> (record: ActionRecord, isKnown: Bool) {
        for index in self.records.indices.reversed() where self.records[index].action == action {
            return (self.records.remove(at: index), true)
        }
        return (ActionRecord(action: action), false)
    }

    /// Stores a record that ``recall(_:)`` handed out.
    mutating func store(_ record: ActionRecord) {
        // An array that grows by itself doubles, beyond what is ever used.
        if self.records.isEmpty { self.records.reserveCapacity(Self.capacity) }
        if self.records.count == Self.capacity { self.records.removeFirst() }
        self.records.append(record)
    }

    mutating func removeAll() { self.records.removeAll(keepingCapacity: true) }
}
