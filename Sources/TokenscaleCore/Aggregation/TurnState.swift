/// Whether an agent is in the middle of a turn, from the order of its events.
///
/// There is no turn-end event (facts: neither the turn's nor the process's end is logged). What is known: the tool
/// decisions of an answer are logged *before* the answer's `api_request`, with its `request_id`. So an `api_request` of
/// the main loop without a tool decision ends the turn, until something says otherwise.
package struct TurnState: Equatable, Sendable {
    /// Whose move it is in an open turn. After a tool's result the client asks the model; retries of that request are
    /// not told (facts: 42 s for six 429 answers, for ever with `CLAUDE_CODE_RETRY_WATCHDOG`), nor is its death.
    package enum Wait: UInt8, Sendable {
        case unknown
        /// A tool was let run and has not returned.
        case tool
        /// The model, with the result or the refusal of a tool.
        case model
        /// The model, with a prompt: people take prompts back, and that is not told either.
        case answer
    }

    package private(set) var isOpen = false
    package private(set) var wait: Wait = .unknown
    private var runningTools: UInt16 = 0
    /// The request whose answer last asked for a tool.
    private var toolRequest: Hash128 = .absent
    /// A tool was decided on since the last `api_request` (for senders without request ids).
    private var hasDecision = false

    package init() {}

    /// For the state file: 0 when the turn is closed, else 1 + ``wait``.
    package var code: UInt64 { self.isOpen ? 1 + UInt64(self.wait.rawValue) : 0 }

    package init(code: UInt64) {
        self.isOpen = code > 0
        self.wait = code > 0 ? Wait(rawValue: UInt8(truncatingIfNeeded: code - 1)) ?? .unknown : .unknown
        self.runningTools = self.wait == .tool ? 1 : 0
    }

    package mutating func observe(_ event: AgentEvent) {
        switch event.kind {
        case .userPrompt:
            self.isOpen = true
            self.runningTools = 0
            self.wait = .answer
        case .toolResult:
            self.isOpen = true
            self.runningTools -= self.runningTools > 0 ? 1 : 0
            self.wait = self.runningTools > 0 ? .tool : .model
        case .toolDecision:
            self.isOpen = true
            self.decide(event)
            guard event.agent == 0 else { return }
            self.toolRequest = event.request
            self.hasDecision = true
        case .apiRequest:
            guard Self.isMainLoop(event) else {
                self.isOpen = true
                return
            }
            let askedForTool = event.request.isAbsent ? self.hasDecision : event.request == self.toolRequest
            self.isOpen = askedForTool
            self.hasDecision = false
            if !askedForTool { self.wait = .unknown }
        case .apiError, .apiRetriesExhausted, .apiRefusal:
            guard Self.isMainLoop(event) else { return }
            self.isOpen = false
            self.wait = .unknown
        case .assistantResponse, .compaction, .hookExecution, .subagentCompleted, .permissionModeChanged,
            .housekeeping, .other:
            return
        }
    }

    private mutating func decide(_ event: AgentEvent) {
        switch (event.isAccepted, event.decisionSource) {
        case (.yes, _):
            self.runningTools += self.runningTools < .max ? 1 : 0
            self.wait = .tool
        case (.no, .config), (.no, .hook): self.wait = self.runningTools > 0 ? .tool : .model
        default: self.wait = .unknown
        }
    }

    private static func isMainLoop(_ event: AgentEvent) -> Bool {
        guard event.agent == 0 else { return false }
        switch event.querySource {
        case .main, .unknown: return true
        case .subagent, .auxiliary, .compaction: return false
        }
    }
}
