@testable import TokenscaleCore

extension Observation {
    static func event(
        _ kind: AgentEvent.Kind,
        at second: Int64 = 0,
        _ fill: (inout AgentEvent) -> Void = { _ in }
    ) -> Self {
        var event = AgentEvent()
        event.kind = kind
        event.time = Timestamp(seconds: 1_767_225_600 + second)
        fill(&event)
        return Observation(event, configuration: DetectionConfiguration())
    }

    /// The result of a tool call with details.
    static func call(
        _ tool: ToolKind,
        _ arguments: String,
        at second: Int64 = 0,
        result: Int64 = 200,
        error: String? = nil,
        file: String? = nil,
        _ fill: (inout AgentEvent) -> Void = { _ in }
    ) -> Self {
        let hash = SessionScript.hash
        return .event(.toolResult, at: second) { event in
            event.tool = tool
            event.toolName = hash.hash64(tool.displayName)
            event.success = error == nil ? .yes : .no
            event.errorType = error.map { hash.hash64($0) } ?? 0
            event.errorTextAsSent = event.errorType
            event.inputByteCount = Int64(20 + arguments.utf8.count)
            event.resultByteCount = result
            event.durationMilliseconds = 300
            event.arguments = hash.hash64(arguments)
            event.file = file.map { hash.hash64($0) } ?? 0
            event.command = hash.hash64(arguments.split(separator: " ").first.map(String.init) ?? "")
            fill(&event)
        }
    }
}

extension Learning {
    /// So many rounds pass, and each teaches so much.
    mutating func pass(_ count: Int, teaching learning: Float) {
        for _ in 0..<count {
            self.passRound()
            self.add(learning)
        }
    }
}
