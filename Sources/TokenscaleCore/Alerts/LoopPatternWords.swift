/// What each pattern means, as the first clause of the evidence.
enum LoopPatternWords {
    static func sentence(_ evidence: AlertEvidence, duration: String) -> String {
        let pattern = LoopPattern.allCases.first { $0.name == evidence.pattern }
        let tool = evidence.tool.prefix(1).uppercased() + evidence.tool.dropFirst()
        let rounds = NumberText.counted(evidence.roundCount, "round")
        let repeats = "\(evidence.repeatCount > 0 ? evidence.repeatCount : evidence.roundCount) times in \(duration)"
        let failures = evidence.failureCount > 0 ? evidence.failureCount : evidence.repeatCount
        let known = !evidence.actionHash.isEmpty
        let isGroup = evidence.sessionCount > 1
        let arguments =
            known ? "the same arguments" : isGroup ? "each session's own arguments" : "arguments of the same size"
        switch pattern {
        case .identicalAction: return "\(tool) ran \(repeats) with \(arguments) and the same result"
        case .failingAction:
            // Some of the evidence may be of successes that changed nothing, some failures of other tools.
            let count = evidence.repeatCount > 0 ? min(failures, evidence.repeatCount) : failures
            return "\(tool) failed \(count) times in \(duration) with the same error\(known ? " and arguments" : "")"
        case .cycle: return "The same few tool calls came back in turn \(repeats)"
        case .parameterDrift: return "\(tool) ran \(repeats) with changing arguments and nothing new in the results"
        case .editFlipFlop where evidence.isPossible:
            return
                "Each of the last \(evidence.repeatCount) exports removed exactly the lines it added, for \(duration)"
        case .editFlipFlop: return "The same edits were made and undone \(repeats)"
        case .verificationFailure: return "The same check failed \(failures) times in \(duration) in spite of edits"
        case .textOnly where evidence.roundCount == 0:
            return "The same prompt got the same answer \(repeats), without a tool"
        case .textOnly: return "\(rounds) in \(duration) without a tool that ran and without a new prompt"
        case .permissionDenied: return "\(tool) was denied \(repeats) by configuration or a hook"
        case .apiError: return "Model requests failed \(failures) times in \(duration)"
        case .refusal: return "The model refused \(repeats)"
        case .compaction: return "The conversation was compacted \(repeats)"
        case .subagentRespawn: return "The same subagent was started \(repeats)"
        case .restart: return "The agent was started again \(repeats) and ended in the same way"
        case .pollForever: return "\(tool) polled \(repeats) and nothing changed"
        case .noProgress: return "\(rounds) in \(duration) without an edit, a commit or a finished subagent"
        case .silentTurn: return "A turn is open, and nothing was heard of it for \(duration)"
        case .metricsOnly: return "Tokens flow in the same proportions for \(duration)"
        case nil: return "\(rounds) in \(duration) without progress"
        }
    }
}
