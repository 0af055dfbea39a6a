import Testing

@testable import TokenscaleCore

/// A session that sends metrics once a minute and no events.
private struct MetricsScript {
    var detector = SessionDetector()
    var configuration = DetectionConfiguration()
    var minute: Int64 = 0

    mutating func export(_ points: KeyValuePairs<MetricKind, Double>) {
        self.minute += 1
        for (kind, value) in points {
            var point = MetricPoint()
            point.kind = kind
            point.value = value
            point.time = Timestamp(seconds: self.minute * 60)
            self.detector.observe(point, configuration: self.configuration)
        }
    }

    var finding: LoopFinding? {
        self.detector.finding(
            at: Timestamp(seconds: self.minute * 60 + 1),
            isIncident: false,
            configuration: self.configuration
        )
    }
}

@Suite("Evidence of metrics alone")
struct MetricsEvidenceTests {
    @Test("a session that sends metrics only is at most possibly stuck")
    func possible() throws {
        var script = MetricsScript()
        for _ in 1...60 { script.export([.outputTokens: 800, .cacheReadTokens: 900_000]) }
        let finding = try #require(script.finding)
        #expect(finding.isPossible)
        #expect(finding.pattern == .metricsOnly)
        #expect(!finding.isConfirmed)
        #expect(finding.severity == .warning)
        // The first interval has none before it to be like.
        #expect(finding.repeatCount == 59)
        #expect(finding.tokens.output == 59 * 800)
        #expect(finding.tokens.cacheRead == 59 * 900_000)
    }

    @Test("the newest export counts as soon as it is there")
    func newest() {
        var script = MetricsScript()
        // 0.95 an interval: the threshold of 3 needs four like the one before.
        for _ in 1...4 {
            script.export([.outputTokens: 800, .cacheReadTokens: 900_000, .cacheCreationTokens: 400])
            #expect(script.finding == nil)
        }
        script.export([.outputTokens: 800, .cacheReadTokens: 900_000, .cacheCreationTokens: 400])
        #expect(script.finding?.severity == .warning)
    }

    @Test("changing proportions, new lines and commits speak against a loop")
    func healthy() {
        var script = MetricsScript()
        for minute in 1...60 {
            let output = minute.isMultiple(of: 2) ? 4_000.0 : 300
            script.export([.outputTokens: output, .cacheReadTokens: 900_000, .cacheCreationTokens: 400])
        }
        #expect(script.finding == nil)
        for _ in 1...60 {
            script.export([.outputTokens: 800, .cacheReadTokens: 900_000, .linesAdded: 30, .linesRemoved: 4])
        }
        #expect(script.finding == nil)
        for _ in 1...60 { script.export([.outputTokens: 800, .cacheReadTokens: 900_000]) }
        #expect(script.finding != nil)
        script.export([.outputTokens: 800, .cacheReadTokens: 900_000, .commits: 1])
        #expect(script.finding == nil)
    }

    @Test("an edit that is made and taken back shows as intervals that remove what they add")
    func undone() throws {
        var script = MetricsScript()
        for round in 1...8 {
            #expect(script.finding == nil)
            let lines = Double(9 * (1 + round % 3))
            let output = round.isMultiple(of: 2) ? 4_000.0 : 300
            script.export([.outputTokens: output, .cacheReadTokens: 90_000, .linesAdded: lines, .linesRemoved: lines])
        }
        let finding = try #require(script.finding)
        #expect(finding.pattern == .editFlipFlop)
        #expect(finding.severity == .warning)
        #expect(finding.isPossible)
        #expect(finding.repeatCount == 8)
        #expect(finding.onset == Timestamp(seconds: 60))
        script.export([.linesAdded: 12, .linesRemoved: 9])
        #expect(script.finding == nil)
    }

    @Test(
        "replacing single lines, or blocks of different sizes, is no edit taken back",
        arguments: [[1, 1, 2, 1, 3, 1, 1, 2, 1, 1, 4, 1], [9, 14, 25, 9, 4, 15, 22, 7, 10, 13, 6, 35]]
    )
    func renaming(_ intervals: [Double]) {
        var script = MetricsScript()
        for lines in intervals {
            let output = lines > 5 ? 4_000.0 : 300
            script.export([.outputTokens: output, .cacheReadTokens: 90_000, .linesAdded: lines, .linesRemoved: lines])
            #expect(script.finding == nil)
        }
    }

    @Test("a value that no agent can have spent is survived", arguments: [1e300, Double.greatestFiniteMagnitude, 0])
    func extreme(_ value: Double) {
        var script = MetricsScript()
        for _ in 1...20 {
            script.export([
                .inputTokens: value, .outputTokens: value, .cacheReadTokens: value, .cacheCreationTokens: value,
                .linesAdded: value, .linesRemoved: value,
            ])
            _ = script.finding
        }
    }

    @Test("a commit that the event does not tell is told by its metric", arguments: [true, false])
    func commit(hasDetails: Bool) {
        var script = SessionScript(hasDetails: hasDetails)
        script.prompt()
        for attempt in 0..<40 {
            script.call(.edit, "attempt \(attempt)", input: Int64(300 + attempt), file: "f\(attempt)")
            script.call(.bash, "make test", result: -1, error: "ShellError")
        }
        let before = script.finding
        #expect(before?.pattern == .verificationFailure)
        script.metric(.commits, 0)
        let unchanged = script.finding
        #expect(unchanged != nil)
        script.metric(.commits, 1)
        let after = script.finding
        #expect((after == nil) == !hasDetails)
    }
}
