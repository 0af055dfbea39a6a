import TokenscaleCore

/// One random schedule, delivered to two collectors: the clock of one is right, that of the other is set now and then.
///
/// Sessions send events, metrics or both, and change which; deliveries are late, lost or repeated.
struct ClockStepSchedule {
    struct Coverage {
        var stepCount = 0
        var duplicateCount = 0
        var takeOverCount = 0

        mutating func add(_ other: Coverage) {
            self.stepCount += other.stepCount
            self.duplicateCount += other.duplicateCount
            self.takeOverCount += other.takeOverCount
        }
    }

    private(set) var fault: String?
    private(set) var coverage = Coverage()
    private var random: SeededGenerator
    private let steps: [Double]
    private var right = TestAggregator()
    private var wrong = TestAggregator()
    private var flight: [(due: Double, body: BatchBuilder)] = []
    private var elapsed = 0.0
    private var sessions: [Session] = []
    private var requestCount = 0

    private struct Session {
        var name: String
        var sendsEvents = true
        var sendsMetrics = true
        var isCumulative: Bool
        /// How far the sender's clock is ahead, in seconds.
        var lead: Double
        var since = TestAggregator.start
        var value: Int64 = 0
        var sequence: Int64 = 0
    }

    init(seed: UInt64, steps: [Double]) {
        self.random = SeededGenerator(seed: seed)
        self.steps = steps
        for index in 0..<3 {
            self.sessions.append(
                Session(
                    name: "session-\(index)",
                    isCumulative: Bool.random(using: &self.random),
                    lead: 0
                )
            )
        }
    }

    mutating func run() {
        for step in 0..<600 {
            self.advance(Double.random(in: 1...3, using: &self.random))
            self.changeSources()
            self.work()
            if step % 20 == 19 { self.exportMetrics() }
            self.deliver(all: false)
            if self.chance(100) { self.setClock() }
            if step % 10 == 0 { self.check() }
            guard self.fault == nil else { return }
        }
        self.exportMetrics()
        self.deliver(all: true)
        self.check()
    }

    private mutating func chance(_ one: Int) -> Bool { Int.random(in: 0..<one, using: &self.random) == 0 }

    private mutating func advance(_ seconds: Double) {
        self.right.advance(seconds)
        self.wrong.advance(seconds)
        self.elapsed += seconds
    }

    private mutating func setClock() {
        self.coverage.stepCount += 1
        let step = self.steps.randomElement(using: &self.random) ?? 0
        self.wrong.setClock(by: step)
        self.wrong.tellClockStep()
    }

    private mutating func changeSources() {
        for index in self.sessions.indices where self.chance(120) {
            let kind = Int.random(in: 0..<3, using: &self.random)
            self.sessions[index].sendsEvents = kind != 1
            self.sessions[index].sendsMetrics = kind != 0
            if kind < 2 { self.coverage.takeOverCount += 1 }
        }
    }

    private mutating func work() {
        for index in self.sessions.indices where Bool.random(using: &self.random) {
            let session = self.sessions[index]
            let count = Int64.random(in: 1...500, using: &self.random)
            // Delta metrics that are not sent are lost; cumulative ones come back with everything.
            if session.isCumulative || session.sendsMetrics { self.sessions[index].value += count }
            guard session.sendsEvents, !self.chance(12) else { continue }
            self.requestCount += 1
            var body = BatchBuilder(pod: "pod-\(index)")
            body.request(
                TokenCounts(input: 0, output: count, cacheRead: 0, cacheCreation: 0),
                session: session.name,
                id: self.requestCount % 3 == 0 ? nil : "r\(self.requestCount)",
                at: self.right.now,
                sequence: session.sequence
            )
            self.sessions[index].sequence += 1
            self.send(body)
        }
    }

    private mutating func exportMetrics() {
        for index in self.sessions.indices {
            let session = self.sessions[index]
            guard session.sendsMetrics, session.value > 0 else {
                if !session.isCumulative { self.sessions[index].since = self.right.now }
                continue
            }
            var body = BatchBuilder(pod: "pod-\(index)")
            body.point(
                Double(session.value),
                session: session.name,
                temporality: session.isCumulative ? .cumulative : .delta,
                start: session.since,
                time: self.right.now
            )
            if !session.isCumulative {
                self.sessions[index].value = 0
                self.sessions[index].since = self.right.now
            }
            self.send(body)
        }
    }

    private mutating func send(_ body: BatchBuilder) {
        guard !self.chance(12) else { return }
        for _ in 0..<(self.chance(5) ? 3 : 1) {
            self.flight.append((self.elapsed + Double.random(in: 0...9, using: &self.random), body))
        }
    }

    private mutating func deliver(all: Bool) {
        let due = self.flight.filter { all || $0.due <= self.elapsed }.sorted { $0.due < $1.due }
        self.flight.removeAll { all || $0.due <= self.elapsed }
        for (_, body) in due {
            let outcome = self.right.record(body)
            self.coverage.duplicateCount += outcome.duplicateCount
            let other = self.wrong.record(body)
            if other != outcome { self.fault = "\(other) with a clock that is set, else \(outcome)" }
        }
    }

    private mutating func check() {
        func totals(_ test: TestAggregator) -> [String: Int64] {
            Dictionary(uniqueKeysWithValues: test.snapshot().counters.map { ($0.pod.name, $0.total.output) })
        }
        let wrong = totals(self.wrong)
        let right = totals(self.right)
        if wrong != right, self.fault == nil {
            self.fault = "after \(self.elapsed) s \(wrong) with a clock that is set, else \(right)"
        }
    }
}
