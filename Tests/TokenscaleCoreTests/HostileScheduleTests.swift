import Testing

@testable import TokenscaleCore

/// Random schedules of the numbers at the ends of their ranges, through all of Core: whatever comes, it goes on.
@Suite("Hostile schedules")
struct HostileScheduleTests {
    private static let counts: [Int64] = [-1, 0, 1, 2, 600, 1 << 31, 1 << 53, .max / 2, .max - 1, .max]
    private static let values = [0, 0.4, 1, 3e9, 9.2e18, 1e19, 1e300, .infinity, .nan, -1]
    private static let steps = [0, 0, 0.1, 1, 1, 5, 30, 61, 200, 400, 4_000]
    private static let metrics: [MetricKind] = [
        .inputTokens, .outputTokens, .cacheReadTokens, .cacheCreationTokens, .genAIOutputTokens, .cost, .activeTime,
    ]

    @Test("numbers at the ends of their ranges end nothing", arguments: 0..<60 as Range<UInt64>)
    func extremes(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var test = TestAggregator()
        var machine = AlertStateMachine()
        for _ in 0..<60 {
            test.advance(Self.steps.randomElement(using: &generator) ?? 1)
            var body = BatchBuilder(pod: "pod-\(Int.random(in: 0..<2, using: &generator))")
            for _ in 0..<Int.random(in: 1..<12, using: &generator) {
                if Bool.random(using: &generator) {
                    Self.addEvent(to: &body, at: test.now, &generator)
                } else {
                    Self.addPoint(to: &body, at: test.now, &generator)
                }
            }
            test.record(body)
            let snapshot = test.snapshot()
            for transition in machine.step(snapshot) {
                let text = AlertText(transition)
                #expect(!text.annotations.isEmpty && !text.summary.isEmpty && !text.description.isEmpty)
            }
            try Self.ask(snapshot, at: test.now)
        }
        let restored = TestAggregator(startTime: test.now)
        try restored.aggregator.restore(test.aggregator.encodeState(now: test.now), now: test.now)
        #expect(
            restored.aggregator.snapshot(now: test.now).counters.map(\.total) == test.snapshot().counters.map(\.total)
        )
    }

    private static func time(_ now: Timestamp, _ generator: inout SeededGenerator) -> Timestamp {
        let times: [Int64] = [0, 1, .max, .max - 1, now.nanoseconds, now.nanoseconds, now.nanoseconds + 1]
        let near = now.nanoseconds - Int64.random(in: 0..<300_000_000_000, using: &generator)
        return Timestamp(nanoseconds: (times + [near, near, near]).randomElement(using: &generator) ?? near)
    }

    private static func addEvent(to body: inout BatchBuilder, at now: Timestamp, _ generator: inout SeededGenerator) {
        func count() -> Int64 { Self.counts.randomElement(using: &generator) ?? 0 }
        func tokens() -> Int64 { max(0, count()) }
        let kind = AgentEvent.Kind(rawValue: UInt8.random(in: 0..<14, using: &generator)) ?? .apiRequest
        let session = "session-\(Int.random(in: 0..<2, using: &generator))"
        let time = Self.time(now, &generator)
        let model = body.addIdentity("claude-opus-4-5")
        body.event(kind, session: session, at: time, sequence: count()) { event in
            event.tokens = TokenCounts(
                input: tokens(),
                output: tokens(),
                cacheRead: tokens(),
                cacheCreation: tokens()
            )
            event.costMicroUSD = count()
            event.durationMilliseconds = count()
            event.promptLength = count()
            event.responseLength = count()
            event.inputByteCount = count()
            event.resultByteCount = count()
            event.statusCode = count()
            event.blockingHookCount = count()
            event.sleepSeconds = min(count(), 86_400_000_000_000_000)
            event.tool = ToolKind.allCases.randomElement(using: &generator) ?? .bash
            event.toolName = UInt64.random(in: 1..<3, using: &generator)
            event.arguments = UInt64.random(in: 0..<3, using: &generator)
            event.errorText = UInt64.random(in: 0..<2, using: &generator)
            event.success = [.unknown, .no, .yes].randomElement(using: &generator) ?? .no
            event.model = model
        }
    }

    private static func addPoint(to body: inout BatchBuilder, at now: Timestamp, _ generator: inout SeededGenerator) {
        body.point(
            Self.values.randomElement(using: &generator) ?? 1,
            Self.metrics.randomElement(using: &generator) ?? .outputTokens,
            session: "session-\(Int.random(in: 0..<2, using: &generator))",
            temporality: [.delta, .cumulative].randomElement(using: &generator) ?? .delta,
            start: Self.time(now, &generator),
            time: Self.time(now, &generator)
        )
        let depth = Self.values.randomElement(using: &generator) ?? 1
        body.queueDepth(depth, queue: "q", at: Self.time(now, &generator))
    }

    private static func ask(_ snapshot: Snapshot, at now: Timestamp) throws {
        let view = MetricsView(
            snapshot: snapshot,
            directory: PodDirectory(),
            now: now,
            configuration: ServingConfiguration()
        )
        for metric in ServedMetric.allCases {
            let selection = try MetricSelection(metric)
            let answer = try? view.podValues(metric, namespace: "agents", labels: .everything, selection: selection)
            for value in answer?.values ?? [] { #expect(value.value.quantity.milli >= 0) }
            _ = try? view.externalValues(metric, namespace: "agents", selection: selection)
        }
    }
}
