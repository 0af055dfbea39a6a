import Testing
import TokenscaleCore

/// The collector's own clock is set (NTP after a boot, a machine that slept). What it shows decides about rates; totals
/// must not know of it.
@Suite("Clock steps: the collector's own clock is set, and totals stay exact")
struct ClockStepTests {
    static let steps = [-7_200.0, -300, -30, 30, 300, 7_200]

    @Test("a collector whose clock is set counts what one with a right clock counts", arguments: 0..<10)
    func totals(block: Int) {
        for seed in (block * 5)..<(block * 5 + 5) {
            var schedule = ClockStepSchedule(seed: UInt64(seed), steps: Self.steps)
            schedule.run()
            if let fault = schedule.fault {
                Issue.record("seed \(seed): \(fault)")
                return
            }
        }
    }

    @Test("the schedules have what they are for: steps, take-overs and resends")
    func coverage() {
        var seen = ClockStepSchedule.Coverage()
        for seed in 0..<20 {
            var schedule = ClockStepSchedule(seed: UInt64(seed), steps: Self.steps)
            schedule.run()
            seen.add(schedule.coverage)
        }
        #expect(seen.stepCount > 40, "\(seen)")
        #expect(seen.duplicateCount > 200, "\(seen)")
        #expect(seen.takeOverCount > 20, "\(seen)")
    }

    @Test("an export interval around a step is counted once", arguments: Self.steps)
    func oneInterval(step: Double) {
        for secondOfStep in stride(from: 5, through: 595, by: 35) {
            var test = TestAggregator()
            for second in 1...600 {
                test.advance(1)
                if second == secondOfStep {
                    test.setClock(by: step)
                    test.tellClockStep()
                }
                var body = BatchBuilder()
                let tokens = TokenCounts(input: 0, output: 10, cacheRead: 0, cacheCreation: 0)
                body.request(tokens, id: "r\(second)", at: test.now, sequence: Int64(second))
                test.record(body)
                guard second % 60 == 0 else { continue }
                var export = BatchBuilder()
                export.point(600, start: test.now.advanced(bySeconds: -60), time: test.now)
                test.record(export)
                test.record(export)
            }
            #expect(test.total().output == 6_000, "set at second \(secondOfStep)")
        }
    }

    @Test("what was sent before a step and is sent again after it counts once", arguments: Self.steps)
    func resent(step: Double) {
        // Whatever the age of the generation of keys at the step.
        for age in stride(from: 0.0, through: 600, by: 50) {
            var test = TestAggregator()
            var other = BatchBuilder()
            other.request(.zero, id: "before", at: test.now)
            test.record(other)
            test.advance(age)
            var body = BatchBuilder()
            let tokens = TokenCounts(input: 0, output: 10, cacheRead: 0, cacheCreation: 0)
            body.request(tokens, id: "r", at: test.now)
            body.point(10, session: "other", start: test.now.advanced(bySeconds: -1), time: test.now)
            test.record(body)
            for _ in 0..<3 {
                test.advance(1)
                test.setClock(by: step)
                test.record(body)
                test.tellClockStep()
                test.record(body)
            }
            #expect(test.total().output == 20, "\(age) s after the first")
        }
    }

    @Test("a request that was on its way when the clock was set is of the new time", arguments: Self.steps)
    func onItsWay(step: Double) {
        var test = TestAggregator()
        test.advance(100)
        test.aggregator.clockWasSet(at: test.now.advanced(bySeconds: step), by: step)
        for second in 1...600 {
            var body = BatchBuilder()
            let tokens = TokenCounts(input: 0, output: 10, cacheRead: 0, cacheCreation: 0)
            body.request(tokens, id: "r\(second)", at: test.now, sequence: Int64(second))
            if second % 60 == 0 { body.point(600, start: test.now.advanced(bySeconds: -60), time: test.now) }
            test.record(body)
            if second == 1 { test.setClock(by: step) }
            test.advance(1)
        }
        #expect(test.total().output == 6_000)
    }

    @Test(
        "after the clock is set back, queues and silence are judged by the new time",
        arguments: [-30.0, -300, -7_200]
    )
    func setBack(step: Double) {
        var test = TestAggregator()
        var body = BatchBuilder()
        body.event(.userPrompt, at: test.now)
        body.queueDepth(5, queue: "q", at: test.now)
        test.record(body)
        test.setClock(by: step)
        test.tellClockStep()
        test.advance(1)
        var next = BatchBuilder()
        next.queueDepth(7, queue: "q", at: test.clock)
        test.record(next)
        #expect(test.snapshot().queues.map(\.depth) == [7])
        test.advance(150)
        #expect(test.snapshot().queues.map(\.isStale) == [true])
        #expect(test.pod()?.state == .unknown(.sessionSilent))
        test.advance(1_800)
        #expect(test.snapshot().statistics.sessionCount == 0)
    }
}
