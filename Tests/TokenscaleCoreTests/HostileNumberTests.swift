import Testing

@testable import TokenscaleCore

/// A sender may write any number. None of them may end the process.
@Suite("Hostile numbers")
struct HostileNumberTests {
    @Test("a sequence number at the end of its range is taken like any other", arguments: [Int64.max, Int64.max - 1])
    func sequence(sequence: Int64) {
        var test = TestAggregator()
        for offset in [0, -1, 0] as [Int64] {
            var body = BatchBuilder()
            body.event(.userPrompt, at: test.now, sequence: sequence + min(offset, .max - sequence))
            #expect(test.record(body).limitedCount == 0)
            test.advance(1)
        }
        var ordinary = BatchBuilder()
        ordinary.event(.toolResult, at: test.now, sequence: 3)
        #expect(test.record(ordinary).acceptedCount == 1)
    }

    @Test("totals stop at the end of their range, whatever source speaks", arguments: [true, false])
    func totals(eventsFirst: Bool) {
        var test = TestAggregator()
        let huge = TokenCounts(input: .max, output: .max, cacheRead: .max, cacheCreation: .max)
        for round in 0..<4 {
            var body = BatchBuilder()
            if (round % 2 == 0) == eventsFirst {
                body.request(huge, id: "r\(round)", at: test.now, sequence: Int64(round))
            } else {
                body.point(MetricPoint.valueMax, start: test.now.advanced(bySeconds: -60), time: test.now)
            }
            test.record(body)
            #expect(test.total().output == (round > 0 || eventsFirst ? .max : 1 << 53))
            test.advance(400)
            #expect(test.rate().output >= 0)
        }
    }

    @Test("an alert tells any cost", arguments: [Int64.max, Int64.max / 2, 1 << 60])
    func cost(microUSD: Int64) throws {
        var machine = AlertStateMachine()
        var finding = AlertFixtures.finding(cost: microUSD)
        finding.tokens = TokenCounts(input: .max, output: .max, cacheRead: .max, cacheCreation: .max)
        finding.lastEvidence = finding.onset.advanced(bySeconds: 61)
        let pods = [AlertFixtures.pod("fixer-2", [AlertFixtures.session("s", finding)])]
        let transition = try #require(machine.step(AlertFixtures.snapshot(at: 120, pods)).first)
        let text = AlertText(transition)
        #expect(text.annotations["cost_usd"]?.isEmpty == false)
        #expect(text.evidenceSentence.contains("about $"))
    }

    @Test("any target and any number of pods has a replica count")
    func replicas() {
        let scaling = HorizontalScaling(currentReplicas: 4)
        let values = [Quantity(milli: 0), .maximum]
        #expect(scaling.replicas(podValues: [values[0]], missingCount: 100_000, target: .maximum) != nil)
        #expect(scaling.replicas(podValues: values, missingCount: .max / 2, target: .maximum) != nil)
        #expect(scaling.replicas(total: .maximum, averageTarget: Quantity(milli: 1)) == Int(Int32.max))
    }
}
