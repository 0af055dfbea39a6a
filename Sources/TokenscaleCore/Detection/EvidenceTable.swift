/// The detector's table: what a round may show, what that weighs, what it teaches, and the sentence that explains it.
///
/// Which row a round is taken for is decided in `SessionDetector+Calls.swift` (tool calls) and
/// `SessionDetector+Events.swift` (everything else). The "Detection" page of the documentation prints this table.
struct EvidenceRow {
    let kind: EvidenceKind
    let weight: EvidenceWeight
    /// What kind of loop it speaks for.
    let pattern: LoopPattern
    /// Healthy searching, planning and waiting do not give it: it may wake somebody.
    let isHard: Bool
    /// How much such a round teaches, from 0 to 1. A repetition proves little after rounds that taught much.
    let learning: Float
    let reason: String

    private init(
        _ kind: EvidenceKind,
        detailed: Float,
        sizesOnly: Float,
        _ pattern: LoopPattern = .identicalAction,
        isHard: Bool = true,
        learning: Float = 0,
        _ reason: String
    ) {
        self.kind = kind
        self.weight = EvidenceWeight(detailed, sizesOnly)
        self.pattern = pattern
        self.isHard = isHard
        self.learning = learning
        self.reason = reason
    }

    // Two lines a row.
    // swift-format-ignore
    static let all: [EvidenceRow] = [
        // Calls that achieve nothing.
        EvidenceRow(.sameOutcome, detailed: 2.1, sizesOnly: 0.9, .identicalAction,
            "an action seen before left exactly the same outcome"),
        EvidenceRow(.nearOutcome, detailed: 1.75, sizesOnly: 0.4, .identicalAction,
            "an action seen before left nearly the same outcome"),
        EvidenceRow(.sameOutcomeAfterEdit, detailed: 0.2, sizesOnly: 0.1, .identicalAction, isHard: false,
            "the same outcome again, but files were changed in between"),
        EvidenceRow(.sameFailure, detailed: 2.1, sizesOnly: 2.05, .failingAction,
            "the same tool failed in the same way again, with nothing achieved in between"),
        EvidenceRow(.similarFailure, detailed: 1.15, sizesOnly: 1, .failingAction,
            "the same tool failed again in a similar way"),
        EvidenceRow(.otherFailure, detailed: 0.5, sizesOnly: 0.3, .failingAction, isHard: false, learning: 0.3,
            "the same tool failed again, differently"),
        EvidenceRow(.sameTinyResult, detailed: 0.6, sizesOnly: 0.4, .parameterDrift, isHard: false,
            "another call of the same tool returned the same tiny result"),
        EvidenceRow(.reread, detailed: 0.2, sizesOnly: 0, .parameterDrift, isHard: false,
            "a file was read that had been read often, and nothing was changed in between"),
        EvidenceRow(.planning, detailed: 0.38, sizesOnly: 0.38, .parameterDrift, isHard: false,
            "only the plan was rewritten"),
        EvidenceRow(.repeatedEdit, detailed: 2.05, sizesOnly: 0, .editFlipFlop,
            "an edit made before was made again"),
        EvidenceRow(.waitSameOutcome, detailed: 0.15, sizesOnly: 0.15, .pollForever, isHard: false,
            "a waiting call found nothing changed"),
        EvidenceRow(.waitFailure, detailed: 0.6, sizesOnly: 0.6, .failingAction,
            "a waiting call failed again"),
        EvidenceRow(.deniedAgain, detailed: 2.05, sizesOnly: 2.05, .permissionDenied,
            "a call was rejected by the rules again"),
        EvidenceRow(.childRepeats, detailed: 2.05, sizesOnly: 2.05, .subagentRespawn,
            "a subagent did and failed at the same as the one before"),

        // Requests to the model that come to nothing.
        EvidenceRow(.noTool, detailed: 0.45, sizesOnly: 0.45, .textOnly,
            "the model answered without calling a tool and was called again"),
        EvidenceRow(.noToolSameLength, detailed: 2, sizesOnly: 2, .textOnly,
            "the model gave an answer of the same length again, without calling a tool"),
        EvidenceRow(.sameAnswerLater, detailed: 0.5, sizesOnly: 0.5, .textOnly, isHard: false,
            "the same prompt came again after a while and got an answer of the same length, without a tool"),
        EvidenceRow(.blockedByHook, detailed: 0.3, sizesOnly: 0.3, .textOnly,
            "a Stop hook sent the model back to work"),
        EvidenceRow(.apiErrorFirst, detailed: 0.3, sizesOnly: 0.3, .apiError,
            "a request to the model failed for good"),
        EvidenceRow(.apiErrorAgain, detailed: 1.4, sizesOnly: 1.4, .apiError,
            "requests to the model keep failing with the same status"),
        EvidenceRow(.refusal, detailed: 1.5, sizesOnly: 1.5, .refusal,
            "the model refused"),
        EvidenceRow(.compactionSoon, detailed: 2.7, sizesOnly: 2.7, .compaction,
            "the context was compacted again after a few rounds"),
        EvidenceRow(.compactionFailed, detailed: 1.2, sizesOnly: 1.2, .compaction,
            "compaction failed"),

        // What speaks for work that goes on.
        EvidenceRow(.sameTinyOutput, detailed: -0.2, sizesOnly: -0.2, learning: 0.7,
            "another command did its work and printed the same tiny output"),
        EvidenceRow(.changedOutcome, detailed: -0.8, sizesOnly: -0.4, learning: 1,
            "an action seen before had a new outcome"),
        EvidenceRow(.changedVerdict, detailed: -3, sizesOnly: -2, learning: 1,
            "a command that failed succeeded, or the other way round"),
        EvidenceRow(.experiment, detailed: -0.3, sizesOnly: -0.3, learning: 1,
            "a command whose verdict changes was run again: its result is news either way"),
        EvidenceRow(.waitChangedOutcome, detailed: -0.3, sizesOnly: -0.3, learning: 0.5,
            "a waiting call found something changed"),
        EvidenceRow(.newAction, detailed: -1.5, sizesOnly: -1.5, learning: 1,
            "a new action succeeded"),
        EvidenceRow(.newWait, detailed: -0.8, sizesOnly: -0.8, learning: 0.5,
            "a new wait began"),
        EvidenceRow(.newFailure, detailed: -0.7, sizesOnly: -0.7, learning: 0.5,
            "a new action failed"),
        EvidenceRow(.newEdit, detailed: -4, sizesOnly: -2.5, learning: 1,
            "a file was changed in a new way"),
        EvidenceRow(.commit, detailed: -8, sizesOnly: -8, learning: 1,
            "work was committed"),
        EvidenceRow(.person, detailed: -3, sizesOnly: -3, learning: 1,
            "a person took part"),
        EvidenceRow(.neutral, detailed: 0, sizesOnly: 0, learning: 0,
            "nothing can be concluded"),
    ]
}
