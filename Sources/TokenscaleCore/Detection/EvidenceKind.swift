/// What one LLM round says about being stuck. The table of the detector: every observation maps to exactly one kind,
/// every kind has one weight per detail level (``DetectionConfiguration``) and one sentence that explains it.
package enum EvidenceKind: UInt8, CaseIterable, Sendable {
    // For being stuck.
    case sameOutcome
    case nearOutcome
    case sameFailure
    case repeatedFailure
    case sameTinyResult
    case repeatedEdit
    case waitSameOutcome
    case noTool
    case noToolSameLength
    case blockedByHook
    case deniedAgain
    case childRepeats
    case apiErrorAgain
    case refusal
    case compactionSoon
    case compactionFailed
    // Against it.
    case changedOutcome
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
        case .sameFailure: "the same tool failed in the same way again"
        case .repeatedFailure: "the same tool failed again, differently"
        case .sameTinyResult: "another call of the same tool returned the same tiny result"
        case .repeatedEdit: "an edit made before was made again"
        case .waitSameOutcome: "a waiting call found nothing changed"
        case .noTool: "the model answered without calling a tool and was called again"
        case .noToolSameLength: "the model gave an answer of the same length again, without calling a tool"
        case .blockedByHook: "a Stop hook sent the model back to work"
        case .deniedAgain: "a call was rejected by the rules again"
        case .childRepeats: "a subagent did and failed at the same as the one before"
        case .apiErrorAgain: "the API failed with the same status"
        case .refusal: "the model refused"
        case .compactionSoon: "the context was compacted again after a few rounds"
        case .compactionFailed: "compaction failed"
        case .changedOutcome: "an action seen before had a new outcome"
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
}
