import TokenscaleCore

/// A session transcript of Claude Code (`~/.claude/projects/**/*.jsonl`): one JSON object a line, of type `user`,
/// `assistant` or `system`; an answer may be spread over several lines with one `message.id`.
struct Transcript {
    private struct Call {
        var name: String
        var input: String
        var time: Int64
    }

    private(set) var text = OTLPText(logsOf: [
        ("service.name", .text("claude-code")), ("k8s.pod.name", .text("transcript")),
    ])
    private var sequence: Int64 = 0
    private var calls: [String: Call] = [:]
    private var messages: Set<String> = []
    private var lastTime: Int64 = 0
    private var promptCount = 0

    /// - Returns: Whether the line looked like one of a transcript.
    mutating func take(_ line: JSONValue) -> Bool {
        guard let type = line["type"]?.string else { return false }
        if let stamp = line["timestamp"]?.string, let time = Timestamp(iso8601: stamp) {
            self.lastTime = time.milliseconds
        }
        switch type {
        case "user": self.takeUser(line)
        case "assistant": self.takeAnswer(line)
        case "system":
            guard line["subtype"]?.string == "compact_boundary" else { return true }
            let before = line["compactMetadata"]?["preTokens"]?.integer
            self.add("compaction", line, [("success", .text("true")), ("pre_tokens", before.map { .integer($0) })])
        default: break
        }
        return line["sessionId"] != nil || line["message"] != nil || line["uuid"] != nil || type == "summary"
    }

    private mutating func takeUser(_ line: JSONValue) {
        guard let content = line["message"]?["content"] else { return }
        var length = content.string?.utf8.count ?? 0
        for block in content.elements {
            switch block["type"]?.string {
            case "text": length += block["text"]?.string?.utf8.count ?? 0
            case "tool_result": self.takeResult(block, line)
            default: break
            }
        }
        let isByTool = line["isMeta"]?.isTrue ?? false || line["isSidechain"]?.isTrue ?? false
        guard length > 0, !isByTool, line["isCompactSummary"]?.isTrue != true else { return }
        self.promptCount += 1
        self.add("user_prompt", line, [("prompt_length", .integer(Int64(length)))])
    }

    private mutating func takeResult(_ block: JSONValue, _ line: JSONValue) {
        guard let id = block["tool_use_id"]?.string, let call = self.calls.removeValue(forKey: id) else { return }
        let failed = block["is_error"]?.isTrue ?? false
        let result = block["content"].map { $0.string ?? $0.canonical } ?? ""
        let isRejection = failed && result.hasPrefix("The user doesn't want")
        if isRejection {
            self.add(
                "tool_decision",
                line,
                [
                    ("tool_name", .text(call.name)), ("tool_use_id", .text(id)), ("decision", .text("reject")),
                    ("source", .text("user_reject")),
                ]
            )
            return
        }
        self.add(
            "tool_result",
            line,
            [
                ("tool_name", .text(call.name)), ("tool_use_id", .text(id)),
                ("success", .text(failed ? "false" : "true")),
                ("error_type", failed ? .text("ToolError") : nil),
                ("error", failed ? .text(String(result.prefix(2_000))) : nil),
                ("duration_ms", .integer(max(0, self.lastTime - call.time))),
                ("tool_input_size_bytes", .integer(Int64(call.input.utf8.count))),
                ("tool_result_size_bytes", .integer(Int64(result.utf8.count))),
                ("tool_input", .text(String(call.input.prefix(4_096)))),
                ("tool_parameters", Self.commit(call, result).map { .text($0) }),
            ]
        )
    }

    private mutating func takeAnswer(_ line: JSONValue) {
        guard let message = line["message"] else { return }
        if line["isApiErrorMessage"]?.isTrue ?? false {
            self.add("api_error", line, [("error", .text("api")), ("attempt", .integer(11))])
            return
        }
        let id = message["id"]?.string ?? line["requestId"]?.string ?? line["uuid"]?.string ?? ""
        if self.messages.insert(id).inserted, let usage = message["usage"] {
            func tokens(_ name: String) -> OTLPText.Value { .integer(usage[name]?.integer ?? 0) }
            self.add(
                "api_request",
                line,
                [
                    ("request_id", .text(id)), ("model", message["model"]?.string.map { .text($0) }),
                    ("input_tokens", tokens("input_tokens")), ("output_tokens", tokens("output_tokens")),
                    ("cache_read_tokens", tokens("cache_read_input_tokens")),
                    ("cache_creation_tokens", tokens("cache_creation_input_tokens")),
                    ("query_source", .text(line["isSidechain"]?.isTrue ?? false ? "agent:custom" : "sdk")),
                ]
            )
        }
        var length = 0
        for block in message["content"]?.elements ?? [] {
            if block["type"]?.string == "text" { length += block["text"]?.string?.utf8.count ?? 0 }
            guard block["type"]?.string == "tool_use", let use = block["id"]?.string else { continue }
            let input = block["input"]?.canonical ?? "{}"
            self.calls[use] = Call(name: block["name"]?.string ?? "unknown", input: input, time: self.lastTime)
        }
        if length > 0 { self.add("assistant_response", line, [("response_length", .integer(Int64(length)))]) }
    }

    private mutating func add(_ name: String, _ line: JSONValue, _ attributes: OTLPText.Attributes) {
        var all: OTLPText.Attributes = [
            ("event.sequence", .integer(self.sequence)), ("session.id", .text(line["sessionId"]?.string ?? "session")),
            ("prompt.id", .text("prompt-\(self.promptCount)")),
        ]
        if line["isSidechain"]?.isTrue ?? false { all.append(("agent_id", .text("sidechain"))) }
        self.text.addRecord(named: name, milliseconds: self.lastTime, all + attributes)
        self.sequence += 1
    }

    /// A commit is told by what git prints: `[branch 1a2b3c4] subject`.
    private static func commit(_ call: Call, _ result: String) -> String? {
        guard call.name == "Bash", call.input.contains("git commit"), result.hasPrefix("[") else { return nil }
        return "{\"git_commit_id\":\"seen\"}"
    }
}
