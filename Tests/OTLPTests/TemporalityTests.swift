import OTLP
import Testing
import TokenscaleCore

/// `AGGREGATION_TEMPORALITY_UNSPECIFIED`: "UNSPECIFIED is the default AggregationTemporality, it MUST not be used"
/// (opentelemetry/proto/metrics/v1/metrics.proto).
@Suite("Temporality, from the body to the counters")
struct TemporalityTests {
    private static let hash = KeyedHash(key: 7)
    private static let start = Timestamp(seconds: 1_800_000_000)

    private func ingest(_ body: [UInt8], _ encoding: OTLPEncoding) throws -> (RecordOutcome, Snapshot) {
        let aggregator = Aggregator(
            configuration: AggregatorConfiguration(),
            hash: Self.hash,
            startTime: Self.start
        )
        let ingestor = Ingestor(
            aggregator: aggregator,
            hash: Self.hash,
            names: SemanticNames(),
            limits: DecodeLimits()
        )
        let now = Self.start.advanced(bySeconds: 5)
        let outcome = try unsafe ingestor.ingest(
            body.span.bytes,
            signal: .metrics,
            encoding: encoding,
            peer: nil,
            arrival: now
        )
        return (outcome, aggregator.snapshot(now: now))
    }

    /// Two points of 5 tokens each, 1 s and 2 s after the start.
    private func protobuf(_ temporality: UInt64, field: Int) -> [UInt8] {
        let points = [1, 2].map { second in
            ProtobufWriter.message { point in
                point.attribute(7, "type", "output")
                point.fixed64(2, UInt64(Self.start.nanoseconds))
                point.fixed64(3, UInt64(Self.start.nanoseconds) + UInt64(second) * 1_000_000_000)
                point.double(4, 5)
            }
        }
        let pod = [("k8s.namespace.name", "agents"), ("k8s.pod.name", "p")]
        return ProtobufWriter.metrics(
            "claude_code.token.usage",
            field: field,
            temporality: temporality,
            resource: pod,
            points: points
        )
    }

    private func json(_ members: String) -> [UInt8] {
        let attributes = #"[{"key":"type","value":{"stringValue":"output"}}]"#
        let points = [1, 2].map { second in
            #"{"startTimeUnixNano":"1800000000000000000","timeUnixNano":"180000000\#(second)000000000","#
                + #""asDouble":5,"attributes":\#(attributes)}"#
        }
        let data = members.replacing("POINTS", with: #""dataPoints":[\#(points.joined(separator: ","))]"#)
        let pod =
            #"[{"key":"k8s.namespace.name","value":{"stringValue":"agents"}},"#
            + #"{"key":"k8s.pod.name","value":{"stringValue":"p"}}]"#
        let metric = #"{"name":"claude_code.token.usage",\#(data)}"#
        return Array(
            #"{"resourceMetrics":[{"resource":{"attributes":\#(pod)},"scopeMetrics":[{"metrics":[\#(metric)]}]}]}"#
                .utf8
        )
    }

    @Test(
        "protobuf: increments add up, totals do not, and what is neither is refused",
        arguments: [(7, 1, 10, 0), (7, 2, 5, 0), (7, 0, 0, 2), (7, 3, 0, 2), (7, 9, 0, 2), (5, 0, 0, 2)]
            as [(Int, UInt64, Int64, Int)]
    )
    func protobuf(field: Int, temporality: UInt64, total: Int64, refusedCount: Int) throws {
        let (outcome, snapshot) = try self.ingest(self.protobuf(temporality, field: field), .protobuf)
        #expect(snapshot.counters.reduce(0) { $0 + $1.total.output } == total)
        #expect(outcome.ambiguousCount == refusedCount)
        #expect(outcome.rejectedCount == refusedCount)
    }

    @Test(
        "JSON: the same, wherever the temporality stands",
        arguments: [
            (#""sum":{"aggregationTemporality":1,POINTS}"#, 10, 0),
            (#""sum":{POINTS,"aggregationTemporality":1}"#, 10, 0),
            (#""sum":{POINTS,"aggregationTemporality":"AGGREGATION_TEMPORALITY_CUMULATIVE"}"#, 5, 0),
            (#""sum":{POINTS,"aggregationTemporality":"AGGREGATION_TEMPORALITY_UNSPECIFIED"}"#, 0, 2),
            (#""sum":{POINTS,"aggregationTemporality":null}"#, 0, 2),
            (#""sum":{"aggregationTemporality":0,POINTS}"#, 0, 2),
            (#""sum":{POINTS}"#, 0, 2),
            (#""gauge":{POINTS,"aggregationTemporality":1}"#, 0, 2),
        ] as [(String, Int64, Int)]
    )
    func json(members: String, total: Int64, refusedCount: Int) throws {
        let (outcome, snapshot) = try self.ingest(self.json(members), .json)
        #expect(snapshot.counters.reduce(0) { $0 + $1.total.output } == total)
        #expect(outcome.ambiguousCount == refusedCount)
        #expect(outcome.rejectedCount == refusedCount)
    }
}
