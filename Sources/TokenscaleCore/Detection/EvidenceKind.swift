/// What one LLM round says about being stuck. Every round is taken for exactly one kind; ``EvidenceRow`` tells what the
/// kind weighs and means. In the table's order.
package enum EvidenceKind: UInt8, CaseIterable, Sendable {
    // For being stuck: calls that achieve nothing.
    case sameOutcome
    case nearOutcome
    case sameOutcomeAfterEdit
    case sameFailure
    case similarFailure
    case otherFailure
    case sameTinyResult
    case reread
    case planning
    case repeatedEdit
    case waitSameOutcome
    case waitFailure
    case deniedAgain
    case childRepeats
    // Requests to the model that come to nothing.
    case noTool
    case noToolSameLength
    case sameAnswerLater
    case blockedByHook
    case apiErrorFirst
    case apiErrorAgain
    case refusal
    case compactionSoon
    case compactionFailed
    // Against it.
    case sameTinyOutput
    case changedOutcome
    case changedVerdict
    case experiment
    case waitChangedOutcome
    case newAction
    case newWait
    case newFailure
    case newEdit
    case commit
    case person
    // Says nothing.
    case neutral

    var row: EvidenceRow { EvidenceRow.all[Int(self.rawValue)] }

    /// One sentence for the evidence trail.
    package var reason: String { self.row.reason }
    /// How much such a round teaches, from 0 to 1.
    package var learning: Float { self.row.learning }
    var pattern: LoopPattern { self.row.pattern }
    var isHard: Bool { self.row.isHard }
}

/// A kind of evidence and the share of its weight that counts, mostly 1.
struct Judgement {
    var kind: EvidenceKind
    var factor: Float = 1

    init(_ kind: EvidenceKind, _ factor: Float = 1) {
        self.kind = kind
        self.factor = factor
    }

    static let neutral = Judgement(.neutral, 0)
}

/// The weight of one kind of evidence, in nats (log-likelihood ratio of stuck against healthy).
package struct EvidenceWeight: Equatable, Sendable {
    /// With `OTEL_LOG_TOOL_DETAILS=1`.
    package var detailed: Float
    /// Without: tool names and sizes only.
    package var sizesOnly: Float

    package init(_ detailed: Float, _ sizesOnly: Float) {
        self.detailed = detailed
        self.sizesOnly = sizesOnly
    }
}
