/// What happened since the evidence began to accumulate: for the alert's text.
struct Episode {
    private(set) var onset: Timestamp = .zero
    private(set) var lastEvidence: Timestamp = .zero
    private(set) var expense = Expense()
    private(set) var repeatCount: UInt32 = 0
    var failureCount: UInt32 = 0
    var editCount: UInt16 = 0
    var commitCount: UInt16 = 0
    /// Nats of evidence that cannot come from healthy searching or waiting.
    private(set) var hardEvidence: Float = 0
    private var strongest: Float = 0
    private(set) var kind: EvidenceKind = .neutral
    private(set) var tool: ToolKind = .other
    private(set) var action: UInt64 = 0
    /// The action of the newest evidence, and how much of the evidence repeated the action of the evidence before.
    private var lastAction: UInt32 = 0
    private var sameActionCount: UInt32 = 0

    var isOpen: Bool { self.onset != .zero }

    /// One action comes back, rather than several in turn.
    var hasOneAction: Bool { 2 * (Int(self.sameActionCount) + 1) >= Int(self.repeatCount) }

    /// What the strongest evidence speaks for: several actions in turn are a cycle.
    var pattern: LoopPattern {
        let pattern = self.kind.pattern
        return pattern == .identicalAction && !self.hasOneAction ? .cycle : pattern
    }

    mutating func passRound() { if self.isOpen { self.expense.passRound() } }

    mutating func spend(_ tokens: TokenCounts, costMicroUSD: Int64) {
        if self.isOpen { self.expense.add(tokens, costMicroUSD: costMicroUSD) }
    }

    /// Evidence for being stuck, in nats; it opens the episode.
    mutating func add(_ evidence: Float, _ kind: EvidenceKind, _ tool: ToolKind, _ action: UInt64, at time: Timestamp) {
        if !self.isOpen {
            self = Episode()
            self.onset = time
        }
        self.lastEvidence = time
        self.repeatCount &+= 1
        let mark = UInt32(truncatingIfNeeded: action)
        if mark == self.lastAction, self.repeatCount > 1 { self.sameActionCount &+= 1 }
        self.lastAction = mark
        if kind.isHard { self.hardEvidence += evidence }
        guard evidence >= self.strongest else { return }
        self.strongest = evidence
        self.kind = kind
        self.tool = tool
        self.action = action
    }
}
