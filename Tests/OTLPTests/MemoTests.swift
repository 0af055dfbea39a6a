import OTLP
import Testing
import TokenscaleCore

/// A decoder remembers attributes from item to item and from request to request. What it makes of a body must not
/// depend on the bodies before.
@Suite("Remembered attributes")
struct MemoTests {
    @Test("what a decoder makes of a body does not depend on what it decoded before", arguments: UInt64(1)...8)
    func isIndependentOfHistory(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let experienced = OTLPDecoder(limits: Self.limits)
        for number in 0..<200 {
            let signal: OTLPSignal = Bool.random(using: &random) ? .metrics : .logs
            let body = Self.body(signal, &random)
            let expected = try OTLPDecoder(limits: Self.limits).decoded(body, signal, .protobuf)
            let decoded = try experienced.decoded(body, signal, .protobuf)
            #expect(decoded == expected, "body \(number) of seed \(seed)")
        }
    }

    @Test("points that begin alike keep their own values")
    func pointsThatBeginAlike() throws {
        let types = ["input", "output", "cacheRead", "cacheCreation", "input"]
        let decoded = try OTLPDecoder().decoded(
            ProtobufWriter.metrics(
                "claude_code.token.usage",
                points: types.enumerated().map { index, type in
                    ProtobufWriter.message { point in
                        for number in 0..<6 { point.attribute(7, "common.\(number)", "the same every time") }
                        point.attribute(7, "session.id", "a-session-of-some-length")
                        point.attribute(7, "type", type)
                        point.fixed64(3, UInt64(1_000 + index))
                        point.double(4, Double(index))
                    }
                }
            ),
            .metrics,
            .protobuf
        )
        #expect(
            decoded.points.map(\.kind) == [
                .inputTokens, .outputTokens, .cacheReadTokens, .cacheCreationTokens, .inputTokens,
            ]
        )
        #expect(decoded.points.map(\.value) == [0, 1, 2, 3, 4])
        #expect(decoded.points.map { $0.time.nanoseconds } == [1_000, 1_001, 1_002, 1_003, 1_004])
        #expect(Set(decoded.points.map(\.session)) == ["a-session-of-some-length"])
        #expect(decoded.points[0].stream == decoded.points[4].stream)
        #expect(Set(decoded.points.map(\.stream)).count == 4)
    }

    @Test("a time between attributes is each point's own")
    func fieldsBetweenAttributes() throws {
        let decoded = try OTLPDecoder().decoded(
            ProtobufWriter.metrics(
                "claude_code.token.usage",
                points: (0..<6).map { index in
                    ProtobufWriter.message { point in
                        point.attribute(7, "session.id", "a-session-of-some-length")
                        point.fixed64(3, 7_000)
                        point.attribute(7, "model", "model-\(index)")
                        point.double(4, 1)
                    }
                }
            ),
            .metrics,
            .protobuf
        )
        #expect(decoded.points.map { $0.time.nanoseconds } == Array(repeating: 7_000, count: 6))
        #expect(decoded.points.map(\.model) == (0..<6).map { "model-\($0)" })
    }

    // MARK: Bodies

    private static let limits: DecodeLimits = {
        var limits = DecodeLimits()
        limits.attributeCountMax = 14
        limits.identityByteCountMax = 40
        return limits
    }()

    private static let keys = [
        "session.id", "model", "type", "user.id", "k8s.pod.name", "k8s.namespace.name", "query_source", "terminal.type",
        "event.name", "input_tokens", "request_id", "k8s.pod.label.app", "service.instance.id", "x", "",
    ]
    private static let values = [
        "", "a", "input", "output", "api_request", "8 bytes.", "a-value-of-some-length", "a-value-of-some-lengtH",
        "12345", String(repeating: "long", count: 11), String(repeating: "longer", count: 30),
    ]

    private static func body(_ signal: OTLPSignal, _ random: inout SeededGenerator) -> [UInt8] {
        ProtobufWriter.message { request in
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                request.message(1) { block in
                    block.message(1) { Self.attributes(1, Int.random(in: 0...6, using: &random), &$0, &random) }
                    block.message(2) { scope in
                        switch signal {
                        case .metrics: Self.metric(&scope, &random)
                        default: Self.records(&scope, &random)
                        }
                    }
                }
            }
        }
    }

    private static func metric(_ scope: inout ProtobufWriter, _ random: inout SeededGenerator) {
        scope.message(2) { metric in
            metric.string(1, "claude_code.token.usage")
            metric.message(7) { sum in
                // Most points begin with the same attributes, with or without a field in between.
                let common = ProtobufWriter.message { Self.attributes(7, 5, &$0, &random) }
                for _ in 0..<Int.random(in: 1...9, using: &random) {
                    sum.message(1) { point in
                        if Int.random(in: 0..<5, using: &random) > 0 { point.raw(common) }
                        point.fixed64(3, UInt64.random(in: 1...3, using: &random))
                        Self.attributes(7, Int.random(in: 0...10, using: &random), &point, &random)
                        point.double(4, Double(Int.random(in: 0...9, using: &random)))
                    }
                }
                sum.varint(2, UInt64.random(in: 0...2, using: &random))
            }
        }
    }

    private static func records(_ scope: inout ProtobufWriter, _ random: inout SeededGenerator) {
        for _ in 0..<Int.random(in: 1...6, using: &random) {
            scope.message(2) { record in
                record.fixed64(1, UInt64.random(in: 1...3, using: &random))
                Self.attributes(6, Int.random(in: 0...16, using: &random), &record, &random)
            }
        }
    }

    private static func attributes(
        _ field: Int,
        _ count: Int,
        _ message: inout ProtobufWriter,
        _ random: inout SeededGenerator
    ) {
        for _ in 0..<count {
            let key = Self.keys.randomElement(using: &random) ?? ""
            let value = Self.values.randomElement(using: &random) ?? ""
            if Int.random(in: 0..<6, using: &random) == 0 {
                message.attribute(field, key, int: Int64.random(in: -3...3, using: &random))
            } else {
                message.attribute(field, key, value)
            }
            if Int.random(in: 0..<12, using: &random) == 0 { message.fixed64(field == 7 ? 2 : 11, 5) }
        }
    }
}
