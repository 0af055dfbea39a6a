import Testing

@testable import TokenscaleCore

@Suite("Ledger: every token once")
struct LedgerTests {
    private let tokens = TokenCounts(input: 10, output: 100, cacheRead: 5_000, cacheCreation: 400)

    @Test("a request counts once, however often its body is sent")
    func resent() {
        var test = TestAggregator()
        var body = BatchBuilder()
        body.request(self.tokens, id: "req-1", at: test.now)
        #expect(test.record(body).acceptedCount == 1)
        for _ in 0..<3 {
            test.advance(2)
            #expect(test.record(body).duplicateCount == 1)
        }
        #expect(test.total() == self.tokens)
    }

    @Test("without request ids, time and sequence tell requests apart")
    func withoutRequestID() {
        let test = TestAggregator()
        var body = BatchBuilder()
        body.request(self.tokens, id: nil, at: test.now, sequence: 7)
        body.request(self.tokens, id: nil, at: test.now, sequence: 8)
        test.record(body)
        test.record(body)
        #expect(test.total() == self.tokens + self.tokens)
    }

    @Test("without id, time and sequence, what they say tells requests apart, and a resend counts once")
    func withoutAnyIdentity() {
        let test = TestAggregator()
        var first = BatchBuilder()
        var second = BatchBuilder()
        first.request(self.tokens, id: nil, at: .zero, sequence: -1)
        var other = self.tokens
        other.output += 1
        second.request(other, id: nil, at: .zero, sequence: -1)
        second.request(self.tokens, id: nil, at: .zero, model: "another", sequence: -1)
        for body in [first, second, second, first] { test.record(body) }
        #expect(test.total() == self.tokens + other + self.tokens)
        #expect(test.snapshot().statistics.outcome.duplicateCount == 3)
        // Equal ones cannot be told from a resend: rather too few than twice.
        test.record(first)
        #expect(test.total() == self.tokens + other + self.tokens)
    }

    @Test(
        "a point that leaves open whether it is an increment or a total counts nothing and is refused",
        arguments: [
            (MetricKind.outputTokens, Temporality.unspecified), (.outputTokens, .none), (.genAIInputTokens, .none),
            (.cost, .unspecified), (.activeTime, .none), (.other, .unspecified),
            (.queueDepth, .unspecified), (.queueDepth, .delta),
        ]
    )
    func ambiguous(kind: MetricKind, temporality: Temporality) {
        var test = TestAggregator()
        for _ in 0..<3 {
            test.advance(10)
            var body = BatchBuilder()
            body.point(7, kind, temporality: temporality, start: test.now.advanced(bySeconds: -5), time: test.now)
            let outcome = test.record(body)
            #expect(outcome.ambiguousCount == 1 && outcome.rejectedCount == 1 && outcome.acceptedCount == 0)
        }
        let snapshot = test.snapshot()
        #expect(snapshot.counters.isEmpty && snapshot.queues.isEmpty)
        #expect(snapshot.statistics.sessionCount == 0, "a session is not made for what is refused")
        #expect(snapshot.statistics.outcome.ambiguousCount == 3)
    }

    @Test(
        "a value that no counter has counts nothing and is refused; a point without one is ignored",
        arguments: [
            (-50, MetricKind.outputTokens, 1), (1e30, .outputTokens, 1), (.infinity, .cost, 1), (-1, .queueDepth, 1),
            (.infinity, .queueDepth, 1),
            (9_007_199_254_740_994, .outputTokens, 1), (.nan, .outputTokens, 0), (-5, .other, 0),
        ] as [(Double, MetricKind, Int)]
    )
    func invalid(value: Double, kind: MetricKind, count: Int) {
        var test = TestAggregator()
        test.advance(10)
        var body = BatchBuilder()
        let temporality: Temporality = kind == .queueDepth ? .none : .delta
        body.point(value, kind, temporality: temporality, start: test.now.advanced(bySeconds: -5), time: test.now)
        let outcome = test.record(body)
        #expect(outcome.invalidCount == count && outcome.rejectedCount == count && outcome.acceptedCount == 0)
        #expect(outcome.ignoredCount == 1 - count)
        let snapshot = test.snapshot()
        #expect(snapshot.counters.isEmpty && snapshot.queues.isEmpty)
    }

    @Test(
        "what its temporality makes clear is taken",
        arguments: [
            (MetricKind.outputTokens, Temporality.delta), (.outputTokens, .cumulative), (.other, .none),
            (.other, .delta), (.queueDepth, .none), (.queueDepth, .cumulative),
        ]
    )
    func clear(kind: MetricKind, temporality: Temporality) {
        let test = TestAggregator()
        var body = BatchBuilder()
        body.point(7, kind, temporality: temporality, start: test.now.advanced(bySeconds: -5), time: test.now)
        #expect(test.record(body).acceptedCount == 1)
    }

    @Test("events and metrics of the same usage are not added")
    func bothSources() {
        var test = TestAggregator()
        var metrics = BatchBuilder()
        metrics.point(100, start: test.now.advanced(bySeconds: -10), time: test.now)
        test.record(metrics)
        var events = BatchBuilder()
        events.request(TokenCounts(input: 0, output: 100, cacheRead: 0, cacheCreation: 0), id: "a", at: test.now)
        test.record(events)
        #expect(test.total().output == 100)
        test.advance(20)
        #expect(test.rate().output == 100)
    }

    @Test("a clock that turns out to be behind counts nothing twice", arguments: [30.0, 119, 150, 3_600, 864_000])
    func clockBehind(lag: Double) {
        var test = TestAggregator()
        func sent() -> Timestamp { test.now.advanced(bySeconds: -lag) }
        let start = sent()
        for number in 0..<2 {
            test.advance(5)
            var events = BatchBuilder()
            events.request(self.tokens, id: "r\(number)", at: sent(), sequence: Int64(number))
            test.record(events)
        }
        // The third delivery proves the offset.
        test.advance(50)
        var metrics = BatchBuilder()
        metrics.point(Double(self.tokens.output) * 2, start: start, time: sent())
        test.record(metrics)
        #expect(test.pod()?.clockOffsetSeconds == lag)
        #expect(test.total() == self.tokens + self.tokens)
    }

    @Test("an aborted request, known to metrics only, enters total at once and the rate after settling")
    func aborted() {
        var test = TestAggregator()
        var events = BatchBuilder()
        events.request(TokenCounts(input: 0, output: 100, cacheRead: 0, cacheCreation: 0), id: "a", at: test.now)
        test.record(events)
        var metrics = BatchBuilder()
        metrics.point(117, start: test.now.advanced(bySeconds: -10), time: test.now)
        test.record(metrics)
        #expect(test.total().output == 117)
        #expect(test.rate().output == 100)
        test.advance(16)
        #expect(test.rate().output == 117)
    }

    @Test("two processes may share a session: their delta points have their own times")
    func sharedSession() {
        let test = TestAggregator()
        var body = BatchBuilder()
        let start = test.now.advanced(bySeconds: -10)
        body.point(100, start: start, time: test.now)
        body.point(30, start: Timestamp(nanoseconds: start.nanoseconds + 1), time: test.now)
        test.record(body)
        test.record(body)
        #expect(test.total().output == 130)
    }

    @Test("a process that was cut off for longer than its session lives is not counted a second time")
    func cutOff() {
        var test = TestAggregator()
        let start = test.now
        func export(_ value: Double) {
            var builder = BatchBuilder()
            builder.point(value, temporality: .cumulative, start: start, time: test.now)
            test.record(builder)
        }
        export(1_000)
        // Others go on, so that the pod stays.
        for minute in 1...45 {
            test.advance(60)
            var builder = BatchBuilder()
            builder.request(
                TokenCounts(input: 1, output: 0, cacheRead: 0, cacheCreation: 0),
                session: "other",
                id: "request-\(minute)",
                at: test.now
            )
            test.record(builder)
            _ = test.snapshot()
        }
        #expect(test.pod()?.sessions.map(\.id) == ["other"])
        export(1_000)
        #expect(test.total().output == 1_000)
        test.advance(10)
        export(1_250)
        #expect(test.total().output == 1_250)
        #expect(test.total().input == 45)
    }

    @Test("the memory of forgotten series is bounded, oldest out first")
    func retiredStreams() {
        var retired = RetiredStreams(countMax: 4)
        for number in 1...11 { retired.insert(Double(number), for: Hash128(low: UInt64(number), high: 1)) }
        #expect(retired.count <= 8)
        #expect(retired.take(Hash128(low: 1, high: 1)) == nil)
        #expect(retired.take(Hash128(low: 11, high: 1)) == 11)
        #expect(retired.take(Hash128(low: 11, high: 1)) == nil)
    }

    @Test("a cumulative series counts its highest value; a new start is a new series")
    func cumulative() {
        var test = TestAggregator()
        let start = test.now
        for (value, origin) in [(100.0, 0.0), (250, 0), (200, 0), (250, 0), (40, 30), (60, 30)] {
            test.advance(10)
            var body = BatchBuilder()
            body.point(
                value,
                temporality: .cumulative,
                start: start.advanced(bySeconds: origin),
                time: test.now
            )
            test.record(body)
        }
        #expect(test.total().output == 310)
    }

    @Test("data without a pod is counted and named, not guessed")
    func unattributed() {
        let test = TestAggregator()
        var body = BatchBuilder(namespace: nil, pod: nil)
        body.request(self.tokens, id: "a", at: test.now)
        #expect(test.record(body).unattributedCount == 1)
        let snapshot = test.snapshot()
        #expect(snapshot.pods.isEmpty)
        #expect(snapshot.statistics.unattributedTokens == self.tokens.total)
        #expect(snapshot.counters.map(\.pod) == [.unattributed])
    }

    @Test("items name the pod when the resource does not; each gets its own")
    func itemAttributes() {
        let test = TestAggregator()
        var body = BatchBuilder(namespace: nil, pod: nil)
        for (index, pod) in ["pod-0", "pod-1", "pod-0"].enumerated() {
            let attributes = body.podAttributes(namespace: "agents", pod: pod)
            body.request(self.tokens, id: "r\(index)", at: test.now, pod: attributes)
        }
        test.record(body)
        #expect(test.total("pod-0") == self.tokens + self.tokens)
        #expect(test.total("pod-1") == self.tokens)
    }

    @Test("counters outlive their sessions and never fall")
    func sessionChurn() {
        var test = TestAggregator()
        for index in 0..<5 {
            var body = BatchBuilder()
            body.request(self.tokens, session: "s\(index)", id: "r\(index)", at: test.now)
            test.record(body)
            test.advance(1_000)
            _ = test.snapshot()
        }
        #expect(test.snapshot().statistics.sessionCount == 0)
        #expect(test.total().output == 500)
    }

    @Test("beyond the limit, new sessions are refused and told; known ones go on")
    func limits() {
        var configuration = AggregatorConfiguration()
        configuration.sessionsPerPodLimit = 2
        let test = TestAggregator(configuration: configuration)
        var body = BatchBuilder()
        for index in 0..<4 { body.request(self.tokens, session: "s\(index)", id: "r\(index)", at: test.now) }
        let outcome = test.record(body)
        #expect(outcome.acceptedCount == 2)
        #expect(outcome.limitedCount == 2)
        #expect(outcome.rejectedCount == 2)
        var more = BatchBuilder()
        more.request(self.tokens, session: "s1", id: "again", at: test.now)
        #expect(test.record(more).acceptedCount == 1)
        #expect(test.snapshot().statistics.limitedSessionCount == 2)
    }
}
