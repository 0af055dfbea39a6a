/// What one LLM round says about being stuck. The table of the detector: every observation maps to exactly one kind,
/// every kind has one weight per detail level (``DetectionConfiguration``) and one sentence that explains it.
package enum EvidenceKind: UInt8, CaseIterable, Sendable {
    // For being stuck.
    case sameOutcome
    case nearOutcome
    case sameOutcomeAfterEdit
    case sameFailure
    case similarFailure
    case otherFailure
    case sameTinyResult
    case planning
    case repeatedEdit
    case waitSameOutcome
    case waitFailure
    case noTool
    case noToolSameLength
    case blockedByHook
    case deniedAgain
    case childRepeats
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

    /// One sentence for the evidence trail.
    package var reason: String {
        switch self {
        case .sameOutcome: "an action seen before left exactly the same outcome"
        case .nearOutcome: "an action seen before left nearly the same outcome"
        case .sameOutcomeAfterEdit: "the same outcome again, but files were changed in between"
        case .sameFailure: "the same tool failed in the same way again, with nothing achieved in between"
        case .similarFailure: "the same tool failed again in a similar way"
        case .otherFailure: "the same tool failed again, differently"
        case .sameTinyResult: "another call of the same tool returned the same tiny result"
        case .planning: "only the plan was rewritten"
        case .repeatedEdit: "an edit made before was made again"
        case .waitSameOutcome: "a waiting call found nothing changed"
        case .waitFailure: "a waiting call failed again"
        case .noTool: "the model answered without calling a tool and was called again"
        case .noToolSameLength: "the model gave an answer of the same length again, without calling a tool"
        case .blockedByHook: "a Stop hook sent the model back to work"
        case .deniedAgain: "a call was rejected by the rules again"
        case .childRepeats: "a subagent did and failed at the same as the one before"
        case .apiErrorFirst: "a request to the model failed for good"
        case .apiErrorAgain: "requests to the model keep failing with the same status"
        case .refusal: "the model refused"
        case .compactionSoon: "the context was compacted again after a few rounds"
        case .compactionFailed: "compaction failed"
        case .sameTinyOutput: "another command did its work and printed the same tiny output"
        case .changedOutcome: "an action seen before had a new outcome"
        case .changedVerdict: "a command that failed succeeded, or the other way round"
        case .experiment: "a command whose verdict changes was run again: its result is news either way"
        case .waitChangedOutcome: "a waiting call found something changed"
        case .newAction: "a new action succeeded"
        case .newWait: "a new wait began"
        case .newFailure: "a new action failed"
        case .newEdit: "a file was changed in a new way"
        case .commit: "work was committed"
        case .person: "a person took part"
        case .neutral: "nothing can be concluded"
        }
    }

    /// How much a round of this kind teaches, from 0 to 1. A repetition proves little after rounds that taught much.
    var learning: Float {
        switch self {
        case .newAction, .newEdit, .commit, .changedOutcome, .changedVerdict, .experiment, .person: 1
        case .newFailure, .newWait, .waitChangedOutcome: 0.5
        case .otherFailure: 0.3
        case .sameTinyOutput: 0.7
        default: 0
        }
    }

    /// The pattern that a round of this kind speaks for.
    var pattern: LoopPattern {
        switch self {
        case .sameFailure, .similarFailure, .otherFailure, .waitFailure: .failingAction
        case .sameTinyResult, .planning: .parameterDrift
        case .repeatedEdit: .editFlipFlop
        case .waitSameOutcome: .pollForever
        case .noTool, .noToolSameLength, .blockedByHook: .textOnly
        case .deniedAgain: .permissionDenied
        case .childRepeats: .subagentRespawn
        case .apiErrorFirst, .apiErrorAgain: .apiError
        case .refusal: .refusal
        case .compactionSoon, .compactionFailed: .compaction
        default: .identicalAction
        }
    }
}

extension ToolKind {
    /// Looks for something; not finding it is ordinary.
    var isSearch: Bool {
        switch self {
        case .read, .glob, .grep, .list, .webFetch, .webSearch: true
        default: false
        }
    }
}

extension EvidenceKind {
    /// Evidence that healthy searching, planning or waiting does not give.
    var isHard: Bool {
        switch self {
        case .sameTinyResult, .planning, .waitSameOutcome, .otherFailure, .sameOutcomeAfterEdit:
            false
        default: true
        }
    }
}
