/// An ``AgentEvent`` as the detector sees it: what happened, to what, with which outcome. No text, no ranges.
struct Observation {
    var kind: AgentEvent.Kind
    var time: Timestamp
    var tool: ToolKind
    /// Identity of a call: tool and arguments; without details tool and input size; 0 when neither is known.
    var action: UInt64
    /// What the call left behind.
    var outcome: Outcome
    /// `request_id` of the round the event belongs to; 0 when the sender leaves it out.
    var request: UInt64
    /// The subagent; 0 for the main loop and for senders without `agent_id`.
    var agent: UInt64
    var querySource: QuerySource
    var hasDetails: Bool

    init(_ event: borrowing AgentEvent) {
        self.kind = event.kind
        self.time = event.time
        self.tool = event.tool
        self.hasDetails = event.arguments != 0
        self.action = Self.action(of: event)
        self.outcome = Outcome(of: event)
        self.request = event.request.isAbsent ? 0 : event.request.low
        self.agent = event.agent
        self.querySource = event.querySource
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
}

/// The visible outcome of a tool call. Result text is never in telemetry; its size and the kind of failure are.
struct Outcome: Equatable {
    /// `tool_result_size_bytes`; -1 when unknown (Claude Code leaves it out for failures).
    var resultByteCount: Int32
    /// 0 for success, else a hash of `error_type` and, with details, of the error's text.
    var failure: UInt32

    init(resultByteCount: Int32, failure: UInt32) {
        self.resultByteCount = resultByteCount
        self.failure = failure
    }

    init(of event: borrowing AgentEvent) {
        self.resultByteCount = Int32(clamping: event.resultByteCount)
        guard event.success == .no else {
            self.failure = 0
            return
        }
        let hash = KeyedHash.mix(event.errorType ^ KeyedHash.primes.3, event.errorText ^ KeyedHash.primes.1)
        self.failure = UInt32(truncatingIfNeeded: hash) | 1
    }

    var isFailure: Bool { self.failure != 0 }
}
