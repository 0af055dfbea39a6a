extension Shard {
    /// The slot of a pod, made if need be.
    ///
    /// - Returns: `nil` if the limit for new pods is reached.
    mutating func pod(
        _ attributes: PodAttributes,
        id: PodID?,
        key: Hash128,
        attribution: AttributionSource,
        batch: ResourceBatch,
        text: RawSpan,
        arrival: Timestamp
    ) -> Int? {
        if let slot = self.podIndex.slot(of: key) {
            self.pods[slot].lastArrival = arrival
            return slot
        }
        let made =
            id
            ?? PodID(
                namespace: self.name(attributes.namespace, text: text),
                name: self.name(attributes.name, text: text)
            )
        // A cut or repaired name is known by what is kept of it: the state file holds no more.
        let keptKey =
            id == nil ? self.hash.hash128(made.namespace).combined(with: self.hash.hash128(made.name)) : key
        if keptKey != key, let slot = self.podIndex.slot(of: keptKey) {
            self.pods[slot].lastArrival = arrival
            return slot
        }
        guard self.makeRoomForPod(of: made.namespace) else { return nil }
        var state = PodEntry(
            id: made,
            key: keptKey,
            namespace: self.namespaces.addPod(of: made.namespace),
            attribution: attribution,
            arrival: arrival
        )
        if !attributes.uid.isAbsent { state.uid = self.name(attributes.uid, text: text) }
        if !attributes.node.isAbsent { state.node = self.name(attributes.node, text: text) }
        if !attributes.workload.isAbsent { state.workload = self.name(attributes.workload, text: text) }
        for label in batch.labels.prefix(Self.labelLimit) {
            state.labels[self.name(label.key, text: text)] = self.name(label.value, text: text)
        }
        return self.podIndex.insert(state, key: keptKey, into: &self.pods)
    }

    /// Labels kept of a pod that only telemetry tells of.
    private static let labelLimit = 64

    /// Forgets sessions and pods that have been silent for long. Their tokens stay in the pod's counters.
    mutating func expire(now: Timestamp) {
        let limits = self.configuration
        for slot in self.sessionIndex.slots
        where self.sessions[slot].isExpired(
            at: now,
            listeningSince: self.listeningSince,
            expirySeconds: limits.sessionExpirySeconds
        ) {
            self.forget(session: slot)
            self.statistics.expiredSessionCount += 1
        }
        for slot in self.podIndex.slots
        where self.pods[slot].sessions.isEmpty
            && now.seconds(since: Swift.max(self.pods[slot].lastArrival, self.listeningSince)) > limits.podExpirySeconds
            && self.pods[slot].id != .unattributed
        { self.forget(pod: slot) }
        let queueLife = Swift.max(limits.queueStalenessSeconds * 10, limits.podExpirySeconds)
        self.queues = self.queues.filter { now.seconds(since: $0.value.time) <= queueLife }
    }
}
