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
