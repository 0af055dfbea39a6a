import CMallocCounter
import OTLP
import Testing
import TokenscaleCore

@Suite("Allocations")
struct AllocationTests {
    @Test(
        "decoding a body again allocates nothing",
        arguments: [
            ("steady-cumulative-http-protobuf", OTLPSignal.metrics), ("stuck-bash-http-protobuf", .logs),
            ("healthy-http-protobuf", .traces), ("stuck-bash-nodetails-http-json", .logs),
        ]
    )
    func steadyState(name: String, signal: OTLPSignal) throws {
        let decoder = OTLPDecoder()
        let bodies = try Capture.named(name).bodies.filter { $0.signal == signal }
        #expect(!bodies.isEmpty)
        func decodeAll() throws -> Int {
            var itemCount = 0
            // Without optimisation `for body in bodies` allocates.
            for index in bodies.indices {
                let body = bodies[index]
                _ = try unsafe decoder.decode(body.bytes.span.bytes, signal: signal, encoding: body.encoding) {
                    batch,
                    _ in
                    itemCount += batch.points.count + batch.events.count + batch.ignoredCount
                }
            }
            return itemCount
        }
        _ = try decodeAll()
        let before = malloc_counter_total()
        var itemCount = 0
        for _ in 0..<10 { itemCount += try decodeAll() }
        #expect(malloc_counter_total() - before == 0, "\(itemCount) items")
        #expect(itemCount > 50)
    }

    @Test("recording known points and repeated events allocates nothing")
    func ingest() throws {
        let hash = KeyedHash(key: 1)
        let start = Timestamp(seconds: 1_795_213_300)
        let aggregator = Aggregator(configuration: AggregatorConfiguration(), hash: hash, startTime: start)
        let ingestor = Ingestor(aggregator: aggregator, hash: hash, names: SemanticNames(), limits: DecodeLimits())
        let bodies = try Capture.named("steady-cumulative-http-protobuf").bodies
        let peer = PeerAddress(text: "10.0.0.7")
        func ingestAll() throws -> RecordOutcome {
            var outcome = RecordOutcome()
            for index in bodies.indices {
                let body = bodies[index]
                outcome += try unsafe ingestor.ingest(
                    body.bytes.span.bytes,
                    signal: body.signal,
                    encoding: body.encoding,
                    peer: peer,
                    arrival: start
                )
            }
            return outcome
        }
        let first = try ingestAll()
        #expect(first.acceptedCount > 100)
        _ = try ingestAll()
        let before = malloc_counter_total()
        let again = try ingestAll()
        #expect(malloc_counter_total() - before == 0)
        #expect(again.duplicateCount > 100)
    }
}
