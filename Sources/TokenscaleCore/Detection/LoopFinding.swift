/// How sure and how urgent a finding is.
package enum LoopSeverity: UInt8, Comparable, CaseIterable, Sendable {
    /// Shown in detail views only.
    case info
    /// Notify a channel. The session counts as stuck.
    case warning
    /// Wake somebody.
    case critical

    package var name: String {
        switch self {
        case .info: "info"
        case .warning: "warning"
        case .critical: "critical"
        }
    }

    package static func < (left: LoopSeverity, right: LoopSeverity) -> Bool { left.rawValue < right.rawValue }
}

/// What kind of loop the dominant evidence describes: the `pattern` label of metrics and alerts.
package enum LoopPattern: UInt8, CaseIterable, Sendable {
    case identicalAction
    case failingAction
    case cycle
    case parameterDrift
    case editFlipFlop
    case verificationFailure
    case textOnly
    case permissionDenied
    case apiError
    case refusal
    case compaction
    case subagentRespawn
    case restart
    case pollForever
    case noProgress
    case silentTurn
    case metricsOnly

    /// The label's value: lower-case words joined by `_`.
    package var name: String {
        switch self {
        case .identicalAction: "identical_action"
        case .failingAction: "failing_action"
        case .cycle: "cycle"
        case .parameterDrift: "parameter_drift"
        case .editFlipFlop: "edit_flip_flop"
        case .verificationFailure: "verification_failure"
        case .textOnly: "text_only"
        case .permissionDenied: "permission_denied"
        case .apiError: "api_error"
        case .refusal: "refusal"
        case .compaction: "compaction"
        case .subagentRespawn: "subagent_respawn"
        case .restart: "restart"
        case .pollForever: "poll_forever"
        case .noProgress: "no_progress"
        case .silentTurn: "silent_turn"
        case .metricsOnly: "metrics_only"
        }
    }
}

/// What the detector concludes of one session, pod or workload at one moment. Plain data: counters and hashes only.
package struct LoopFinding: Equatable, Sendable {
    package var severity: LoopSeverity
    package var pattern: LoopPattern
    /// Not confirmed: concluded from metrics alone, from requests alone or from silence. Told as "possible", and the
    /// tokens stay in the scaling signal.
    package var isPossible = false
    /// Accumulated evidence in nats, and the value at which ``severity`` is reached.
    package var score: Double = 0
    package var threshold: Double = 0
    /// When the evidence began to accumulate.
    package var onset: Timestamp
    /// The newest event that added evidence.
    package var lastEvidence: Timestamp
    /// The newest event: what is counted since ``onset`` was counted up to here.
    package var lastActivity: Timestamp
    /// The newest edit or commit, before ``onset`` or since; `nil` when none was seen.
    package var lastProgress: Timestamp?
    /// LLM rounds since onset.
    package var roundCount = 0
    /// Repetitions of the dominant action since onset.
    package var repeatCount = 0
    /// Failed tool calls and API errors since onset.
    package var failureCount = 0
    package var editCount = 0
    package var commitCount = 0
    package var tokens = TokenCounts()
    /// Since onset, in millionths of a US dollar; 0 when the sender tells no cost.
    package var costMicroUSD: Int64 = 0
    /// Rounds a minute from ``onset`` to ``lastActivity``; 0 when fewer than two are known.
    package var requestsPerMinute: Double = 0
    /// The dominant tool and the keyed hash of its arguments (0: unknown, or not the same every time).
    package var tool: ToolKind = .other
    package var fingerprint: UInt64 = 0
    /// Sessions that share the evidence: 1 for a session's own finding.
    package var sessionCount = 1

    /// The severity, or `possible` for what would be told and is not confirmed: the label `severity` of metrics.
    package var severityLabel: String {
        self.isPossible && self.severity > .info ? "possible" : self.severity.name
    }

    package init(severity: LoopSeverity, pattern: LoopPattern, onset: Timestamp, lastEvidence: Timestamp) {
        self.severity = severity
        self.pattern = pattern
        self.onset = onset
        self.lastEvidence = lastEvidence
        self.lastActivity = lastEvidence
    }
}
