/// Whether an agent is in the middle of a turn, from the order of its events.
///
/// There is no turn-end event (facts: neither the turn's nor the process's end is logged). What is known: the tool
/// decisions of an answer are logged *before* the answer's `api_request`, with its `request_id`. So an `api_request` of
/// the main loop without a tool decision ends the turn, until something says otherwise.
package struct TurnState: Equatable, Sendable {
    package private(set) var isOpen = false
    /// The request whose answer last asked for a tool.
    private var toolRequest: Hash128 = .absent
    /// A tool was decided on since the last `api_request` (for senders without request ids).
    private var hasDecision = false

    package init(isOpen: Bool = false) { self.isOpen = isOpen }

    package mutating func observe(_ event: AgentEvent) {
        switch event.kind {
        case .userPrompt, .toolResult:
            self.isOpen = true
        case .toolDecision:
            self.isOpen = true
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
        case .apiError, .apiRetriesExhausted, .apiRefusal:
            guard Self.isMainLoop(event) else { return }
            self.isOpen = false
        case .assistantResponse, .compaction, .hookExecution, .subagentCompleted, .permissionModeChanged,
            .housekeeping, .other:
            return
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
