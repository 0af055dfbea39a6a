/// Consecutive items of a batch that name the same pod: what is recorded under one lock.
struct Run {
    private(set) var points = 0..<0
    private(set) var events = 0..<0
    private(set) var pod = PodAttributes()
    private(set) var source = AttributionSource.none
    /// Identity of the pod by what the sender says.
    private(set) var key: Hash128 = .absent
    private var isStarted = false

    var count: Int { self.points.count + self.events.count }

    /// Moves to the next run.
    ///
    /// The resource's own pod wins for all items; only without one do the items speak.
    mutating func next(in batch: ResourceBatch, text: RawSpan, hash: KeyedHash) -> Bool {
        if !batch.pod.isEmpty || (batch.points.isEmpty && batch.events.isEmpty) {
            guard !self.isStarted, !batch.isEmpty else { return false }
            self.isStarted = true
            self.points = batch.points.indices
            self.events = batch.events.indices
            self.pod = batch.pod
            self.source = .resource
            self.key = Self.key(batch.pod, text: text, hash: hash)
            return true
        }
        self.isStarted = true
        let pointStart = self.points.upperBound
        if pointStart < batch.points.count {
            self.start(batch.points[pointStart].pod, text: text, hash: hash)
            var end = pointStart + 1
            while end < batch.points.count, Self.key(batch.points[end].pod, text: text, hash: hash) == self.key {
                end += 1
            }
            self.points = pointStart..<end
            return true
        }
        self.points = pointStart..<pointStart
        let eventStart = self.events.upperBound
        guard eventStart < batch.events.count else { return false }
        self.start(batch.events[eventStart].pod, text: text, hash: hash)
        var end = eventStart + 1
        while end < batch.events.count, Self.key(batch.events[end].pod, text: text, hash: hash) == self.key {
            end += 1
        }
        self.events = eventStart..<end
        return true
    }

    private mutating func start(_ pod: PodAttributes, text: RawSpan, hash: KeyedHash) {
        self.pod = pod
        self.source = pod.isEmpty ? .none : .item
        self.key = Self.key(pod, text: text, hash: hash)
    }

    static func key(_ pod: PodAttributes, text: RawSpan, hash: KeyedHash) -> Hash128 {
        guard !pod.name.isAbsent || !pod.uid.isAbsent else { return .absent }
        let namespace = hash.hash128(text.extracting(pod.namespace.offsets))
        guard pod.name.isAbsent else {
            return namespace.combined(with: hash.hash128(text.extracting(pod.name.offsets)))
        }
        return namespace.combined(with: hash.hash128(text.extracting(pod.uid.offsets))).combined(with: namespace)
    }
}

/// Which pod a run belongs to, and why.
struct Attribution {
    var key: Hash128
    /// Known by name already; `nil`: the attributes' own name.
    var id: PodID?
    var source: AttributionSource
    /// The directory contradicts the sender's claim.
    var isRefused = false

    static let none = Attribution(key: .absent, id: .unattributed, source: .none)
}

extension Aggregator {
    /// Attribution by DESIGN's order: resource, item, peer address through the pod directory. Never a guess.
    ///
    /// A pod that writes from its own address and claims to be another one is refused, by whatever it names the other.
    func attribute(_ run: Run, text: RawSpan, peer: PeerAddress?, directory: PodDirectory?) -> Attribution {
        let known = directory.flatMap { $0.isSynced ? $0 : nil }
        let peerPod = peer.flatMap { known?.pod(address: $0.text) }
        if !run.pod.name.isAbsent, !run.pod.namespace.isAbsent {
            var result = Attribution(key: run.key, id: nil, source: run.source)
            result.isRefused = self.contradicts(
                peer,
                peerPod,
                PodID(namespace: run.pod.namespace.string(in: text), name: run.pod.name.string(in: text))
            )
            return result
        }
        if !run.pod.uid.isAbsent, let pod = known?.pod(uid: run.pod.uid.string(in: text)) {
            var result = Attribution(key: self.key(of: pod.id), id: pod.id, source: run.source)
            result.isRefused = self.contradicts(peer, peerPod, pod.id)
            return result
        }
        if let peerPod {
            return Attribution(key: self.key(of: peerPod.id), id: peerPod.id, source: .peerAddress)
        }
        return .none
    }

    /// Whether the sender's address belongs to another pod than the one it claims to be, and may not speak for others.
    private func contradicts(_ peer: PeerAddress?, _ peerPod: PodRecord?, _ claimed: @autoclosure () -> PodID) -> Bool {
        guard let peer, let peerPod, !self.configuration.trustedPeers.contains(peer, pod: peerPod.id) else {
            return false
        }
        return peerPod.id != claimed()
    }

    func key(of pod: PodID) -> Hash128 {
        self.hash.hash128(pod.namespace).combined(with: self.hash.hash128(pod.name))
    }
}

extension Shard {
    /// Records the items of one run.
    mutating func record(
        _ run: Run,
        attribution: Attribution,
        of batch: ResourceBatch,
        text: RawSpan,
        arrival: Timestamp
    ) -> RecordOutcome {
        var outcome = RecordOutcome()
        // A request that was on its way when our clock was set forward has the old time.
        let arrival = Swift.max(arrival, self.clockSetTime)
        if attribution.source == .none { outcome.unattributedCount = run.count }
        guard
            let pod = self.pod(
                run.pod,
                id: attribution.id,
                key: attribution.key,
                attribution: attribution.source,
                batch: batch,
                text: text,
                arrival: arrival
            )
        else {
            outcome.limitedCount = run.count
            return outcome
        }
        var newest = SentTime(Timestamp(nanoseconds: .min))
        for index in run.points { newest = Swift.max(newest, batch.points[index].sent) }
        for index in run.events { newest = Swift.max(newest, batch.events[index].sent) }
        if newest > .absent { self.pods[pod].clock.observe(newest: newest, arrival: arrival) }
        let tolerance = self.configuration.clockToleranceSeconds
        let context = Context(
            pod: pod,
            resource: batch.resource,
            arrival: arrival,
            correctionSeconds: self.pods[pod].clock.correctionSeconds(toleranceSeconds: tolerance),
            leadSeconds: self.pods[pod].clock.leadSeconds(setSeconds: self.clockSetSeconds),
            clockSetSeconds: self.clockSetSeconds
        )
        for index in run.points { self.record(batch.points[index], text: text, context: context, outcome: &outcome) }
        for index in run.events { self.record(batch.events[index], text: text, context: context, outcome: &outcome) }
        return outcome
    }

    /// What becomes of a run whose sender is somebody else than it says.
    static func refuse(_ run: Run) -> RecordOutcome {
        var outcome = RecordOutcome()
        outcome.refusedCount = run.count
        return outcome
    }
}

extension AggregatorStatistics {
    /// Adds the counters of another part.
    mutating func add(_ other: AggregatorStatistics) {
        self.outcome += other.outcome
        self.attribution.merge(other.attribution) { $0 + $1 }
        self.unattributedTokens = self.unattributedTokens.addingClamped(other.unattributedTokens)
        self.driftTokens = self.driftTokens.addingClamped(other.driftTokens)
        self.lateItemCount += other.lateItemCount
        self.futureItemCount += other.futureItemCount
        self.podCount += other.podCount
        self.sessionCount += other.sessionCount
        self.seriesCount += other.seriesCount
        self.expiredSessionCount += other.expiredSessionCount
        self.limitedPodCount += other.limitedPodCount
        self.limitedSessionCount += other.limitedSessionCount
        self.limitedSeriesCount += other.limitedSeriesCount
        self.limitedItemCount += other.limitedItemCount
        self.displacedPodCount += other.displacedPodCount
        self.displacedSessionCount += other.displacedSessionCount
    }
}
