import TokenscaleCore

/// Builds what a decoder would: a batch and the text its ranges refer to.
struct BatchBuilder {
    private(set) var batch = ResourceBatch()
    private(set) var text: [UInt8] = []
    private let hash: KeyedHash

    init(namespace: String? = "agents", pod: String? = "pod-0", hash: KeyedHash = TestAggregator.hash) {
        self.hash = hash
        if let namespace { self.batch.pod.namespace = self.add(namespace) }
        if let pod { self.batch.pod.name = self.add(pod) }
        self.batch.resource = hash.hash128("\(namespace ?? "")/\(pod ?? "")")
    }

    mutating func add(_ text: String) -> TextRange {
        defer { self.text.append(contentsOf: text.utf8) }
        return TextRange(offset: self.text.count, byteCount: text.utf8.count)
    }

    mutating func addIdentity(_ text: String) -> IdentityText {
        text.isEmpty ? .absent : IdentityText(range: self.add(text), fingerprint: self.hash.hash128(text))
    }

    mutating func podAttributes(namespace: String, pod: String) -> PodAttributes {
        var attributes = PodAttributes()
        attributes.namespace = self.add(namespace)
        attributes.name = self.add(pod)
        return attributes
    }

    mutating func setPodUID(_ uid: String) { self.batch.pod.uid = self.add(uid) }

    mutating func setLabel(_ key: String, _ value: String) {
        self.batch.labels.append(LabelRange(key: self.add(key), value: self.add(value)))
    }

    /// An `api_request` event.
    mutating func request(
        _ tokens: TokenCounts,
        session: String = "session-0",
        id: String?,
        at time: Timestamp,
        model: String = "claude-opus-4-5",
        sequence: Int64 = 1,
        pod: PodAttributes = PodAttributes()
    ) {
        var event = AgentEvent()
        event.kind = .apiRequest
        event.tokens = tokens
        event.session = self.addIdentity(session)
        event.model = self.addIdentity(model)
        event.sent = SentTime(time)
        event.sequence = sequence
        event.pod = pod
        if let id { event.request = self.hash.hash128(id) }
        self.batch.events.append(event)
    }

    /// Any other event.
    mutating func event(
        _ kind: AgentEvent.Kind,
        session: String = "session-0",
        at time: Timestamp,
        sequence: Int64 = 1,
        request: String? = nil,
        _ fill: (inout AgentEvent) -> Void = { _ in }
    ) {
        var event = AgentEvent()
        event.kind = kind
        event.session = self.addIdentity(session)
        event.sent = SentTime(time)
        event.sequence = sequence
        event.toolUse = self.hash.hash64("\(kind)\(sequence)")
        if let request { event.request = self.hash.hash128(request) }
        fill(&event)
        self.batch.events.append(event)
    }

    /// A `claude_code.token.usage` point.
    mutating func point(
        _ value: Double,
        _ kind: MetricKind = .outputTokens,
        session: String = "session-0",
        temporality: Temporality = .delta,
        start: Timestamp,
        time: Timestamp,
        model: String = "claude-opus-4-5",
        attributes: String = ""
    ) {
        var point = MetricPoint()
        point.kind = kind
        point.value = value
        point.temporality = temporality
        point.session = self.addIdentity(session)
        point.model = self.addIdentity(model)
        point.start = SentTime(start)
        point.sent = SentTime(time)
        point.stream = self.hash.hash128("\(kind)/\(session)/\(model)/\(attributes)")
        self.batch.points.append(point)
    }

    mutating func queueDepth(_ depth: Double, queue: String, at time: Timestamp) {
        var point = MetricPoint()
        point.kind = .queueDepth
        point.value = depth
        point.temporality = .none
        point.queue = self.add(queue)
        point.sent = SentTime(time)
        self.batch.points.append(point)
    }
}

/// An aggregator and the true time, which stands still until the test moves it.
struct TestAggregator {
    static let hash = KeyedHash(key: 0x0123_4567_89ab_cdef)
    static let start = Timestamp(seconds: 1_800_000_000)

    let aggregator: Aggregator
    /// The true time.
    var now = TestAggregator.start
    /// By how much the collector's own clock is ahead of it, in seconds.
    private(set) var clockError = 0.0
    /// By how much that clock was set without the aggregator having been told.
    private var untoldStep = 0.0

    init(
        configuration: AggregatorConfiguration = AggregatorConfiguration(),
        startTime: Timestamp = Self.start,
        directory: PodDirectoryStore? = nil
    ) {
        self.aggregator = Aggregator(
            configuration: configuration,
            hash: Self.hash,
            startTime: startTime,
            directory: directory
        )
    }

    @discardableResult
    func record(_ builder: BatchBuilder, peer: String? = nil) -> RecordOutcome {
        let address = peer.map { PeerAddress(text: $0) }
        return unsafe self.aggregator.record(
            builder.batch,
            text: builder.text.span.bytes,
            peer: address,
            arrival: self.clock
        )
    }

    /// What the collector's clock shows.
    var clock: Timestamp { self.now.advanced(bySeconds: self.clockError) }

    /// Somebody sets the collector's clock; who watches it (``ClockJumps``) tells the aggregator a moment later.
    mutating func setClock(by seconds: Double) {
        self.clockError += seconds
        self.untoldStep += seconds
    }

    mutating func tellClockStep() {
        if self.untoldStep != 0 { self.aggregator.clockWasSet(at: self.clock, by: self.untoldStep) }
        self.untoldStep = 0
    }

    mutating func advance(_ seconds: Double) { self.now = self.now.advanced(bySeconds: seconds) }

    func snapshot() -> Snapshot { self.aggregator.snapshot(now: self.clock) }

    func pod(_ name: String = "pod-0") -> PodSnapshot? {
        self.snapshot().pods.first { $0.id == PodID(namespace: "agents", name: name) }
    }

    /// Tokens per minute of a pod, all models, sessions that are not stuck.
    func rate(_ name: String = "pod-0") -> TokenCounts {
        self.pod(name)?.rates.reduce(.zero) { $0 + $1.active } ?? .zero
    }

    func total(_ name: String = "pod-0") -> TokenCounts {
        self.snapshot().counters.filter { $0.pod.name == name }.reduce(.zero) { $0 + $1.total }
    }
}

/// SplitMix64: small, seeded, good enough for schedules. <https://prng.di.unimi.it/splitmix64.c>
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { self.state = seed }

    mutating func next() -> UInt64 {
        self.state &+= 0x9e37_79b9_7f4a_7c15
        var z = self.state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
