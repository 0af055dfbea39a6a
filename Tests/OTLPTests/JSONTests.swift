import OTLP
import Testing
import TokenscaleCore

@Suite("OTLP/JSON")
struct JSONTests {
    let decoder = OTLPDecoder()

    private func points(_ text: String) throws -> [Decoded.Point] {
        try self.decoder.decoded(Array(text.utf8), .metrics, .json).points
    }

    private func metric(_ members: String) -> String {
        #"{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{\#(members)}]}]}]}"#
    }

    private func point(_ members: String, _ attributes: String = "") -> String {
        let point = #"{"attributes":[\#(attributes)],\#(members)}"#
        let data = #"{"aggregationTemporality":1,"dataPoints":[\#(point)]}"#
        return self.metric(#""name":"claude_code.cost.usage","sum":\#(data)"#)
    }

    @Test("members may come in any order, unknown ones are passed over, null is absent")
    func order() throws {
        let body = #"""
            {"x":{"y":[1,{"z":null}],"s":"a\"]}"},
             "resourceMetrics" : [ {
               "schemaUrl": null,
               "scopeMetrics":[{"metrics":[{
                 "sum":{"dataPoints":[{"asInt":"42","timeUnixNano":"7","new":[[[]]],
                    "attributes":[{"value":{"stringValue":"s\u0031"},"key":"session.id"},
                                  {"key":"type","value":{"stringValue":"output"}}]}],
                   "isMonotonic":true,"aggregationTemporality":"AGGREGATION_TEMPORALITY_CUMULATIVE"},
                 "unit":"tokens", "name":"claude_code.token.usage"}],"scope":{}}],
               "resource":{"attributes":[{"key":"k8s.pod.name","value":{"stringValue":"p"}}],"droppedAttributesCount":0}
             } ] }
            """#
        let decoded = try self.decoder.decoded(Array(body.utf8), .metrics, .json)
        let point = try #require(decoded.points.first)
        #expect(decoded.blocks[0].pod[1] == "p")
        #expect(point.kind == .outputTokens)
        #expect(point.value == 42)
        #expect(point.temporality == .cumulative)
        #expect(point.session == "s1")
        #expect(point.time == Timestamp(nanoseconds: 7))
    }

    @Test(
        "numbers are numbers or strings, doubles may be bare integers",
        arguments: [
            (#""asInt":5"#, 5.0), (#""asInt":"5""#, 5), (#""asInt":-5"#, -5), (#""asDouble":1"#, 1),
            (#""asDouble":0.09236899999999999"#, 0.092_368_999_999_999_99), (#""asDouble":"1.5""#, 1.5),
            (#""asDouble":1e3"#, 1_000), (#""asDouble":-1.5E-2"#, -0.015), (#""asInt":1e2"#, 100),
            (#""asDouble":123456789012345678901234567890"#, 1.234_567_890_123_456_8e29),
            (#""asDouble":1.7976931348623157e308"#, 1.797_693_134_862_315_7e308),
        ]
    )
    func numbers(member: String, expected: Double) throws {
        #expect(try self.points(self.point(member)).map(\.value) == [expected])
    }

    @Test("every double is the nearest one", arguments: [UInt64(1), 2, 3])
    func doubles(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<2_000 {
            let exponent = Int.random(in: -30...30, using: &random)
            let value =
                Double.random(in: 1..<10, using: &random) * Double(sign: .plus, exponent: exponent, significand: 1)
            #expect(try self.points(self.point(#""asDouble":\#(value)"#)).map(\.value) == [value], "seed \(seed)")
        }
    }

    @Test("not a number and infinity are words; such points are gaps", arguments: ["NaN", "Infinity", "-Infinity"])
    func words(word: String) throws {
        let decoded = try self.decoder.decoded(Array(self.point(#""asDouble":"\#(word)""#).utf8), .metrics, .json)
        #expect(decoded.points == [])
        #expect(decoded.ignoredCount == 1)
    }

    @Test(
        "escapes are resolved",
        arguments: [
            (#"a\"b\\c\/d\b\f\n\r\te"#, "a\"b\\c/d\u{8}\u{c}\n\r\te"), (#"\u00e9\u4e2d"#, "é中"),
            (#"\ud83d\ude00!"#, "😀!"), (#"\ud83d!"#, "\u{fffd}!"), (#"\ude00"#, "\u{fffd}"),
            (#"\ud83d\u0041"#, "\u{fffd}A"), (#"\u0000x"#, "\0x"), ("plain é", "plain é"),
        ]
    )
    func escapes(text: String, expected: String) throws {
        let attribute = #"{"key":"session\u002eid","value":{"stringValue":"\#(text)"}}"#
        let found = try self.points(self.point(#""asInt":1"#, attribute))
        #expect(found.map(\.session) == [expected])
    }

    @Test("bytes are base64, so the stream is the same as in protobuf", arguments: ["AAEC/w==", "AAEC_w", "AAEC/w"])
    func base64(text: String) throws {
        let json = try self.points(self.point(#""asInt":1"#, #"{"key":"b","value":{"bytesValue":"\#(text)"}}"#))
        let point = ProtobufWriter.message { point in
            point.attribute(7, "b") { $0.bytes(7, [0, 1, 2, 0xff]) }
            point.fixed64(6, 1)
        }
        let body = ProtobufWriter.metrics("claude_code.cost.usage", points: [point])
        #expect(try self.decoder.decoded(body, .metrics, .protobuf).points.map(\.stream) == json.map(\.stream))
    }

    @Test("histograms give their sum")
    func histogram() throws {
        let data = #"{"dataPoints":[{"count":"2","sum":30.5,"bucketCounts":["1"],"attributes":[]},{"count":1}]}"#
        for kind in ["histogram", "exponentialHistogram"] {
            let decoded = try self.decoder.decoded(
                Array(self.metric(#""name":"gen_ai.client.token.usage","\#(kind)":\#(data)"#).utf8),
                .metrics,
                .json
            )
            #expect(decoded.points.map(\.value) == [30.5])
            #expect(decoded.ignoredCount == 1)
        }
    }

    @Test("ids and flags of records are passed over; body and eventName name the event")
    func records() throws {
        let body = #"""
            {"resourceLogs":[{"resource":null,"scopeLogs":[{"logRecords":[
              {"traceId":"5B8EFFF798038103D269B633813FC60C","spanId":"EEE19B7EC3C1B174","flags":1,
               "severityNumber":"SEVERITY_NUMBER_INFO","observedTimeUnixNano":1795213281940000000,
               "body":{"stringValue":"claude_code.user_prompt"},"attributes":null},
              {"eventName":"claude_code.api_request","timeUnixNano":"5",
               "attributes":[{"key":"input_tokens","value":{"intValue":12}}]},
              {"attributes":[{"key":"managed_settings.sources","value":{"arrayValue":{"values":[]}}},
                             {"key":"event.name","value":{"stringValue":"auth"}}]},
              null]}]}]}
            """#
        let decoded = try self.decoder.decoded(Array(body.utf8), .logs, .json)
        #expect(decoded.events.map(\.event.kind) == [.userPrompt, .apiRequest, .housekeeping])
        #expect(decoded.events.map(\.event.sent.uncorrected.nanoseconds) == [1_795_213_281_940_000_000, 5, 0])
        #expect(decoded.events[1].event.tokens.input == 12)
        #expect(decoded.ignoredCount == 1)
    }

    @Test(
        "what is not JSON, or not OTLP, is refused with the place",
        arguments: [
            ("", OTLPDecodeError.malformed(.truncated, offset: 0)), ("null", .malformed(.jsonType, offset: 0)),
            ("[]", .malformed(.jsonType, offset: 0)), ("{} x", .malformed(.jsonSyntax, offset: 3)),
            ("{", .malformed(.truncated, offset: 1)), (#"{"a" 1}"#, .malformed(.jsonSyntax, offset: 5)),
            (#"{"a":1,}"#, .malformed(.jsonSyntax, offset: 7)), (#"{"a":[1,]}"#, .malformed(.jsonNumber, offset: 8)),
            (#"{"a":[1}]"#, .malformed(.jsonSyntax, offset: 7)), (#"{"a":tru}"#, .malformed(.jsonSyntax, offset: 5)),
            (#"{"a":01x}"#, .malformed(.jsonSyntax, offset: 7)), (#"{"a":"x"#, .malformed(.truncated, offset: 7)),
            (#"{"resourceMetrics":{}}"#, .malformed(.jsonType, offset: 19)),
            (#"{"resourceMetrics":[1]}"#, .malformed(.jsonType, offset: 20)),
            ("\u{1}{}", .malformed(.jsonSyntax, offset: 0)),
        ]
    )
    func refused(text: String, expected: OTLPDecodeError) {
        #expect(throws: expected) { try self.decoder.decoded(Array(text.utf8), .metrics, .json) }
    }

    @Test(
        "a value of the wrong type or range is refused",
        arguments: [
            #""asInt":true"#, #""asInt":99999999999999999999"#, #""asDouble":"x""#, #""asDouble":0x10"#,
            #""asDouble":[1]"#, #""timeUnixNano":-1"#, #""timeUnixNano":"99999999999999999999""#, #""asInt":"5"#,
            #""asDouble":1.e5"#, #""asDouble":."#, #""asDouble":--1"#, #""asInt":"#, #""flags":"a""#,
        ]
    )
    func wrongTypes(member: String) {
        #expect(throws: OTLPDecodeError.self) { try self.points(self.point(member)) }
    }

    @Test(
        "a bad escape is refused",
        arguments: [#"\x"#, #"\u12"#, #"\u12g4"#, #"\"#, #"\ud83d\u"#]
    )
    func badEscapes(text: String) {
        let attribute = #"{"key":"session.id","value":{"stringValue":"\#(text)"}}"#
        #expect(throws: OTLPDecodeError.self) { try self.points(self.point(#""asInt":1"#, attribute)) }
    }
}
