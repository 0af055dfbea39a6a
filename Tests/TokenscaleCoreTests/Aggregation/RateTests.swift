import Testing
import TokenscaleCore

@Suite("Rates: the last minute, honestly")
struct RateTests {
    private func output(_ count: Int64) -> TokenCounts {
        TokenCounts(input: 0, output: count, cacheRead: 0, cacheCreation: 0)
    }

    @Test("a session of 30 s shows all its tokens, then leaves in one window")
    func shortSession() {
        var test = TestAggregator()
        for index in 0..<6 {
            var body = BatchBuilder()
            body.request(self.output(1_000), id: "r\(index)", at: test.now, sequence: Int64(index))
            test.record(body)
            #expect(test.rate().output == Int64(index + 1) * 1_000)
            test.advance(5)
        }
        test.advance(30)
        #expect(test.rate().output == 5_000)
        test.advance(30)
        #expect(test.rate() == .zero)
        #expect(test.pod()?.state == .idle)
    }

    @Test("late data lands in its own second; older data counts in the total only")
    func lateData() {
        var test = TestAggregator()
        var fresh = BatchBuilder()
        fresh.request(self.output(1), id: "now", at: test.now)
        test.record(fresh)
        var late = BatchBuilder()
        late.request(self.output(10), id: "late", at: test.now.advanced(bySeconds: -50))
        late.request(self.output(100), id: "old", at: test.now.advanced(bySeconds: -100))
        test.record(late)
        #expect(test.rate().output == 11)
        #expect(test.total().output == 111)
        #expect(test.snapshot().statistics.lateItemCount == 1)
        test.advance(15)
        #expect(test.rate().output == 1)
    }

    @Test("nothing lands in the future")
    func future() {
        var test = TestAggregator()
        var body = BatchBuilder()
        body.request(self.output(5), id: "a", at: test.now.advanced(bySeconds: 7_200))
        test.record(body)
        #expect(test.rate().output == 5)
        test.advance(61)
        #expect(test.rate().output == 0)
        #expect(test.snapshot().statistics.futureItemCount == 1)
    }

    @Test("when our own clock is set, rates are unknown until they are right", arguments: [-3_600.0, -20, 90, 7_200])
    func clockSet(_ jump: Double) {
        var test = TestAggregator()
        var sent = 0
        // 100 tokens a second by an agent whose clock stays what it is.
        func work(seconds: Int, jumped: Double) {
            for _ in 0..<seconds {
                var body = BatchBuilder()
                body.request(self.output(100), id: "r\(sent)", at: test.now.advanced(bySeconds: -jumped))
                test.record(body)
                sent += 1
                test.advance(1)
            }
        }
        work(seconds: 70, jumped: 0)
        #expect(test.pod()?.state == .active)
        test.advance(jump)
        test.aggregator.clockWasSet(at: test.now, by: jump)
        #expect(test.pod()?.state == .unknown(.windowNotCovered))
        work(seconds: 78, jumped: jump)
        #expect(test.pod()?.state == .unknown(.windowNotCovered))
        work(seconds: 4, jumped: jump)
        #expect(test.pod()?.state == .active)
        #expect(abs(test.rate().output - 6_000) <= 200, "\(test.rate().output)")
        #expect(test.total().output == Int64(sent) * 100)
    }

    @Test("when our own clock is set back, the rate begins anew instead of being 0 until the old time comes again")
    func clockSetBack() {
        var test = TestAggregator()
        func request(_ index: Int, in test: TestAggregator) {
            var body = BatchBuilder()
            body.request(self.output(100), id: "r\(index)", at: test.now, sequence: Int64(index))
            test.record(body)
        }
        for index in 0..<60 {
            request(index, in: test)
            test.advance(1)
        }
        #expect(test.rate().output >= 5_900)
        test.advance(-300)
        #expect(test.rate() == .zero, "what was recorded then is of no minute that we know")
        for index in 60..<120 {
            request(index, in: test)
            test.advance(1)
        }
        #expect(test.rate().output >= 5_900)
        #expect(test.total().output == 12_000)
        // Some seconds are no reason to forget a window.
        test.advance(-3)
        #expect(test.rate().output >= 5_600)
    }

    @Test("a clock that is steadily an hour behind is corrected and published")
    func clockBehind() {
        var test = TestAggregator()
        for index in 0..<10 {
            var body = BatchBuilder()
            body.request(self.output(10), id: "r\(index)", at: test.now.advanced(bySeconds: -3_600))
            test.record(body)
            test.advance(3)
        }
        let offset = test.pod()?.clockOffsetSeconds ?? 0
        #expect(abs(offset - 3_600) < 1)
        #expect(test.rate().output > 0)
        #expect(test.total().output == 100)
    }

    @Test("a constant delay does not lessen the rate", arguments: [0.0, 4, 12, 30, 59, 75, 600])
    func constantDelay(_ delaySeconds: Double) {
        var test = TestAggregator()
        // 10 tokens every 5 s, held back on the way; one delivery of six takes a retry.
        for index in 0..<60 {
            test.advance(5)
            var body = BatchBuilder()
            let retry = index % 6 == 5 ? 8.0 : 0
            body.request(self.output(10), id: "r\(index)", at: test.now.advanced(bySeconds: -delaySeconds - retry))
            test.record(body)
        }
        #expect(abs(test.rate().output - 120) <= 20, "\(test.rate().output)")
        #expect(test.total().output == 600)
    }

    @Test("a backlog that is caught up with is late data, not load", arguments: [2.0, 10])
    func backlog(_ speed: Double) {
        var test = TestAggregator()
        // Ten minutes of 10 tokens a second arrive in `speed` times their speed, the oldest first.
        var behind = 600.0
        var largest: Int64 = 0
        while behind > 0 {
            var body = BatchBuilder()
            body.request(self.output(50), id: "r\(behind)", at: test.now.advanced(bySeconds: -behind))
            test.record(body)
            largest = max(largest, test.rate().output)
            test.advance(5 / speed)
            behind -= 5 - 5 / speed
        }
        // The load was 600 a minute all the time.
        #expect(largest <= 700, "\(largest)")
    }

    @Test("one old body is late data, not a wrong clock")
    func replayed() {
        let test = TestAggregator()
        var body = BatchBuilder()
        body.request(self.output(10), id: "r", at: test.now.advanced(bySeconds: -3_600))
        test.record(body)
        #expect(test.rate() == .zero)
        #expect(test.total().output == 10)
        #expect(test.pod()?.clockOffsetSeconds == 0)
    }

    @Test("a clock that was an hour ahead and is put right is believed from the next block on")
    func clockPutRight() {
        var test = TestAggregator()
        for index in 0..<20 {
            var body = BatchBuilder()
            let lead = index < 10 ? 3_600.0 : 0
            body.request(
                self.output(10),
                id: "r\(index)",
                at: test.now.advanced(bySeconds: lead),
                sequence: Int64(index)
            )
            test.record(body)
            test.advance(1)
        }
        #expect(test.pod()?.clockOffsetSeconds == 0)
        #expect(test.rate().output == 200)
    }

    @Test("one time in the far future spoils one block, not the minutes after it")
    func farFuture() {
        var test = TestAggregator()
        var poison = BatchBuilder()
        poison.request(self.output(1), id: "poison", at: Timestamp(nanoseconds: .max))
        test.record(poison)
        for index in 0..<10 {
            var body = BatchBuilder()
            body.request(self.output(10), id: "r\(index)", at: test.now, sequence: Int64(index) + 2)
            test.record(body)
            test.advance(1)
        }
        #expect(test.rate().output == 101)
    }

    @Test("a backlog of a sender whose clock is right stays late data")
    func backlog() {
        var test = TestAggregator()
        for index in 0..<5 {
            var fresh = BatchBuilder()
            fresh.request(self.output(1), id: "f\(index)", at: test.now, sequence: Int64(index))
            test.record(fresh)
            test.advance(1)
        }
        var old = BatchBuilder()
        old.request(self.output(100), id: "old", at: test.now.advanced(bySeconds: -100), sequence: 9)
        test.record(old)
        #expect(test.rate().output == 5)
        #expect(test.total().output == 105)
    }

    @Test("what only metrics know enters the rate, however often metrics come", arguments: [5, 10, 14, 15])
    func settles(interval: Int) {
        var test = TestAggregator()
        var first = BatchBuilder()
        first.request(self.output(1), id: "r", at: test.now)
        test.record(first)
        // From here on the session's events are lost on the way, of 600 tokens a minute.
        var least = Int64.max
        for second in 1...300 {
            test.advance(1)
            if second % interval == 0 {
                var body = BatchBuilder()
                let start = test.now.advanced(bySeconds: -Double(interval))
                body.point(Double(interval) * 10, start: start, time: test.now)
                test.record(body)
            }
            let rate = test.rate().output
            if second > 120 { least = min(least, rate) }
        }
        #expect(least > 300)
    }

    @Test("a metric's increment is spread over its interval, exactly")
    func spread() {
        var test = TestAggregator()
        test.advance(60)
        var body = BatchBuilder()
        body.point(6_007, start: test.now.advanced(bySeconds: -60), time: test.now)
        test.record(body)
        #expect(test.rate().output == 6_007)
        // Held while nothing better can be known, gone one window after the next export was due.
        test.advance(59)
        #expect(test.rate().output == 6_007)
        test.advance(10)
        #expect(test.rate().output == 0)
        #expect(test.total().output == 6_007)
    }

    @Test("a cumulative series met for the first time does not spike")
    func firstCumulative() {
        var test = TestAggregator()
        test.advance(100)
        var body = BatchBuilder()
        body.point(
            600_000,
            temporality: .cumulative,
            start: test.now.advanced(bySeconds: -6_000),
            time: test.now
        )
        test.record(body)
        #expect(test.total().output == 600_000)
        #expect(abs(test.rate().output - 6_000) <= 100)
    }

    @Test("a burst is told apart from one lone request")
    func burst() {
        var test = TestAggregator()
        var lone = BatchBuilder()
        lone.request(self.output(100), id: "one", at: test.now)
        test.record(lone)
        #expect(test.pod()?.burstSecondCount == 1)
        for index in 0..<4 {
            test.advance(2)
            var body = BatchBuilder()
            body.request(self.output(100), id: "r\(index)", at: test.now)
            test.record(body)
        }
        #expect(test.pod()?.burstSecondCount == 5)
        #expect(test.pod()?.rates.first?.activeBurst.output == 2_000)
    }

    @Test("idle is 0, a silent open turn is unknown, and speech makes it known again")
    func idleAndUnknown() {
        var test = TestAggregator()
        var body = BatchBuilder()
        body.event(.userPrompt, at: test.now, sequence: 4)
        body.event(.toolDecision, at: test.now, sequence: 5, request: "req-1")
        body.request(self.output(50), id: "req-1", at: test.now, sequence: 6)
        test.record(body)
        #expect(test.pod()?.state == .active)
        test.advance(59)
        #expect(test.pod()?.state == .active)
        #expect(test.rate().output == 50)
        // The window is empty now: 0 would be a lie.
        test.advance(1)
        #expect(test.pod()?.state == .unknown(.sessionSilent))
        var more = BatchBuilder()
        more.event(.toolResult, at: test.now, sequence: 7)
        more.request(self.output(50), id: "req-2", at: test.now, sequence: 8)
        test.record(more)
        #expect(test.pod()?.state == .active)
        test.advance(120)
        #expect(test.pod()?.state == .idle)
        #expect(test.rate() == .zero)
    }

    @Test("a session met in mid work right after the start is unknown until a window has passed")
    func windowNotCovered() {
        var test = TestAggregator()
        var body = BatchBuilder()
        body.request(self.output(50), id: "a", at: test.now, sequence: 400)
        test.record(body)
        #expect(test.pod()?.state == .unknown(.windowNotCovered))
        test.advance(60)
        #expect(test.pod()?.state.isKnown == true)
    }

    @Test("a queue that is reported in two ways is one queue")
    func queueOfTwoSources() {
        var test = TestAggregator()
        for number in 0..<32 {
            var body = BatchBuilder(pod: "pod-\(number)")
            body.queueDepth(17, queue: "build", at: test.now)
            test.record(body)
        }
        test.advance(1)
        for number in 0..<32 {
            let isTaken = test.aggregator.recordQueueDepth(
                namespace: "agents",
                queue: "build",
                pod: "pod-\(number)",
                depth: 4,
                source: .push,
                time: test.now,
                arrival: test.now
            )
            #expect(isTaken)
        }
        let queues = test.snapshot().queues
        #expect(queues.count == 32)
        #expect(queues.allSatisfy { $0.depth == 4 })
    }

    @Test("a queue's depth is kept per pod and goes stale")
    func queues() {
        var test = TestAggregator()
        var body = BatchBuilder()
        body.queueDepth(17, queue: "build", at: test.now)
        test.record(body)
        let pushed = test.aggregator.recordQueueDepth(
            namespace: "agents",
            queue: "build",
            pod: nil,
            depth: 4,
            source: .push,
            time: test.now,
            arrival: test.now
        )
        #expect(pushed)
        #expect(test.snapshot().queues.map(\.depth).sorted() == [4, 17])
        var absurd = BatchBuilder()
        absurd.queueDepth(1e308, queue: "build", at: test.now)
        test.record(absurd)
        #expect(test.snapshot().queues.map(\.depth).sorted() == [4, 1e9])
        test.advance(91)
        #expect(test.snapshot().queues.allSatisfy { $0.isStale })
    }
}
