import Testing
import TokenscaleCore

@Suite("UsageLedger: sources that take turns")
struct UsageLedgerTests {
    private struct Step {
        var source: Character
        var count: Int64
        var seconds: ClosedRange<Int64>
    }

    private func record(_ step: Step, in ledger: inout UsageLedger) {
        if step.source == "E" {
            let tokens = TokenCounts(input: 0, output: step.count, cacheRead: 0, cacheCreation: 0)
            ledger.recordEvent(tokens, second: step.seconds.upperBound, switchSeconds: 150)
        } else {
            ledger.recordMetric(step.count, of: .output, seconds: step.seconds, switchSeconds: 150)
        }
    }

    private func total(_ steps: [Step]) -> Int64 {
        var ledger = UsageLedger()
        var highest: Int64 = 0
        for step in steps {
            self.record(step, in: &ledger)
            #expect(ledger.total.output >= highest, "a total never falls")
            highest = ledger.total.output
        }
        return highest
    }

    private func events(_ seconds: ClosedRange<Int64>, by step: Int64 = 20, count: Int64 = 10) -> [Step] {
        stride(from: seconds.lowerBound, through: seconds.upperBound, by: Int(step)).map {
            Step(source: "E", count: count, seconds: $0...$0)
        }
    }

    private func metrics(_ seconds: ClosedRange<Int64>, count: Int64 = 30) -> [Step] {
        stride(from: seconds.lowerBound, to: seconds.upperBound, by: 60).map {
            Step(source: "M", count: count, seconds: ($0 + 1)...($0 + 60))
        }
    }

    @Test("both speak: the greater, whatever the order of arrival")
    func both() {
        let mixed = (self.events(10...590) + self.metrics(0...600))
            .sorted { $0.seconds.upperBound < $1.seconds.upperBound }
        #expect(self.total(mixed) == 300)
        #expect(self.total(self.metrics(0...600) + self.events(10...590)) == 300)
        #expect(self.total(self.events(10...590) + self.metrics(0...600)) == 300)
    }

    @Test("events, then metrics alone, then events alone: nothing is dropped")
    func thereAndBack() {
        let steps = self.events(10...590) + self.metrics(600...1_200) + self.events(1_210...1_790)
        #expect(self.total(steps) == 900)
    }

    @Test("metrics, then events alone, then metrics alone: nothing is dropped")
    func metricsFirst() {
        let steps = self.metrics(0...600) + self.events(610...1_190) + self.metrics(1_200...1_800)
        #expect(self.total(steps) == 900)
    }

    @Test("cumulative metrics that come back with everything they missed count nothing twice")
    func cumulativeRecovery() {
        var steps = (self.events(10...590) + self.metrics(0...600))
            .sorted { $0.seconds.upperBound < $1.seconds.upperBound }
        steps += self.events(610...1_190)
        steps.append(Step(source: "M", count: 300, seconds: 601...1_200))
        #expect(self.total(steps) == 600)
    }

    @Test("events that come late for a stretch of metrics count nothing twice")
    func lateEvents() {
        let steps = self.events(10...590) + self.metrics(600...1_200) + self.events(1_210...1_790)
        let late = self.events(610...1_190)
        #expect(self.total(steps + late) == 900)
    }

    @Test("a quiet session that wakes up counts nothing twice")
    func quiet() {
        var steps: [Step] = []
        for start in stride(from: Int64(0), to: 10_000, by: 1_000) {
            steps += self.events((start + 5)...(start + 5))
            steps.append(Step(source: "M", count: 10, seconds: (start + 5)...(start + 60)))
        }
        #expect(self.total(steps) == 100)
    }

    @Test("events that await the next export of the metrics are no drift; what one source misses is")
    func drift() {
        var ledger = UsageLedger()
        let mixed = (self.events(10...590) + self.metrics(0...600))
            .sorted { $0.seconds.upperBound < $1.seconds.upperBound }
        // Before the first export there is nothing to compare with.
        for step in mixed {
            self.record(step, in: &ledger)
            #expect(ledger.driftTokens == 0)
        }
        self.record(Step(source: "M", count: 7, seconds: 595...600), in: &ledger)
        #expect(ledger.driftTokens == 0, "an event may be on its way")
        for step in self.events(610...740) { self.record(step, in: &ledger) }
        #expect(ledger.driftTokens == 7, "an aborted request is in the metrics only")
        for step in self.events(750...790) { self.record(step, in: &ledger) }
        #expect(ledger.driftTokens == 100 - 7, "metrics are silent for more than 150 s")
    }
}
