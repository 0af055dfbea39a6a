import TokenscaleCore

/// The log records that one event of a case stands for: names and values as Claude Code writes them.
struct CaseRecords {
    private(set) var records: [(name: String, attributes: OTLPText.Attributes)] = []
    let event: CaseEvent
    let index: Int
    /// With `OTEL_LOG_TOOL_DETAILS=1`.
    let isDetailed: Bool

    init(event: CaseEvent, index: Int, isDetailed: Bool) {
        self.event = event
        self.index = index
        self.isDetailed = isDetailed
    }

    private mutating func add(_ name: String, _ attributes: OTLPText.Attributes) {
        self.records.append((name, attributes))
    }

    /// A subagent starts: its tool use is accepted.
    mutating func startLane(_ toolUse: String) {
        self.add(
            "tool_decision",
            [
                ("tool_name", .text("Agent")), ("tool_use_id", .text(toolUse)), ("decision", .text("accept")),
                ("source", .text("config")),
            ]
        )
    }

    mutating func write(toolUse: String) {
        switch self.event.k {
        case "prompt": self.add("user_prompt", [("prompt_length", Self.integer(self.event.len))])
        case "llm": self.writeRequest()
        case "tool": self.writeResult(toolUse)
        case "reject": self.writeRejection(toolUse)
        case "api_error": self.writeError()
        case "refusal": self.add("api_refusal", [("query_source", .text(self.querySource))])
        case "compact":
            self.add(
                "compaction",
                [
                    ("trigger", .text(self.event.trig ?? "auto")),
                    ("success", .text(self.event.ok ?? true ? "true" : "false")),
                    ("duration_ms", Self.number(self.event.d ?? 20_000)), ("pre_tokens", Self.integer(self.event.pre)),
                    ("post_tokens", Self.integer(self.event.post)),
                ]
            )
        case "hook":
            let isBlocking = self.event.blk?.isSet ?? false
            self.add(
                "hook_execution_complete",
                [("hook_event", .text(self.event.ev ?? "Stop")), ("num_blocking", .integer(isBlocking ? 1 : 0))]
            )
        default: break
        }
    }

    private var querySource: String {
        (self.event.q ?? "main") == "main" ? "repl_main_thread" : "agent:custom"
    }

    private mutating func writeRequest() {
        let event = self.event
        let (input, read) = (event.it ?? 0, event.cr ?? 0)
        let (created, output) = (event.cc ?? 0, event.ot ?? 0)
        let cost = 3 * Double(input) + 0.3 * Double(read) + 3.75 * Double(created) + 15 * Double(output)
        self.add(
            "api_request",
            [
                ("model", .text("claude-sonnet-4-5")), ("cost_usd_micros", .integer(Int64(cost))),
                ("duration_ms", Self.number(event.d)), ("input_tokens", .integer(input)),
                ("output_tokens", .integer(output)), ("cache_read_tokens", .integer(read)),
                ("cache_creation_tokens", .integer(created)), ("request_id", .text("req_\(self.index)")),
                ("query_source", .text(self.querySource)),
            ]
        )
        guard let length = event.rl, length > 0 else { return }
        self.add(
            "assistant_response",
            [("response_length", .integer(length)), ("query_source", .text(self.querySource))]
        )
    }

    private mutating func writeResult(_ toolUse: String) {
        let event = self.event
        let isSuccess = event.ok ?? true
        var attributes: OTLPText.Attributes = [
            ("tool_name", .text(self.toolName)), ("tool_use_id", .text(toolUse)),
            ("success", .text(isSuccess ? "true" : "false")), ("duration_ms", Self.number(event.d)),
            ("error_type", isSuccess ? nil : event.e.map { .text($0) }),
            ("tool_input_size_bytes", Self.integer(event.asz)), ("tool_result_size_bytes", Self.integer(event.rsz)),
        ]
        if self.isDetailed { attributes += self.details(isSuccess) }
        self.add("tool_result", attributes)
    }

    private func details(_ isSuccess: Bool) -> OTLPText.Attributes {
        let event = self.event
        var input = "{\"h\":\((event.a ?? "").jsonQuoted)"
        if let file = event.f { input += ",\"file_path\":\(("/repo/" + file).jsonQuoted)" }
        var parameters: String?
        if event.tool == "Bash" {
            let sleep = event.sl.flatMap { $0 > 0 ? Int($0) : nil }
            let word = event.c ?? "cmd"
            let command = (sleep.map { "sleep \($0); " } ?? "") + word + " " + (event.a ?? "")
            input += ",\"command\":\(command.jsonQuoted)"
            parameters = "{\"bash_command\":\((sleep == nil ? word : "sleep").jsonQuoted)"
            parameters? += ",\"full_command\":\(command.jsonQuoted)"
            if event.commit?.isSet ?? false { parameters? += ",\"git_commit_id\":\"\(self.index)\"" }
            parameters? += "}"
            if event.bg?.isSet ?? false { input += ",\"run_in_background\":true" }
        } else if self.isMCP {
            let name = String((event.tool ?? "").dropFirst(5)).jsonQuoted
            parameters = "{\"mcp_server_name\":\"srv\",\"mcp_tool_name\":\(name)}"
        } else if event.tool == "Task" || event.tool == "Agent" {
            parameters = "{\"subagent_type\":\"general-purpose\"}"
        }
        return [
            ("tool_input", .text(input + "}")), ("tool_parameters", parameters.map { .text($0) }),
            ("error", isSuccess ? nil : event.eh.map { .text("err-" + $0) }),
        ]
    }

    private mutating func writeRejection(_ toolUse: String) {
        var parameters: OTLPText.Value?
        if self.isDetailed, self.event.tool == "Bash" {
            let command = ("cmd " + (self.event.a ?? "")).jsonQuoted
            parameters = .text("{\"bash_command\":\"cmd\",\"full_command\":\(command)}")
        }
        self.add(
            "tool_decision",
            [
                ("tool_name", .text(self.toolName)), ("tool_use_id", .text(toolUse)), ("decision", .text("reject")),
                ("source", .text(self.event.src ?? "config")), ("tool_parameters", parameters),
            ]
        )
    }

    private mutating func writeError() {
        let event = self.event
        let attempts = event.att ?? 1
        self.add(
            "api_error",
            [
                ("model", .text("claude-sonnet-4-5")), ("error", .text("err-" + (event.eh ?? ""))),
                ("status_code", Self.integer(event.st)), ("duration_ms", Self.number(event.d)),
                ("attempt", .integer(attempts)), ("query_source", .text(self.querySource)),
            ]
        )
        guard attempts >= 11 else { return }
        self.add(
            "api_retries_exhausted",
            [
                ("model", .text("claude-sonnet-4-5")), ("status_code", Self.integer(event.st)),
                ("total_attempts", .integer(attempts)), ("total_retry_duration_ms", Self.number(event.d)),
            ]
        )
    }

    private var isMCP: Bool { (self.event.tool ?? "").hasPrefix("mcp__") }

    /// Without details, the name of an MCP tool is not told.
    private var toolName: String {
        let name = self.event.tool ?? "unknown"
        return self.isMCP && !self.isDetailed ? "mcp_tool" : name
    }

    private static func integer(_ value: Int64?) -> OTLPText.Value? { value.map { .integer($0) } }

    private static func number(_ value: Double?) -> OTLPText.Value? { value.map { .integer(Int64($0)) } }
}
