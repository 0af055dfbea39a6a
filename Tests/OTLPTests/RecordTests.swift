import OTLP
import Testing
import TokenscaleCore

@Suite("Log records")
struct RecordTests {
    let decoder = OTLPDecoder()

    private func event(_ write: (inout ProtobufWriter) -> Void) throws -> Decoded.Event? {
        let body = ProtobufWriter.logs(records: [ProtobufWriter.message(write)])
        return try self.decoder.decoded(body, .logs, .protobuf).events.first
    }

    @Test("the event's name is an attribute, the EventName field, or the body")
    func names() throws {
        let attribute = try self.event { $0.attribute(6, "event.name", "api_request") }
        let field = try self.event { $0.string(12, "claude_code.api_request") }
        let plainField = try self.event { $0.string(12, "api_request") }
        let body = try self.event { record in record.message(5) { $0.string(1, "claude_code.api_request") } }
        for event in [attribute, field, plainField, body] { #expect(event?.event.kind == .apiRequest) }
        let both = try self.event { record in
            record.message(5) { $0.string(1, "claude_code.tool_result") }
            record.attribute(6, "event.name", "api_error")
        }
        #expect(both?.event.kind == .apiError)
    }

    @Test("a record that says nothing to us is ignored; an unknown event of a session shows that it lives")
    func unknown() throws {
        #expect(try self.event { $0.attribute(6, "event.name", "new_in_3") } == nil)
        #expect(try self.event { _ in } == nil)
        let event = try self.event { record in
            record.attribute(6, "event.name", "new_in_3")
            record.attribute(6, "session.id", "s")
        }
        #expect(event?.event.kind == .other)
        #expect(event?.session == "s")
    }

    @Test("numbers may be ints, doubles or strings; truth may be a bool or a word")
    func mixedTypes() throws {
        let writers: [(inout ProtobufWriter) -> Void] = [
            { $0.varint(3, 69) }, { $0.double(4, 69) }, { $0.string(1, "69") }, { $0.string(1, "69.0") },
        ]
        for write in writers {
            let event = try self.event { record in
                record.attribute(6, "event.name", "tool_result")
                record.attribute(6, "tool_input_size_bytes", write)
                record.attribute(6, "duration_ms", write)
            }
            #expect(event?.event.inputByteCount == 69)
            #expect(event?.event.durationMilliseconds == 69)
        }
        let truths: [((inout ProtobufWriter) -> Void, Truth)] = [
            ({ $0.varint(2, 1) }, .yes), ({ $0.varint(2, 0) }, .no), ({ $0.string(1, "true") }, .yes),
            ({ $0.string(1, "false") }, .no), ({ $0.string(1, "maybe") }, .unknown), ({ $0.varint(3, 1) }, .yes),
        ]
        for (write, expected) in truths {
            let event = try self.event { record in
                record.attribute(6, "event.name", "tool_result")
                record.attribute(6, "success", write)
            }
            #expect(event?.event.success == expected)
        }
    }

    @Test(
        "what is no count leaves the field absent",
        arguments: ["", "-", "12x", "1e3", "0x10", "9999999999999999999", "12.", " 12", "-5"]
    )
    func noCounts(text: String) throws {
        let event = try self.event { record in
            record.attribute(6, "event.name", "tool_result")
            record.attribute(6, "tool_input_size_bytes", text)
        }
        #expect(event?.event.inputByteCount == -1)
    }

    @Test("cost in micros wins; a cost of int 0 is a cost")
    func cost() throws {
        func cost(_ write: (inout ProtobufWriter) -> Void) throws -> Int64? {
            try self.event { record in
                record.attribute(6, "event.name", "api_request")
                write(&record)
            }?.event.costMicroUSD
        }
        #expect(try cost { $0.attribute(6, "cost_usd") { $0.double(4, 0.092_369) } } == 92_369)
        #expect(try cost { $0.attribute(6, "cost_usd", int: 0) } == 0)
        #expect(try cost { $0.attribute(6, "cost_usd", "0.05") } == 50_000)
        #expect(try cost { $0.attribute(6, "cost_usd", "12.345678") } == 12_345_678)
        #expect(try cost { $0.attribute(6, "cost_usd", "3") } == 3_000_000)
        #expect(try cost { $0.attribute(6, "cost_usd", "1e3") } == -1)
        #expect(try cost { _ in } == -1)
        for order in [["cost_usd", "cost_usd_micros"], ["cost_usd_micros", "cost_usd"]] {
            let value = try cost { record in
                for key in order {
                    record.attribute(6, key) { $0.double(4, key == "cost_usd" ? 1 : 77) }
                }
            }
            #expect(value == 77)
        }
    }

    @Test("the time is the event's own, else the record's, else the observed one")
    func times() throws {
        func time(_ write: (inout ProtobufWriter) -> Void) throws -> Timestamp? {
            try self.event { record in
                record.attribute(6, "event.name", "user_prompt")
                write(&record)
            }?.event.sent.uncorrected
        }
        #expect(
            try time {
                $0.fixed64(1, 5)
                $0.fixed64(11, 7)
                $0.attribute(6, "event.timestamp", "2026-11-20T22:21:21.940Z")
            } == Timestamp(milliseconds: 1_795_213_281_940)
        )
        #expect(
            try time {
                $0.fixed64(11, 7)
                $0.fixed64(1, 5)
            } == Timestamp(nanoseconds: 5)
        )
        #expect(try time { $0.fixed64(11, 7) } == Timestamp(nanoseconds: 7))
        #expect(try time { $0.attribute(6, "event.timestamp", "soon") } == .zero)
        for noDate in ["2026-02-31T22:21:21.940Z", "2026-11-20T22:21:21.940+99:99"] {
            #expect(
                try time {
                    $0.attribute(6, "event.timestamp", noDate)
                    $0.fixed64(1, 5)
                } == Timestamp(nanoseconds: 5)
            )
        }
        #expect(try time { $0.fixed64(1, .max) } == Timestamp(nanoseconds: .max))
    }

    @Test("empty arrays and nested lists are attributes without meaning")
    func arrays() throws {
        let event = try self.event { record in
            record.attribute(6, "event.name", "managed_settings_resolved")
            record.attribute(6, "managed_settings.sources") { $0.message(5) { _ in } }
            record.attribute(6, "session.id") { $0.message(6) { $0.attribute(1, "x", "y") } }
        }
        #expect(event?.event.kind == .housekeeping)
        #expect(event?.session == "")
    }

    @Test("tool details become fingerprints")
    func details() throws {
        let first = try self.event { record in
            record.attribute(6, "event.name", "tool_result")
            record.attribute(6, "tool_name", "Bash")
            record.attribute(
                6,
                "tool_parameters",
                #"{"bash_command":"npm","full_command":"CI=1 npm test","git_commit_id":"4f3a9c1"}"#
            )
            record.attribute(6, "tool_input", #"{"command":"CI=1 npm test; sleep 30","run_in_background":true}"#)
            record.attribute(6, "error", "Exit code 1 in /work/app after 31 s")
        }
        let event = try #require(first).event
        let hash = KeyedHash(key: 0x1234_5678_9abc_def0).content
        #expect(event.tool == .bash)
        #expect(event.toolName == hash.hash64("Bash"))
        #expect(event.command == hash.hash64("npm"))
        #expect(event.arguments == hash.hash64(#"{"command":"CI=1 npm test; sleep 30","run_in_background":true}"#))
        #expect(event.sleepSeconds == 30)
        #expect(event.runsInBackground && event.isCommit)
        let other = try self.event { record in
            record.attribute(6, "event.name", "tool_result")
            record.attribute(6, "error", "Exit code 2 in /srv/b after 7 s")
        }
        #expect(event.errorText == other?.event.errorText)
        #expect(event.errorText != 0)
    }

    @Test("MCP tools are told apart by the parameters' server and tool")
    func serverTools() throws {
        func name(_ tool: String) throws -> UInt64? {
            try self.event { record in
                record.attribute(6, "event.name", "tool_result")
                record.attribute(6, "tool_name", "mcp_tool")
                record.attribute(6, "tool_parameters", #"{"mcp_server_name":"srv","mcp_tool_name":"\#(tool)"}"#)
            }?.event.toolName
        }
        #expect(try name("one") != name("two"))
        #expect(try name("one") == name("one"))
        let mcp = try self.event { record in
            record.attribute(6, "event.name", "tool_decision")
            record.attribute(6, "tool_name", "mcp__srv__one")
            record.attribute(6, "decision", "reject")
            record.attribute(6, "source", "user_reject")
        }
        #expect(mcp?.event.tool == .mcp)
        #expect(mcp?.event.isAccepted == .no)
        #expect(mcp?.event.decisionSource == .userReject)
    }

    @Test("spans are counted and acknowledged")
    func spans() throws {
        let body = ProtobufWriter.logs(records: [[0x0a, 0x00], [], [0xff]])
        let decoded = try self.decoder.decoded(body, .traces, .protobuf)
        #expect(decoded.ignoredCount == 3)
        #expect(decoded.events.isEmpty && decoded.points.isEmpty)
    }
}
