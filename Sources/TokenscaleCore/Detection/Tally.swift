/// What a sum beside the session's added up: since when, how often, by which tool the last time, and what was spent.
///
/// Small, because a session has three: whole seconds since 1970 up to 2106, and counts that stop at 65,535.
struct Tally {
    private var onsetSecond: UInt32 = 0
    private var newestSecond: UInt32 = 0
    private(set) var expense = Expense()
    private(set) var count: UInt16 = 0
    /// New edits of files and commits meanwhile.
    private(set) var editCount: UInt16 = 0
    private(set) var commitCount: UInt16 = 0
    private(set) var tool: ToolKind = .other

    var isOpen: Bool { self.count > 0 }
    var onset: Timestamp { Timestamp(seconds: Int64(self.onsetSecond)) }
    var newest: Timestamp { Timestamp(seconds: Int64(self.newestSecond)) }

    mutating func add(_ tool: ToolKind = .other, at time: Timestamp) {
        let second = UInt32(clamping: time.second)
        if !self.isOpen { self.onsetSecond = second }
        self.newestSecond = max(self.newestSecond, second)
        self.count = self.count.nextClamped
        self.tool = tool
    }

    mutating func passRound() { if self.isOpen { self.expense.passRound() } }

    mutating func spend(_ tokens: TokenCounts, costMicroUSD: Int64) {
        if self.isOpen { self.expense.add(tokens, costMicroUSD: costMicroUSD) }
    }

    mutating func noteEdit() { if self.isOpen { self.editCount = self.editCount.nextClamped } }

    mutating func noteCommit() { if self.isOpen { self.commitCount = self.commitCount.nextClamped } }
}
