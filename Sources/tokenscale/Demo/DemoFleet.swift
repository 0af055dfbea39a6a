import TokenscaleCore

/// A small fleet: three Deployments at work, one pod that is stuck below every rate cap, and a queue that breathes.
struct DemoFleet: Sendable {
    /// A pod and what plays in it.
    struct Pod: Sendable {
        let body: DemoBody
        let recording: DemoRecording
        let stretch: Double
        let isEndless: Bool
        /// Between two sessions.
        let pauseSeconds: Double
        /// `nil` while the pod rests.
        var session: DemoSession?
        var nextStart: Timestamp
        var startedCount = 0
    }

    /// A request to send.
    struct Body: Sendable {
        /// `/v1/logs` or `/v1/metrics`
        var path: String
        var json: String
    }

    private(set) var pods: [Pod]
    private let start: Timestamp
    private let dispatcher: DemoBody
    /// Makes the ids of this run differ from those of every other.
    private let salt: String
    private var tickCount = 0

    static let queue = "code-tasks"
    /// Cumulative counters go out every so many ticks of a second, as with OTEL_METRIC_EXPORT_INTERVAL=10000.
    static let metricTickCount = 10

    init(namespace: String, salt: String, start: Timestamp) {
        self.salt = salt
        self.start = start
        func pod(
            _ workload: String,
            _ suffix: String,
            _ recording: DemoRecording,
            stretch: Double,
            isEndless: Bool = false,
            delay: Double
        ) -> Pod {
            let name = "\(workload)-\(suffix)"
            let body = DemoBody(namespace: namespace, pod: name, workload: workload, uid: "demo-\(name)")
            return Pod(
                body: body,
                recording: recording,
                stretch: stretch,
                isEndless: isEndless,
                pauseSeconds: 15,
                nextStart: start.advanced(bySeconds: delay)
            )
        }
        self.pods = [
            pod("fixer", "7d9f4c8b6-x2x5q", .fixer, stretch: 8, delay: 0),
            pod("fixer", "7d9f4c8b6-k8m7w", .fixer, stretch: 6, delay: 4),
            pod("reviewer", "5c6d7f9b8-tz4vn", .reviewer, stretch: 4, delay: 1),
            pod("delegator", "6b8f5d7c4-pq9rd", .delegator, stretch: 20, delay: 2),
            pod("migrator", "84c9b5f6d-h6jxl", .migrator, stretch: 0.5, isEndless: true, delay: 0),
        ]
        self.dispatcher = DemoBody(namespace: namespace, pod: "dispatcher-0", workload: "dispatcher", uid: "demo-d-0")
    }

    /// What is to be sent now. Called once a second.
    mutating func tick(now: Timestamp) -> [Body] {
        var bodies: [Body] = []
        let sendsMetrics = self.tickCount % Self.metricTickCount == Self.metricTickCount - 1
        for index in self.pods.indices {
            bodies += self.tick(pod: index, sendsMetrics: sendsMetrics, now: now)
        }
        let depth = Self.depth(seconds: now.seconds(since: self.start))
        bodies.append(Body(path: "/v1/metrics", json: self.dispatcher.queueDepth(depth, queue: Self.queue, now: now)))
        self.tickCount += 1
        return bodies
    }

    private mutating func tick(pod index: Int, sendsMetrics: Bool, now: Timestamp) -> [Body] {
        var bodies: [Body] = []
        if self.pods[index].session == nil, self.pods[index].nextStart <= now {
            let id = "\(self.salt)-\(index)-\(self.pods[index].startedCount)"
            self.pods[index].startedCount += 1
            self.pods[index].session = DemoSession(
                recording: self.pods[index].recording,
                id: id,
                start: self.pods[index].nextStart,
                stretch: self.pods[index].stretch,
                isEndless: self.pods[index].isEndless
            )
        }
        guard var session = self.pods[index].session else { return [] }
        let due = session.due(now: now).map { (session: session.id, occurrence: $0) }
        let body = self.pods[index].body
        if !due.isEmpty { bodies.append(Body(path: "/v1/logs", json: body.logs(due))) }
        // A process that ends flushes its counters.
        if sendsMetrics || session.hasEnded, !session.totals.isEmpty {
            bodies.append(Body(path: "/v1/metrics", json: body.metrics([session], now: now)))
        }
        if session.hasEnded {
            self.pods[index].session = nil
            self.pods[index].nextStart = now.advanced(bySeconds: self.pods[index].pauseSeconds)
        } else {
            self.pods[index].session = session
        }
        return bodies
    }

    /// Tasks arrive in waves of 40 s and are worked off: between 2 and 14.
    static func depth(seconds: Double) -> Int {
        let phase = seconds.truncatingRemainder(dividingBy: 40) / 40
        return 2 + Int((12 * (phase < 0.5 ? phase * 2 : 2 - phase * 2)).rounded())
    }
}
