import Testing
import TokenscaleCore

/// Core against a naive model under random schedules of loss, duplicates, reordering, restarts and resets.
@Suite("Simulation: Core equals a model that keeps every sample")
struct SimulationTests {
    @Test("totals per pod, session, model and type are exact", arguments: 0..<20)
    func totals(block: Int) {
        for seed in (block * 100)..<(block * 100 + 100) {
            var simulation = Simulation(seed: UInt64(seed))
            simulation.run()
            if let fault = simulation.fault {
                Issue.record("seed \(seed): \(fault)")
                return
            }
        }
    }

    @Test("the model finds a ledger that adds both sources")
    func modelCanFail() {
        var naive = NaiveModel()
        let key = NaiveModel.Key(pod: "p", session: "s", model: "m", type: .output)
        naive.event(key, id: 1, count: 10, second: 0)
        naive.delta(key, stream: 1, start: 0, time: 1, count: 10)
        #expect(naive.total(key) == 10)
    }
}

/// Keeps every sample it was ever given and computes from scratch.
struct NaiveModel {
    struct Key: Hashable {
        var pod: String
        var session: String
        var model: String
        var type: TokenType
    }

    private struct Event {
        var id: Int
        var count: Int64
        var second: Int64
    }

    private struct Point {
        var stream: Int
        var start: Int64
        var time: Int64
        var count: Int64
        var isCumulative: Bool
    }

    private var events: [Key: [Event]] = [:]
    private var points: [Key: [Point]] = [:]

    var keys: Set<Key> { Set(self.events.keys).union(self.points.keys) }

    mutating func event(_ key: Key, id: Int, count: Int64, second: Int64) {
        self.events[key, default: []].append(Event(id: id, count: count, second: second))
    }

    mutating func delta(_ key: Key, stream: Int, start: Int64, time: Int64, count: Int64) {
        self.points[key, default: []].append(
            Point(stream: stream, start: start, time: time, count: count, isCumulative: false)
        )
    }

    mutating func cumulative(_ key: Key, stream: Int, start: Int64, time: Int64, value: Int64) {
        self.points[key, default: []].append(
            Point(stream: stream, start: start, time: time, count: value, isCumulative: true)
        )
    }

    func eventTotal(_ key: Key) -> Int64 {
        var seen: [Int: Int64] = [:]
        for event in self.events[key] ?? [] { seen[event.id] = event.count }
        return seen.values.reduce(0, +)
    }

    func metricTotal(_ key: Key) -> Int64 {
        var deltas: [[Int64]: Int64] = [:]
        var highest: [[Int64]: Int64] = [:]
        for point in self.points[key] ?? [] {
            if point.isCumulative {
                let series = [Int64(point.stream), point.start]
                highest[series] = max(highest[series] ?? 0, point.count)
            } else {
                deltas[[Int64(point.stream), point.start, point.time]] = point.count
            }
        }
        return deltas.values.reduce(0, +) + highest.values.reduce(0, +)
    }

    func total(_ key: Key) -> Int64 { max(self.eventTotal(key), self.metricTotal(key)) }

    /// Tokens of distinct events in the 60 s up to `now`, for sessions that send events only.
    func eventRate(_ key: Key, now: Int64) -> Int64 {
        var seen: [Int: Int64] = [:]
        for event in self.events[key] ?? [] where event.second > now - 60 && event.second <= now {
            seen[event.id] = event.count
        }
        return seen.values.reduce(0, +)
    }

    func hasPoints(pod: String) -> Bool { self.points.keys.contains { $0.pod == pod } }
}

/// One random schedule.
struct Simulation {
    private(set) var fault: String?
    private var random: SeededGenerator
    private var naive = NaiveModel()
    private var test = TestAggregator()
    private var processes: [Process] = []
    private var flight: [(due: Double, body: Body)] = []
    private var requestCount = 0
    private var elapsed = 0.0

    /// What one export holds, to be built when it is delivered (and delivered again, byte for byte the same).
    private struct Body {
        var pod: String
        var items: [Item]
    }

    private enum Item {
        case request(NaiveModel.Key, id: Int, tokens: TokenCounts, time: Timestamp, sequence: Int64)
        case delta(NaiveModel.Key, stream: Int, start: Timestamp, time: Timestamp, count: Int64)
        case cumulative(NaiveModel.Key, stream: Int, start: Timestamp, time: Timestamp, value: Int64)
    }

    private struct Process {
        var id: Int
        var pod: String
        var session: String
        var sendsEvents: Bool
        var sendsMetrics: Bool
        var isCumulative: Bool
        var sequence: Int64 = 0
        var logs: [Item] = []
        /// Per model and type: since the last export (delta), or since the start (cumulative).
        var series: [NaiveModel.Key: (start: Timestamp, last: Timestamp, value: Int64)] = [:]
    }

    init(seed: UInt64) {
        self.random = SeededGenerator(seed: seed)
    }

    mutating func run() {
        let podCount = Int.random(in: 1...3, using: &self.random)
        for id in 0..<Int.random(in: 1...4, using: &self.random) {
            self.start(process: id, pod: "pod-\(Int.random(in: 0..<podCount, using: &self.random))")
        }
        for step in 0..<Int.random(in: 20...60, using: &self.random) {
            let pause = Double.random(in: 0.1...3, using: &self.random)
            self.test.advance(pause)
            self.elapsed += pause
            self.work()
            self.export(metrics: step % 5 == 4)
            self.deliver(all: false)
            if Int.random(in: 0..<10, using: &self.random) == 0 { self.check() }
            if Int.random(in: 0..<25, using: &self.random) == 0 { self.restart() }
            guard self.fault == nil else { return }
        }
        self.export(metrics: true)
        self.deliver(all: true)
        self.check()
    }

    private mutating func start(process id: Int, pod: String) {
        let kind = Int.random(in: 0..<4, using: &self.random)
        self.processes.append(
            Process(
                id: id,
                pod: pod,
                // Few names: processes share sessions.
                session: "session-\(Int.random(in: 0..<3, using: &self.random))",
                sendsEvents: kind != 1,
                sendsMetrics: kind != 0,
                isCumulative: Bool.random(using: &self.random)
            )
        )
    }

    /// A process ends (perhaps losing what it had not sent) and another takes its place.
    private mutating func restart() {
        guard let index = self.processes.indices.randomElement(using: &self.random) else { return }
        let old = self.processes.remove(at: index)
        self.start(process: old.id + 100, pod: old.pod)
    }

    private mutating func work() {
        for index in self.processes.indices where Bool.random(using: &self.random) {
            self.requestCount += 1
            let now = self.test.now
            let model = Bool.random(using: &self.random) ? "opus" : "haiku"
            var tokens = TokenCounts()
            for type in TokenType.allCases { tokens[type] = Int64.random(in: 0...500, using: &self.random) }
            let process = self.processes[index]
            // An aborted request is in the metrics only.
            let isAborted = Int.random(in: 0..<12, using: &self.random) == 0
            for type in TokenType.allCases {
                let key = NaiveModel.Key(pod: process.pod, session: process.session, model: model, type: type)
                var series = self.processes[index].series[key] ?? (now, now, 0)
                if !process.isCumulative, series.value == 0 { series.start = now }
                series.value += tokens[type]
                self.processes[index].series[key] = series
            }
            guard process.sendsEvents, !isAborted else { continue }
            let key = NaiveModel.Key(pod: process.pod, session: process.session, model: model, type: .input)
            self.processes[index].logs.append(
                .request(key, id: self.requestCount, tokens: tokens, time: now, sequence: process.sequence)
            )
            self.processes[index].sequence += 1
        }
    }

    private mutating func export(metrics: Bool) {
        for index in self.processes.indices {
            let process = self.processes[index]
            if !process.logs.isEmpty, Bool.random(using: &self.random) {
                self.send(Body(pod: process.pod, items: process.logs))
                self.processes[index].logs = []
            }
            guard metrics, process.sendsMetrics else { continue }
            var items: [Item] = []
            let now = self.test.now
            for (key, series) in process.series.sorted(by: { "\($0.key)" < "\($1.key)" }) {
                if process.isCumulative {
                    items.append(
                        .cumulative(key, stream: process.id, start: series.start, time: now, value: series.value)
                    )
                } else if series.value > 0 {
                    items.append(.delta(key, stream: process.id, start: series.start, time: now, count: series.value))
                    self.processes[index].series[key] = (now, now, 0)
                }
            }
            if !items.isEmpty { self.send(Body(pod: process.pod, items: items)) }
        }
    }

    /// Puts a body on the wire: lost, late, or several times.
    private mutating func send(_ body: Body) {
        guard Int.random(in: 0..<10, using: &self.random) > 0 else { return }
        let copies = Int.random(in: 0..<5, using: &self.random) == 0 ? Int.random(in: 2...4, using: &self.random) : 1
        for _ in 0..<copies {
            self.flight.append((self.elapsed + Double.random(in: 0...8, using: &self.random), body))
        }
    }

    private mutating func deliver(all: Bool) {
        let due = self.flight.filter { all || $0.due <= self.elapsed }.sorted { $0.due < $1.due }
        self.flight.removeAll { all || $0.due <= self.elapsed }
        for (_, body) in due {
            var builder = BatchBuilder(pod: body.pod)
            for item in body.items { self.add(item, to: &builder) }
            self.test.record(builder)
        }
    }

    private mutating func add(_ item: Item, to builder: inout BatchBuilder) {
        switch item {
        case .request(let key, let id, let tokens, let time, let sequence):
            builder.request(
                tokens,
                session: key.session,
                id: id % 3 == 0 ? nil : "req-\(id)",
                at: Timestamp(nanoseconds: time.nanoseconds + Int64(id)),
                model: key.model,
                sequence: sequence
            )
            for type in TokenType.allCases {
                var typed = key
                typed.type = type
                self.naive.event(typed, id: id, count: tokens[type], second: time.second)
            }
        case .delta(let key, let stream, let start, let time, let count):
            builder.point(
                Double(count),
                Self.kind(key.type),
                session: key.session,
                start: start,
                time: time,
                model: key.model,
                attributes: "\(stream)"
            )
            self.naive.delta(
                key,
                stream: stream,
                start: start.nanoseconds,
                time: time.nanoseconds,
                count: count
            )
        case .cumulative(let key, let stream, let start, let time, let value):
            builder.point(
                Double(value),
                Self.kind(key.type),
                session: key.session,
                temporality: .cumulative,
                start: start,
                time: time,
                model: key.model,
                attributes: "\(stream)"
            )
            self.naive.cumulative(
                key,
                stream: stream,
                start: start.nanoseconds,
                time: time.nanoseconds,
                value: value
            )
        }
    }

    private static func kind(_ type: TokenType) -> MetricKind {
        switch type {
        case .input: .inputTokens
        case .output: .outputTokens
        case .cacheRead: .cacheReadTokens
        case .cacheCreation: .cacheCreationTokens
        }
    }

    private mutating func check() {
        let snapshot = self.test.snapshot()
        var expected: [String: TokenCounts] = [:]
        for key in self.naive.keys {
            expected["\(key.pod)/\(key.model)", default: .zero][key.type] += self.naive.total(key)
        }
        let zero = expected.filter { $0.value == .zero }
        var actual: [String: TokenCounts] = [:]
        for counter in snapshot.counters { actual["\(counter.pod.name)/\(counter.model)"] = counter.total }
        for (series, _) in zero where actual[series] == nil { expected[series] = nil }
        if actual != expected { self.fault = "counters \(actual), but the samples say \(expected)" }
        for pod in snapshot.pods where !self.naive.hasPoints(pod: pod.id.name) {
            let rate = pod.rates.reduce(TokenCounts.zero) { $0 + $1.active + $1.stuck }
            var naive = TokenCounts()
            for key in self.naive.keys where key.pod == pod.id.name {
                naive[key.type] += self.naive.eventRate(key, now: self.test.now.second)
            }
            if rate != naive { self.fault = "rate \(rate) of \(pod.id.name), but the samples say \(naive)" }
        }
    }
}
