import Testing
import TokenscaleCore

@Suite("State file: a restart counts nothing twice and loses nothing")
struct AggregatorStateTests {
    private let tokens = TokenCounts(input: 10, output: 100, cacheRead: 5_000, cacheCreation: 400)

    private func filled() -> TestAggregator {
        let test = TestAggregator()
        var body = BatchBuilder()
        body.request(self.tokens, id: "a", at: test.now.advanced(bySeconds: -20))
        body.point(
            40,
            session: "cumulative",
            temporality: .cumulative,
            start: test.now.advanced(bySeconds: -10),
            time: test.now
        )
        test.record(body)
        return test
    }

    private func restored(_ bytes: [UInt8], after seconds: Double) throws -> TestAggregator {
        var next = TestAggregator()
        next.advance(seconds)
        try next.aggregator.restore(bytes, now: next.now)
        return next
    }

    @Test("totals, rates and duplicates survive")
    func survives() throws {
        let first = self.filled()
        var second = try self.restored(first.aggregator.encodeState(now: first.now), after: 3)
        #expect(second.total() == first.total())
        #expect(second.rate().output == 140)
        var resent = BatchBuilder()
        resent.request(self.tokens, id: "a", at: first.now.advanced(bySeconds: -20))
        resent.point(
            55,
            session: "cumulative",
            temporality: .cumulative,
            start: first.now.advanced(bySeconds: -10),
            time: second.now
        )
        #expect(second.record(resent).duplicateCount == 1)
        #expect(second.total().output == 155)
        #expect(second.pod()?.state.isKnown == true)
        second.advance(61)
        #expect(second.rate().output == 0)
    }

    @Test("after a long gap the windows are not covered")
    func gap() throws {
        let first = self.filled()
        let second = try self.restored(first.aggregator.encodeState(now: first.now), after: 30)
        #expect(second.pod()?.state == .unknown(.windowNotCovered))
    }

    @Test("a state from a time that is yet to come is no reason to remember for longer")
    func fromTheFuture() throws {
        let first = self.filled()
        var second = TestAggregator(startTime: first.now.advanced(bySeconds: -36_000))
        second.advance(-36_000)
        try second.aggregator.restore(first.aggregator.encodeState(now: first.now), now: second.now)
        second.advance(100)
        #expect(second.snapshot().statistics.sessionCount == 2)
        #expect(second.total() == first.total())
        second.advance(1_800)
        #expect(second.snapshot().statistics.sessionCount == 0)
    }

    @Test("every truncation and every flipped byte is found")
    func damage() {
        let first = self.filled()
        let bytes = first.aggregator.encodeState(now: first.now)
        for count in stride(from: 0, to: bytes.count, by: 7) {
            #expect(throws: StateError.self) {
                try TestAggregator().aggregator.restore(Array(bytes[..<count]), now: first.now)
            }
        }
        // All of the header, and a sample of the rest, which the checksum guards as a whole.
        for index in bytes.indices where index < 40 || index % 11 == 0 {
            var flipped = bytes
            flipped[index] ^= 0x10
            #expect(throws: StateError.self) { try TestAggregator().aggregator.restore(flipped, now: first.now) }
        }
    }

    @Test("names that are cut or repaired stay apart, and survive")
    func oddNames() throws {
        let test = TestAggregator()
        let long = String(repeating: "x", count: 300)
        let bodies = ["1", "2"].map { end in
            var body = BatchBuilder(pod: long + end)
            body.request(self.tokens, session: long + end, id: "a", at: test.now, model: long + end)
            body.request(self.tokens, session: long + "other", id: "b", at: test.now, model: long + end)
            return body
        }
        for body in bodies { test.record(body) }
        #expect(Set(test.snapshot().pods.map(\.id)).count == 2)
        #expect(test.snapshot().counters.count == 2)
        let second = try self.restored(test.aggregator.encodeState(now: test.now), after: 3)
        for body in bodies { #expect(second.record(body).duplicateCount == 2) }
        #expect(second.snapshot().pods.map(\.sessions.count) == [2, 2])
        #expect(Set(second.snapshot().counters.map(\.model)).count == 2)
        #expect(second.snapshot().counters.map(\.total.input) == [20, 20])
    }

    @Test("while the collector was away nobody was silent: cumulative series are remembered", arguments: [1.0, 24.0])
    func longAbsence(hours: Double) throws {
        let first = self.filled()
        let bytes = first.aggregator.encodeState(now: first.now)
        let now = first.now.advanced(bySeconds: hours * 3_600)
        var second = TestAggregator(startTime: now)
        second.now = now
        try second.aggregator.restore(bytes, now: now)
        _ = second.snapshot()
        var body = BatchBuilder()
        body.point(
            41,
            session: "cumulative",
            temporality: .cumulative,
            start: first.now.advanced(bySeconds: -10),
            time: now
        )
        second.record(body)
        #expect(second.total().output == first.total().output + 1)
    }

    @Test("a collector that is restarted again and again forgets who is gone, but for its long absences")
    func restarts() throws {
        for (absence, isForgotten) in [(1.0, true), (60.0, false)] {
            var test = self.filled()
            for _ in 0..<60 {
                test.advance(299)
                _ = test.snapshot()
                let bytes = test.aggregator.encodeState(now: test.now)
                let now = test.now.advanced(bySeconds: absence)
                test = TestAggregator(startTime: now)
                test.now = now
                try test.aggregator.restore(bytes, now: now)
            }
            _ = test.snapshot()
            #expect((test.pod() == nil) == isForgotten, "\(absence) s")
        }
    }

    @Test("the key of the identity hash is read from the file")
    func key() throws {
        let first = self.filled()
        #expect(try Aggregator.key(ofState: first.aggregator.encodeState(now: first.now)) == TestAggregator.hash.key)
    }
}
