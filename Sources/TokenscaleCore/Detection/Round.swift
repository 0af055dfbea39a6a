/// One LLM round while its evidence is collected: a model request and the tool calls it asked for.
///
/// Claude Code logs a fast tool's result before the request that asked for it, a slow tool's result after; rounds are
/// therefore joined by `request_id` where the sender gives it, and by order where it does not.
struct Round {
    var agent: UInt64
    var request: UInt64
    var evidence: Float = 0
    var learning: Float = 0
    var strongest: Float = 0
    var weightedTokens: Float = 0
    var evidenceCount: UInt16 = 0
    var kind: EvidenceKind = .neutral
    var tool: ToolKind = .other
    var isMain = true
    var hasRequest = false
    var hasTool = false
    var hasFailure = false
    var isWoken = false
    var responseLength: Int32 = -1
    var outputTokens: Int32 = 0
    var action: UInt64 = 0

    init(agent: UInt64, request: UInt64) {
        self.agent = agent
        self.request = request
    }

    mutating func add(_ kind: EvidenceKind, _ evidence: Float, _ observation: Observation) {
        self.evidence += evidence
        self.learning += kind.learning
        self.evidenceCount &+= 1
        guard abs(evidence) > self.strongest || self.evidenceCount == 1 else { return }
        self.strongest = abs(evidence)
        self.kind = kind
        self.tool = observation.tool
        self.action = observation.action
    }

    /// The mean over the round's calls: ten parallel calls are one decision of the model, not ten.
    var meanEvidence: Float { self.evidenceCount == 0 ? 0 : self.evidence / Float(self.evidenceCount) }
    var meanLearning: Float { self.evidenceCount == 0 ? 0 : self.learning / Float(self.evidenceCount) }
}

/// What happened since the evidence began to accumulate: for the alert's text.
struct Episode {
    var onset: Timestamp = .zero
    var lastEvidence: Timestamp = .zero
    var roundCount: UInt32 = 0
    var repeatCount: UInt32 = 0
    var failureCount: UInt32 = 0
    var editCount: UInt32 = 0
    var commitCount: UInt32 = 0
    var tokens = TokenCounts()
    var costMicroUSD: Int64 = 0
    /// Nats of evidence that cannot come from healthy searching or waiting.
    var hardEvidence: Float = 0
    var strongest: Float = 0
    var kind: EvidenceKind = .neutral
    var tool: ToolKind = .other
    var action: UInt64 = 0
    /// The action of the newest evidence, and how much of the evidence repeated the action of the evidence before.
    var lastAction: UInt32 = 0
    var sameActionCount: UInt32 = 0

    /// One action comes back, rather than several in turn.
    var hasOneAction: Bool { 2 * (self.sameActionCount + 1) >= self.repeatCount }

    var isOpen: Bool { self.onset != .zero }
}
