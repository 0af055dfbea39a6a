import TokenscaleCore

/// OTLP/JSON bodies as Claude Code 2.1.329 sends them: same scopes, names and number types.
struct DemoBody: Sendable {
    let namespace: String
    let pod: String
    let workload: String
    let uid: String

    enum Value: Sendable {
        case string(String)
        case integer(Int64)
        case double(Double)
        case boolean(Bool)

        var json: String {
            switch self {
            case .string(let text): "{\"stringValue\":\(text.jsonQuoted)}"
            case .integer(let number): "{\"intValue\":\(number)}"
            case .double(let number): "{\"doubleValue\":\(number)}"
            case .boolean(let flag): "{\"boolValue\":\(flag)}"
            }
        }
    }

    typealias Attributes = [(key: String, value: Value)]

    /// A body of `/v1/logs`.
    func logs(_ occurrences: [(session: String, occurrence: DemoSession.Occurrence)]) -> String {
        let records = occurrences.map { session, occurrence in
            let name = Self.name(of: occurrence.event.content)
            let attributes = self.attributes(of: occurrence, name: name, session: session)
            let time = occurrence.time.nanoseconds / 1_000_000 * 1_000_000
            return "{\"timeUnixNano\":\"\(time)\",\"observedTimeUnixNano\":\"\(time)\","
                + "\"body\":{\"stringValue\":\"claude_code.\(name)\"},\"attributes\":\(Self.json(attributes))}"
        }
        return "{\"resourceLogs\":[{\"resource\":\(self.resource),\"scopeLogs\":[{\"scope\":"
            + "{\"name\":\"com.anthropic.claude_code.events\",\"version\":\"2.1.329\"},"
            + "\"logRecords\":[\(records.joined(separator: ","))]}]}]}"
    }

    /// A body of `/v1/metrics`: the cumulative token counters of `sessions`.
    func metrics(_ sessions: [DemoSession], now: Timestamp) -> String {
        var points: [String] = []
        for session in sessions {
            guard let start = session.firstRequestTime else { continue }
            for (model, totals) in session.totals.sorted(by: { $0.key < $1.key }) {
                for (type, total) in zip(TokenType.allCases, totals) {
                    let attributes: Attributes = [
                        ("session.id", .string(session.id)), ("model", .string(model)),
                        ("query_source", .string("main")), ("type", .string(type.name)),
                    ]
                    points.append(
                        "{\"attributes\":\(Self.json(attributes)),\"startTimeUnixNano\":\"\(start.nanoseconds)\","
                            + "\"timeUnixNano\":\"\(now.nanoseconds)\",\"asDouble\":\(total)}"
                    )
                }
            }
        }
        return self.metrics(
            "{\"name\":\"claude_code.token.usage\",\"unit\":\"tokens\",\"sum\":{\"aggregationTemporality\":2,"
                + "\"isMonotonic\":true,\"dataPoints\":[\(points.joined(separator: ","))]}}",
            scope: "com.anthropic.claude_code"
        )
    }

    /// A body of `/v1/metrics`: how many tasks wait, as a dispatcher would report it.
    func queueDepth(_ depth: Int, queue: String, now: Timestamp) -> String {
        let attributes: Attributes = [("queue", .string(queue))]
        return self.metrics(
            "{\"name\":\"claude.queue.depth\",\"unit\":\"{task}\",\"gauge\":{\"dataPoints\":[{\"attributes\":"
                + "\(Self.json(attributes)),\"timeUnixNano\":\"\(now.nanoseconds)\",\"asInt\":\"\(depth)\"}]}}",
            scope: "demo.dispatcher"
        )
    }

    private func metrics(_ metric: String, scope: String) -> String {
        "{\"resourceMetrics\":[{\"resource\":\(self.resource),\"scopeMetrics\":[{\"scope\":"
            + "{\"name\":\"\(scope)\",\"version\":\"2.1.329\"},\"metrics\":[\(metric)]}]}]}"
    }

    private var resource: String {
        let attributes: Attributes = [
            ("k8s.namespace.name", .string(self.namespace)), ("k8s.pod.name", .string(self.pod)),
            ("k8s.pod.uid", .string(self.uid)), ("k8s.deployment.name", .string(self.workload)),
            ("service.name", .string("claude-code")), ("service.version", .string("2.1.329")),
        ]
        return "{\"attributes\":\(Self.json(attributes))}"
    }

    private static func json(_ attributes: Attributes) -> String {
        let members = attributes.map { "{\"key\":\"\($0.key)\",\"value\":\($0.value.json)}" }
        return "[\(members.joined(separator: ","))]"
    }

    private static func name(of content: DemoRecording.Content) -> String {
        switch content {
        case .prompt: "user_prompt"
        case .decision: "tool_decision"
        case .result: "tool_result"
        case .request: "api_request"
        case .response: "assistant_response"
        }
    }

    private func attributes(of occurrence: DemoSession.Occurrence, name: String, session: String) -> Attributes {
        var attributes: Attributes = [
            ("session.id", .string(session)), ("event.name", .string(name)),
            ("event.timestamp", .string(UTCTime(occurrence.time).rfc3339)),
            ("event.sequence", .integer(occurrence.sequence)),
            ("prompt.id", .string("prompt-" + session)),
        ]
        if occurrence.event.request > 0 {
            attributes.append(("request_id", .string("req_demo_\(session)_\(occurrence.requestNumber)")))
        }
        if occurrence.event.agent > 0 {
            attributes.append(("agent_id", .string("agent-\(occurrence.event.agent)-\(session)")))
        }
        return attributes + Self.attributes(of: occurrence.event.content, toolUse: occurrence.requestNumber)
    }

    private static func attributes(of content: DemoRecording.Content, toolUse: Int) -> Attributes {
        switch content {
        case .prompt(let length):
            return [("prompt_length", .string(length)), ("prompt", .string("<REDACTED>"))]
        case .decision(let tool, let decision):
            return [
                ("tool_name", .string(tool)), ("decision", .string(decision)), ("source", .string("config")),
                ("tool_use_id", .string("toolu_\(toolUse)")),
            ]
        case .result(let result):
            var attributes: Attributes = [
                ("tool_name", .string(result.tool)), ("success", .string(result.success)),
                ("duration_ms", .string(result.duration)), ("tool_input", .string(result.input)),
                ("tool_use_id", .string("toolu_\(toolUse)")),
            ]
            if let type = result.errorType {
                attributes += [("error_type", .string(type)), ("error", .string("Shell command failed"))]
            }
            if let count = result.inputByteCount { attributes.append(("tool_input_size_bytes", .string(count))) }
            if let count = result.resultByteCount { attributes.append(("tool_result_size_bytes", .string(count))) }
            return attributes
        case .request(let request):
            return [
                ("model", .string(request.model)), ("input_tokens", .integer(request.tokens[0])),
                ("output_tokens", .integer(request.tokens[1])), ("cache_read_tokens", .integer(request.tokens[2])),
                ("cache_creation_tokens", .integer(request.tokens[3])),
                ("cost_usd", .double(Double(request.costMicroUSD) / 1e6)),
                ("cost_usd_micros", .integer(request.costMicroUSD)), ("duration_ms", .integer(request.duration)),
                ("query_source", .string(request.querySource)),
            ]
        case .response(let length):
            return [("response_length", .integer(length)), ("response", .string("<REDACTED>"))]
        }
    }
}
