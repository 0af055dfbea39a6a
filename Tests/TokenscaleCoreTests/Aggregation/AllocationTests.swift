import CMallocCounter
import Testing
import TokenscaleCore

@Suite("Hot path: recording known series allocates nothing", .serialized)
struct AllocationTests {
    #if DEBUG
    /// Without optimisation the standard library's generic code is not specialised, and iterating an array allocates.
    private static let allowedPerItem: UInt = 16
    #else
    private static let allowedPerItem: UInt = 0
    #endif

    private func bodies(_ count: Int, from first: Int, at time: Timestamp) -> [BatchBuilder] {
        (first..<(first + count)).map { index in
            var body = BatchBuilder()
            let moment = time.advanced(bySeconds: Double(index) / 100)
            body.request(
                TokenCounts(input: 1, output: 2, cacheRead: 3, cacheCreation: 4),
                id: "req-\(index)",
                at: moment
            )
            body.event(.toolDecision, at: moment, sequence: Int64(index * 2))
            body.event(.toolResult, at: moment, sequence: Int64(index * 2 + 1))
            for kind in [MetricKind.inputTokens, .outputTokens, .cacheReadTokens, .cacheCreationTokens] {
                body.point(5, kind, start: moment.advanced(bySeconds: -1), time: moment)
                body.point(
                    Double(index),
                    kind,
                    session: "cumulative",
                    temporality: .cumulative,
                    start: time,
                    time: moment
                )
            }
            return body
        }
    }

    @Test("events, delta and cumulative points of known sessions")
    func knownSeries() {
        var test = TestAggregator()
        let start = test.now
        let known = self.bodies(100, from: 0, at: start)
        for index in known.indices { test.record(known[index]) }
        let bodies = self.bodies(200, from: 100, at: start)
        test.advance(3)
        let before = malloc_counter_total()
        for index in bodies.indices { test.record(bodies[index]) }
        let allocations = malloc_counter_total() - before
        #expect(allocations <= Self.allowedPerItem * 2_200, "2,200 items made \(allocations) allocations")
        let probe = malloc_counter_total()
        let junk = (0..<50).map { [Int](repeating: $0, count: 100) }
        #expect(malloc_counter_total() - probe >= UInt(junk.count), "the counter must see allocations")
    }
}
