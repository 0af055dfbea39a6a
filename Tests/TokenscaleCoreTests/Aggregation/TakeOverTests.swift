import Testing
import TokenscaleCore

/// Sessions whose sources take turns, against a model that keeps every request: what at least one source has told is
/// counted, once. ``SimulationTests`` loses deliveries but is too short for take-overs; this is the other half.
@Suite("Take-overs: what any source has told counts once")
struct TakeOverTests {
    @Test("sources that change while nothing is used: exactly what was told", arguments: 0..<20)
    func changesAtRest(block: Int) throws {
        for seed in (block * 10)..<(block * 10 + 10) {
            var schedule = TakeOverSchedule(seed: UInt64(seed), changesAtRest: true)
            try schedule.run()
            let (counted, told) = (schedule.counted, schedule.told)
            guard counted == told else {
                Issue.record("seed \(seed) \(schedule.story): counted \(counted), told \(told)")
                return
            }
        }
    }

    @Test("sources that change at any moment: never more than was told, and less by a part of an interval at most")
    func changes() throws {
        for seed in 0..<200 {
            var schedule = TakeOverSchedule(seed: UInt64(seed), changesAtRest: false)
            try schedule.run()
            let (counted, told) = (schedule.counted, schedule.told)
            guard counted <= told, counted >= told - schedule.changing else {
                Issue.record("seed \(seed) \(schedule.story): \(counted), told \(told), \(schedule.changing)")
                return
            }
        }
    }
}

/// One random schedule of one session. Nothing is lost on the way; a source that is off says nothing.
private struct TakeOverSchedule {
    private enum Phase: String, CaseIterable {
        case events
        case metrics
        case both
    }

    private var random: SeededGenerator
    private var test = TestAggregator()
    private let isCumulative: Bool
    private var flight: [(due: Double, body: BatchBuilder)] = []
    private var elapsed = 0.0
    private var phase = Phase.both
    private var requestCount = 0
    private var nextExport = 60.0
    /// Tokens that the metrics have measured and not told, the requests they are of, and since when.
    private var value: Int64 = 0
    private var measured: Set<Int> = []
    private var since: Timestamp
    /// Tokens of each request, and which of them somebody has told.
    private var requests: [Int: Int64] = [:]
    private var toldRequests: Set<Int> = []
    /// Tokens used within an export interval, and the way of its delivery, of a change of sources.
    private(set) var changing: Int64 = 0
    private let changesAtRest: Bool
    private(set) var story = ""

    init(seed: UInt64, changesAtRest: Bool) {
        self.changesAtRest = changesAtRest
        self.random = SeededGenerator(seed: seed)
        self.isCumulative = Bool.random(using: &self.random)
        self.since = self.test.now
    }

    var counted: Int64 { self.test.total().output }
    var told: Int64 { self.toldRequests.reduce(0) { $0 + (self.requests[$1] ?? 0) } }

    mutating func run() throws {
        self.story = self.isCumulative ? "cumulative" : "delta"
        for _ in 0..<Int.random(in: 2...6, using: &self.random) {
            let phase = Phase.allCases.randomElement(using: &self.random) ?? .both
            self.story += " \(phase)"
            try self.run(phase, until: self.elapsed + Double.random(in: 400...800, using: &self.random))
        }
        // What only events have told since the last export may hide behind what only metrics told before.
        if self.phase != .events { self.export() }
        self.deliver(all: true)
    }

    private mutating func run(_ phase: Phase, until end: Double) throws {
        // Within a second the ledger cannot tell the last event from the first interval of the metrics.
        self.advance(3)
        if !self.isCumulative, phase == .events || self.phase == .events {
            self.value = 0
            self.measured = []
        }
        self.phase = phase
        let start = self.elapsed
        while self.elapsed < end {
            self.advance(Double.random(in: 0.2...9, using: &self.random))
            let isNearChange = self.elapsed < start + Self.changeSeconds || self.elapsed > end - Self.changeSeconds
            if !self.changesAtRest || !isNearChange { self.work(phase, isNearChange: isNearChange) }
            if self.elapsed >= self.nextExport {
                if phase != .events { self.export() }
                self.nextExport += 60
            }
            self.deliver(all: false)
            if Int.random(in: 0..<100, using: &self.random) == 0 { try self.restart() }
        }
    }

    private mutating func advance(_ seconds: Double) {
        self.test.advance(seconds)
        self.elapsed += seconds
    }

    /// An export interval, and the way of its delivery.
    private static let changeSeconds = 70.0

    private mutating func work(_ phase: Phase, isNearChange: Bool) {
        self.requestCount += 1
        let count = Int64.random(in: 1...500, using: &self.random)
        if isNearChange { self.changing += count }
        self.requests[self.requestCount] = count
        if phase != .events || self.isCumulative {
            // After silence an interval begins at the first measurement.
            if !self.isCumulative, self.measured.isEmpty { self.since = self.test.now }
            self.value += count
            self.measured.insert(self.requestCount)
        }
        guard phase != .metrics else { return }
        var body = BatchBuilder()
        body.request(
            TokenCounts(input: 0, output: count, cacheRead: 0, cacheCreation: 0),
            id: self.requestCount % 3 == 0 ? nil : "r\(self.requestCount)",
            at: self.test.now,
            sequence: Int64(self.requestCount)
        )
        self.toldRequests.insert(self.requestCount)
        self.send(body)
    }

    private mutating func export() {
        guard !self.measured.isEmpty else { return }
        var body = BatchBuilder()
        body.point(
            Double(self.value),
            temporality: self.isCumulative ? .cumulative : .delta,
            start: self.since,
            time: self.test.now
        )
        self.toldRequests.formUnion(self.measured)
        self.measured = []
        if !self.isCumulative {
            self.value = 0
        }
        self.send(body)
    }

    /// Late by up to 5 s, as events that wait for their export, and perhaps sent again within ten.
    private mutating func send(_ body: BatchBuilder) {
        let copies = Int.random(in: 0..<5, using: &self.random) == 0 ? 3 : 1
        for _ in 0..<copies {
            self.flight.append((self.elapsed + Double.random(in: 0...9, using: &self.random), body))
        }
    }

    private mutating func deliver(all: Bool) {
        let due = self.flight.filter { all || $0.due <= self.elapsed }.sorted { $0.due < $1.due }
        self.flight.removeAll { all || $0.due <= self.elapsed }
        for (_, body) in due { self.test.record(body) }
    }

    private mutating func restart() throws {
        let state = self.test.aggregator.encodeState(now: self.test.now)
        var next = TestAggregator(startTime: self.test.now)
        next.now = self.test.now
        try next.aggregator.restore(state, now: next.now)
        self.test = next
    }
}
