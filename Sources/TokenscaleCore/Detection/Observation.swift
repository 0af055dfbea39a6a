/// An ``AgentEvent`` as the detector sees it: what happened, to what, with which outcome. No text, no ranges.
struct Observation {
    var kind: AgentEvent.Kind
    var tool: ToolKind
    var querySource: QuerySource
    var decisionSource: AgentEvent.DecisionSource
    var success: Truth
    var isAccepted: Truth
    var hasDetails: Bool
    var isWait: Bool
    var isCommit: Bool
    var isStopHook: Bool
    var isMidTurn: Bool
    var startsBackground: Bool
    var time: Timestamp
    /// Identity of a call: tool and arguments; without details tool and input size; 0 when neither is known.
    var action: UInt64
    /// Identity of the tool by its name.
    var toolName: UInt64
    /// `request_id` of the round the event belongs to; 0 when the sender leaves it out.
    var request: UInt64
    /// The subagent; 0 for the main loop and for senders without `agent_id`.
    var agent: UInt64
    var file: UInt32
    var command: UInt32
    var errorType: UInt32
    var errorText: UInt32
    var outcome: Outcome
    var inputByteCount: Int32
    var durationMilliseconds: Int32
    /// `prompt_length` or `response_length`.
    var length: Int32
    var outputTokens: Int32
    var weightedTokens: Float
    var statusCode: Int16
    var blockingHookCount: Int16

    init(_ event: borrowing AgentEvent, configuration: borrowing DetectionConfiguration) {
        self.kind = event.kind
        self.tool = event.tool
        self.querySource = event.querySource
        self.decisionSource = event.decisionSource
        self.success = event.success
        self.isAccepted = event.isAccepted
        self.hasDetails = event.arguments != 0
        self.isWait = Self.isWait(event, configuration)
        self.isCommit = event.isCommit
        self.isStopHook = event.isStopHook
        self.isMidTurn = event.isMidTurn
        self.startsBackground = event.runsInBackground
        self.time = event.time
        self.action = Self.action(of: event)
        self.toolName = event.toolName
        self.request = event.request.isAbsent ? 0 : event.request.low
        self.agent = event.agent
        self.file = UInt32(truncatingIfNeeded: event.file)
        self.command = UInt32(truncatingIfNeeded: event.command)
        self.errorType = UInt32(truncatingIfNeeded: event.errorType)
        self.errorText = UInt32(truncatingIfNeeded: event.errorTextAsSent)
        self.outcome = Outcome(of: event)
        self.inputByteCount = Int32(clamping: event.inputByteCount)
        self.durationMilliseconds = Int32(clamping: event.durationMilliseconds)
        self.length = Int32(clamping: event.kind == .userPrompt ? event.promptLength : event.responseLength)
        self.outputTokens = Int32(clamping: event.tokens.output)
        self.weightedTokens = Float(event.tokens.weighted)
        self.statusCode = Int16(clamping: event.statusCode)
        self.blockingHookCount = Int16(clamping: event.blockingHookCount)
    }

    /// `tool_input` is cut at 4 KiB by the sender, so the size belongs to the identity of the call.
    private static func action(of event: borrowing AgentEvent) -> UInt64 {
        let size = UInt64(bitPattern: event.inputByteCount)
        if event.arguments != 0 {
            return KeyedHash.mix(event.toolName ^ event.arguments, size ^ KeyedHash.primes.0) | 1
        }
        // A rejected call tells no size: then the tool's name is its identity.
        if event.inputByteCount < 0, event.kind != .toolDecision { return 0 }
        return KeyedHash.mix(event.toolName ^ KeyedHash.primes.1, size ^ KeyedHash.primes.2) | 1
    }

    /// ``toolName`` and ``action`` in half the space, for what is kept per session.
    var toolMark: UInt32 { UInt32(truncatingIfNeeded: self.toolName) }
    var actionMark: UInt32 { UInt32(truncatingIfNeeded: self.action) }

    /// A call for a subagent that returns at once: the subagent runs on in the background.
    var leavesSubagent: Bool {
        self.tool == .agent && !self.outcome.isFailure && self.durationMilliseconds < 5000
    }

    /// What a wait that failed cost: up to twice the weight from four minutes on.
    var timeLost: Float { min(2, max(1, Float(self.durationMilliseconds) / 120_000)) }

    /// Does the call wait for something outside rather than do work?
    private static func isWait(_ event: borrowing AgentEvent, _ configuration: borrowing DetectionConfiguration) -> Bool
    {
        switch event.tool {
        case .taskOutput, .bashOutput, .monitor: return true
        case .agent: return false
        default: break
        }
        if event.sleepSeconds >= configuration.waitSleepSeconds { return true }
        // A search or a page that takes long is work.
        guard event.tool != .webFetch, event.tool != .webSearch else { return false }
        return event.durationMilliseconds >= configuration.waitDurationMilliseconds
    }
}

/// The visible outcome of a tool call. Result text is never in telemetry; its size and the kind of failure are.
struct Outcome: Equatable {
    /// `tool_result_size_bytes`; -1 when unknown (Claude Code leaves it out for failures).
    var resultByteCount: Int32
    /// 0 for success, else a hash of `error_type` and, with details, of the error's text.
    var failure: UInt16

    /// No outcome: an empty place in a memory, or a call that was denied. It is like nothing.
    static let none = Outcome(resultByteCount: -2, failure: 0)

    init(resultByteCount: Int32, failure: UInt16) {
        self.resultByteCount = resultByteCount
        self.failure = failure
    }

    init(of event: borrowing AgentEvent) {
        self.resultByteCount = Int32(clamping: event.resultByteCount)
        guard event.success == .no else {
            self.failure = 0
            return
        }
        let hash = KeyedHash.mix(event.errorType ^ KeyedHash.primes.3, event.errorTextAsSent ^ KeyedHash.primes.1)
        self.failure = UInt16(truncatingIfNeeded: hash) | 1
    }

    var isFailure: Bool { self.failure != 0 }

    /// Its size is known, and the whole of it: an equal one is the same.
    var tellsSize: Bool { self.resultByteCount >= 0 && !self.isCutOff }

    /// Results of 16 KiB and more were cut off: that two are equally long says nothing.
    var isCutOff: Bool { self.resultByteCount >= 16_384 }

    enum Likeness {
        case exact
        case near
        case different
    }

    /// Results whose size differs by a time stamp or a counter are nearly the same: 16 bytes or 2 %, at most 48 bytes.
    func likeness(to other: Outcome) -> Likeness {
        guard self != .none, other != .none, self.isFailure == other.isFailure else { return .different }
        if self.resultByteCount == other.resultByteCount, self.failure == other.failure { return .exact }
        let tolerance = min(48, max(16, max(self.resultByteCount, other.resultByteCount) / 50))
        let isClose = abs(Int(self.resultByteCount) - Int(other.resultByteCount)) <= Int(tolerance)
        return isClose ? .near : .different
    }
}
