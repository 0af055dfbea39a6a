import OTLP
import Testing
import TokenscaleCore

@Suite("Resends")
struct ResendTests {
    @Test("a body that comes again in the other encoding counts nothing", arguments: Capture.all)
    func otherEncoding(capture: Capture) throws {
        let hash = KeyedHash(key: 7)
        let aggregator = Aggregator(configuration: AggregatorConfiguration(), hash: hash, startTime: .zero)
        let ingestor = Ingestor(aggregator: aggregator, hash: hash, names: SemanticNames(), limits: DecodeLimits())
        let now = Timestamp(seconds: 1_800_000_000)
        func ingest(_ body: [UInt8], _ signal: OTLPSignal, _ encoding: OTLPEncoding) throws -> RecordOutcome {
            try unsafe ingestor.ingest(body.span.bytes, signal: signal, encoding: encoding, peer: nil, arrival: now)
        }
        for body in capture.bodies where body.encoding == .json {
            _ = try ingest(body.bytes, body.signal, .json)
            let totals = aggregator.snapshot(now: now).counters.map(\.total)
            let again = try ingest(Transcoder.protobuf(body.bytes, body.signal), body.signal, .protobuf)
            #expect(again.acceptedCount == 0)
            #expect(aggregator.snapshot(now: now).counters.map(\.total) == totals)
        }
    }
}
