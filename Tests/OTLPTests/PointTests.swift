import OTLP
import Testing
import TokenscaleCore

@Suite("Data points")
struct PointTests {
    let decoder = OTLPDecoder()

    /// A `NumberDataPoint` with 5.0 tokens of type `input`.
    private func number(_ write: (inout ProtobufWriter) -> Void = { _ in }) -> [UInt8] {
        ProtobufWriter.message { point in
            point.attribute(7, "type", "input")
            point.attribute(7, "session.id", "s-1")
            point.fixed64(2, 1_000)
            point.fixed64(3, 2_000)
            write(&point)
        }
    }

    private func points(
        _ points: [[UInt8]],
        name: String = "claude_code.token.usage",
        field: Int = 7,
        temporality: UInt64 = 1
    ) throws -> Decoded {
        let body = ProtobufWriter.metrics(name, field: field, temporality: temporality, points: points)
        return try self.decoder.decoded(body, .metrics, .protobuf)
    }

    @Test("as_double and as_int are the value")
    func values() throws {
        let decoded = try self.points([
            self.number { $0.double(4, 5) },
            self.number { $0.fixed64(6, UInt64(bitPattern: -7)) },
        ])
        #expect(decoded.points.map(\.value) == [5, -7])
        #expect(decoded.points.map(\.kind) == [.inputTokens, .inputTokens])
        #expect(decoded.points[0].session == "s-1")
        #expect(decoded.points[0].start == Timestamp(nanoseconds: 1_000))
        #expect(decoded.points[0].time == Timestamp(nanoseconds: 2_000))
    }

    @Test("points without a recorded or finite value are ignored and counted")
    func gaps() throws {
        let decoded = try self.points([
            self.number(),
            self.number {
                $0.double(4, 5)
                $0.varint(8, 1)
            },
            self.number { $0.double(4, .nan) },
            self.number { $0.double(4, .infinity) },
            [],
            self.number {
                $0.varint(8, 2)
                $0.double(4, 6)
            },
        ])
        #expect(decoded.points.map(\.value) == [6])
        #expect(decoded.ignoredCount == 5)
    }

    @Test(
        "the temporality is the metric's; a gauge has none",
        arguments: [
            (7, 1, Temporality.delta), (7, 2, .cumulative), (7, 0, .unspecified), (7, 9, .unspecified), (5, 2, .none),
        ]
    )
    func temporality(field: Int, number: UInt64, expected: Temporality) throws {
        let decoded = try self.points([self.number { $0.double(4, 1) }], field: field, temporality: number)
        #expect(decoded.points.map(\.temporality) == [expected])
    }

    @Test("the sum of a GenAI histogram, classic or exponential, counts tokens", arguments: [9, 10])
    func histograms(field: Int) throws {
        let attributes = field == 9 ? 9 : 1
        let point = ProtobufWriter.message { point in
            point.fixed64(2, 1)
            point.fixed64(3, 2)
            point.fixed64(4, 3)
            point.double(5, 1_234)
            point.bytes(6, [1, 2, 3, 4, 5, 6, 7, 8])
            point.attribute(attributes, "gen_ai.token.type", "output")
            point.attribute(attributes, "gen_ai.response.model", "m")
        }
        let withoutSum = ProtobufWriter.message { $0.fixed64(4, 3) }
        let flagged = ProtobufWriter.message {
            $0.double(5, 1)
            $0.varint(10, 1)
        }
        let decoded = try self.points([point, withoutSum, flagged], name: "gen_ai.client.token.usage", field: field)
        #expect(decoded.points.map(\.kind) == [.genAIOutputTokens])
        #expect(decoded.points.map(\.value) == [1_234])
        #expect(decoded.points.map(\.model) == ["m"])
        #expect(decoded.ignoredCount == 2)
    }

    @Test("summaries are acknowledged and ignored")
    func summary() throws {
        let decoded = try self.points([self.number { $0.double(5, 1) }], field: 11)
        #expect(decoded.points == [])
        #expect(decoded.ignoredCount == 1)
    }

    @Test(
        "the metric's name and its one splitting attribute say what is counted",
        arguments: [
            ("claude_code.token.usage", "type", "output", MetricKind.outputTokens),
            ("claude_code.token.usage", "type", "cacheRead", .cacheReadTokens),
            ("claude_code.token.usage", "type", "cacheCreation", .cacheCreationTokens),
            ("claude_code.token.usage", "type", "something new", .other),
            ("claude_code.cost.usage", "type", "x", .cost),
            ("claude_code.active_time.total", "type", "cli", .activeTime),
            ("claude_code.lines_of_code.count", "type", "added", .linesAdded),
            ("claude_code.lines_of_code.count", "type", "removed", .linesRemoved),
            ("claude_code.commit.count", "x", "y", .commits),
            ("claude_code.pull_request.count", "x", "y", .pullRequests),
            ("claude_code.session.count", "start_type", "fresh", .sessionStarts),
            ("claude_code.code_edit_tool.decision", "decision", "accept", .editsAccepted),
            ("claude_code.code_edit_tool.decision", "decision", "reject", .editsRejected),
            ("gen_ai.client.token.usage", "gen_ai.token.type", "input", .genAIInputTokens),
            ("claude_queue_depth", "queue", "jobs", .queueDepth),
            ("http.server.duration", "type", "input", .other),
            ("", "type", "input", .other),
        ]
    )
    func kinds(metric: String, key: String, value: String, expected: MetricKind) throws {
        let point = ProtobufWriter.message { point in
            point.attribute(7, key, value)
            point.double(4, 1)
        }
        #expect(try self.points([point], name: metric).points.map(\.kind) == [expected])
    }

    @Test("the operator chooses the names of queue gauges and queues")
    func queueNames() throws {
        var names = SemanticNames()
        names.queueDepthMetrics = ["work.waiting"]
        names.queueNameAttributes = ["lane"]
        let point = ProtobufWriter.message { point in
            point.attribute(7, "lane", "fast")
            point.fixed64(6, 12)
        }
        let decoder = OTLPDecoder(names: names)
        let body = ProtobufWriter.metrics("work.waiting", field: 5, points: [point])
        let found = try decoder.decoded(body, .metrics, .protobuf).points
        #expect(found.map(\.kind) == [.queueDepth])
        #expect(found.map(\.queue) == ["fast"])
        let old = ProtobufWriter.metrics("claude_queue_depth", field: 5, points: [point])
        #expect(try decoder.decoded(old, .metrics, .protobuf).points.map(\.kind) == [.other])
    }

    @Test(
        "a stream is its metric and the set of its attributes, whatever their order"
    )
    func streams() throws {
        func stream(_ metric: String, _ attributes: [(String, (inout ProtobufWriter) -> Void)]) throws -> Hash128 {
            let point = ProtobufWriter.message { point in
                for (key, value) in attributes { point.attribute(7, key, value) }
                point.double(4, 1)
            }
            return try #require(try self.points([point], name: metric).points.first).stream
        }
        let one = try stream("m", [("a", { $0.string(1, "1") }), ("b", { $0.string(1, "2") })])
        #expect(try stream("m", [("b", { $0.string(1, "2") }), ("a", { $0.string(1, "1") })]) == one)
        let others = [
            try stream("n", [("a", { $0.string(1, "1") }), ("b", { $0.string(1, "2") })]),
            try stream("m", [("a", { $0.string(1, "2") }), ("b", { $0.string(1, "1") })]),
            try stream("m", [("a", { $0.string(1, "1") })]),
            try stream("m", [("a", { $0.varint(3, 1) }), ("b", { $0.string(1, "2") })]),
            try stream("m", [("a", { $0.varint(2, 1) }), ("b", { $0.string(1, "2") })]),
            try stream("m", [("a", { $0.double(4, 1) }), ("b", { $0.string(1, "2") })]),
            try stream("m", [("a", { $0.bytes(7, [0x31]) }), ("b", { $0.string(1, "2") })]),
            try stream("m", [("a", { _ in }), ("b", { $0.string(1, "2") })]),
            try stream("m", []),
        ]
        #expect(Set(others + [one]).count == others.count + 1)
    }

    @Test("the pod of the resource, of the point, its labels and its instance are told apart")
    func pods() throws {
        let point = ProtobufWriter.message { point in
            point.attribute(7, "k8s.pod.name", "item-pod")
            point.attribute(7, "k8s.namespace.name", "item-ns")
            point.double(4, 1)
        }
        let body = ProtobufWriter.metrics(
            "claude_code.cost.usage",
            resource: [
                ("k8s.pod.name", "pod"), ("k8s.namespace.name", "ns"), ("k8s.pod.uid", "u"), ("k8s.node.name", "n"),
                ("k8s.replicaset.name", "rs"), ("k8s.deployment.name", "d"), ("k8s.pod.label.app", "fixer"),
                ("k8s.pod.labels.tier", "gold"), ("k8s.pod.labels", "no"), ("service.instance.id", "i-1"),
            ],
            points: [point]
        )
        let block = try #require(try self.decoder.decoded(body, .metrics, .protobuf).blocks.first)
        #expect(block.pod == ["ns", "pod", "u", "n", "d"])
        #expect(block.labels == ["app": "fixer", "tier": "gold"])
        #expect(!block.instance.isAbsent && !block.resource.isAbsent)
        #expect(block.points[0].pod == ["item-ns", "item-pod", "", "", ""])
    }
}
