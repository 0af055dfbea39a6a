import OTLP
import Testing
import TokenscaleCore

@Suite("Recorded telemetry of the real program")
struct CaptureTests {
    /// What an item of `expected.json` decodes to.
    private static let eventKinds: [String: AgentEvent.Kind] = [
        "user_prompt": .userPrompt, "api_request": .apiRequest, "assistant_response": .assistantResponse,
        "tool_decision": .toolDecision, "tool_result": .toolResult, "api_error": .apiError,
        "api_retries_exhausted": .apiRetriesExhausted, "api_refusal": .apiRefusal, "compaction": .compaction,
        "subagent_completed": .subagentCompleted, "managed_settings_resolved": .housekeeping,
        "plugin_loaded": .housekeeping, "retention_sweep": .housekeeping, "mcp_server_connection": .housekeeping,
    ]
    private static let metricKinds: [String: Set<MetricKind>] = [
        "claude_code.token.usage": [.inputTokens, .outputTokens, .cacheReadTokens, .cacheCreationTokens],
        "claude_code.cost.usage": [.cost],
        "claude_code.active_time.total": [.activeTime],
        "claude_code.lines_of_code.count": [.linesAdded, .linesRemoved],
        "claude_code.commit.count": [.commits],
        "claude_code.session.count": [.sessionStarts],
        "claude_code.code_edit_tool.decision": [.editsAccepted, .editsRejected],
    ]

    @Test("all 30 captures are there")
    func count() { #expect(Capture.all.count == 30) }

    @Test("every item is found and known", arguments: Capture.all)
    func items(capture: Capture) throws {
        let decoder = OTLPDecoder()
        var events: [AgentEvent.Kind: Int] = [:]
        var points: [MetricKind: Int] = [:]
        var spanCount = 0
        for body in capture.bodies {
            let decoded = try decoder.decoded(body.bytes, body.signal, body.encoding)
            for event in decoded.events { events[event.event.kind, default: 0] += 1 }
            for point in decoded.points { points[point.kind, default: 0] += 1 }
            spanCount += decoded.ignoredCount
            #expect(decoded.limitedCount == 0)
        }
        var expectedEvents: [AgentEvent.Kind: Int] = [:]
        var expectedSpanCount = 0
        for (item, count) in capture.expected.in_capture.items {
            let words = item.split(separator: " ")
            switch words[0] {
            case "log": expectedEvents[Self.eventKinds[String(words[1])] ?? .other, default: 0] += count
            case "metric":
                let kinds = try #require(Self.metricKinds[String(words[1])], "\(item)")
                let found = kinds.reduce(0) { $0 + (points.removeValue(forKey: $1) ?? 0) }
                #expect(found == count, "\(item)")
            default: expectedSpanCount += count
            }
        }
        #expect(points == [:])
        #expect(events == expectedEvents)
        #expect(spanCount == expectedSpanCount)
    }

    private struct EventKey: Hashable {
        var session: String
        var request: Hash128
    }

    @Test("tokens of events, each request once, are the truth", arguments: Capture.all)
    func eventTokens(capture: Capture) throws {
        let decoder = OTLPDecoder()
        var seen: Set<EventKey> = []
        var tokens = TokenCounts()
        var repeatCount = 0
        for body in capture.bodies where body.signal == .logs {
            for event in try decoder.decoded(body.bytes, body.signal, body.encoding).events {
                guard event.event.kind == .apiRequest else { continue }
                #expect(!event.event.request.isAbsent)
                #expect(event.event.sent.uncorrected.second > 1_700_000_000)
                guard seen.insert(EventKey(session: event.session, request: event.event.request)).inserted else {
                    repeatCount += 1
                    continue
                }
                tokens += event.event.tokens
            }
        }
        #expect(tokens.byName == capture.expected.in_capture.event_tokens)
        #expect(seen.count == capture.expected.in_capture.api_request_events)
        #expect(repeatCount == capture.expected.in_capture.api_request_events_sent_again)
    }

    private struct DeltaKey: Hashable {
        var resource: Hash128
        var stream: Hash128
        var start: Timestamp
        var time: Timestamp
    }

    @Test(
        "tokens of metrics, each delta once, each cumulative stream at its maximum, are the truth",
        arguments: Capture.all
    )
    func metricTokens(capture: Capture) throws {
        let decoder = OTLPDecoder()
        var values: [DeltaKey: (type: TokenType, value: Double)] = [:]
        for body in capture.bodies where body.signal == .metrics {
            for block in try decoder.decoded(body.bytes, body.signal, body.encoding).blocks {
                for point in block.points {
                    guard let type = point.kind.tokenType else { continue }
                    #expect(point.temporality == .delta || point.temporality == .cumulative)
                    let key = DeltaKey(
                        resource: block.resource,
                        stream: point.stream,
                        start: point.start,
                        time: point.temporality == .delta ? point.time : .zero
                    )
                    values[key] = (type, max(values[key]?.value ?? 0, point.value))
                }
            }
        }
        var tokens = TokenCounts()
        for (type, value) in values.values { tokens[type] += Int64(value) }
        #expect(tokens.byName == capture.expected.in_capture.metric_tokens)
    }

    @Test("the pod is in the resource, in the items, or nowhere, as sent")
    func pods() throws {
        let decoder = OTLPDecoder()
        let places = try ["healthy-http-protobuf", "healthy-resourceonly-http-protobuf", "healthy-nok8s-http-protobuf"]
            .map { name in
                let capture = try Capture.named(name)
                let body = try #require(capture.bodies.first { $0.signal == .logs })
                let block = try #require(decoder.decoded(body.bytes, body.signal, body.encoding).blocks.first)
                return (block.pod[1], try #require(block.events.first).pod[1])
            }
        #expect(places[0].0.hasPrefix("agent-pod-") && places[0].0 == places[0].1)
        #expect(places[1].0.hasPrefix("agent-pod-") && places[1].1 == "")
        #expect(places[2].0 == "" && places[2].1 == "")
    }

    @Test("both encodings of a body decode to the same", arguments: Capture.all.filter { $0.name.hasSuffix("json") })
    func encodings(capture: Capture) throws {
        let decoder = OTLPDecoder()
        for body in capture.bodies {
            let json = try decoder.decoded(body.bytes, body.signal, .json)
            let protobuf = try decoder.decoded(
                Transcoder.protobuf(body.bytes, body.signal),
                body.signal,
                .protobuf
            )
            #expect(protobuf.points == json.points, "\(body.file)")
            #expect(protobuf == json, "\(body.file)")
            #expect(json.itemCount > 0)
        }
    }

    @Test("what only tool details tell is there with details, and only then")
    func details() throws {
        let decoder = OTLPDecoder()
        func results(_ name: String) throws -> [AgentEvent] {
            try Capture.named(name).bodies.filter { $0.signal == .logs }
                .flatMap { try decoder.decoded($0.bytes, $0.signal, $0.encoding).events.map(\.event) }
                .filter { $0.kind == .toolResult }
        }
        let detailed = try results("stuck-bash-http-protobuf")
        #expect(detailed.count == 25)
        #expect(Set(detailed.map(\.arguments)).count == 1)
        #expect(detailed.allSatisfy { $0.arguments != 0 && $0.command != 0 && $0.errorText != 0 })
        #expect(detailed.allSatisfy { $0.tool == .bash && $0.success == .no && $0.inputByteCount > 0 })
        let plain = try results("stuck-bash-nodetails-http-json")
        #expect(plain.allSatisfy { $0.arguments == 0 && $0.command == 0 && $0.errorText == 0 && $0.success == .no })
        #expect(Set(try results("abab-http-protobuf").map(\.arguments)).count > 1)
    }
}

extension TokenCounts {
    fileprivate var byName: [String: Int64] {
        Dictionary(uniqueKeysWithValues: TokenType.allCases.map { ($0.name, self[$0]) })
    }
}
