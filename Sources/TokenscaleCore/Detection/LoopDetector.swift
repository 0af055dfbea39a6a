/// The detector over a whole fleet: sessions, workloads and the provider. Used offline (`tokenscale detect`) and in
/// tests; the aggregator keeps the same parts in its shards.
package struct LoopDetector: Sendable {
    package let configuration: DetectionConfiguration
    private var sessions: [UInt64: SessionDetector] = [:]
    private var workloads: [UInt64: WorkloadDetector] = [:]

    /// Keep an evidence trail of every session, see ``takeTrail(session:)``.
    package var isExplaining = false

    package init(configuration: DetectionConfiguration = DetectionConfiguration()) {
        self.configuration = configuration
    }

    /// - Parameters:
    ///   - session: Keyed hash of `session.id`.
    ///   - workload: Keyed hash of the pod or workload.
    package mutating func observe(
        _ event: borrowing AgentEvent,
        session: UInt64,
        workload: UInt64,
        arrival: Timestamp
    ) {
        if self.isExplaining, self.sessions[session]?.trail == nil {
            self.sessions[session, default: SessionDetector()].trail = []
        }
        self.sessions[session, default: SessionDetector()].observe(
            event,
            session: session,
            arrival: arrival,
            workload: &self.workloads[workload, default: WorkloadDetector()],
            configuration: self.configuration
        )
    }

    package mutating func observe(_ point: borrowing MetricPoint, session: UInt64) {
        self.sessions[session, default: SessionDetector()].observe(point, configuration: self.configuration)
    }

    package func finding(session: UInt64, at now: Timestamp) -> LoopFinding? {
        self.sessions[session]?.finding(
            at: now,
            isIncident: self.isIncident(at: now),
            configuration: self.configuration
        )
    }

    package func finding(workload: UInt64, at now: Timestamp) -> LoopFinding? {
        self.workloads[workload]?.finding(
            at: now,
            isIncident: self.isIncident(at: now),
            configuration: self.configuration
        )
    }

    /// Is the provider failing for everybody?
    package func isIncident(at now: Timestamp) -> Bool {
        guard self.workloads.count >= 3 else { return false }
        var health = ProviderHealth(at: now, configuration: self.configuration)
        for workload in self.workloads.values { health.add(workload) }
        return health.isIncident
    }

    /// The trail since the last call.
    package mutating func takeTrail(session: UInt64) -> [EvidenceEntry] {
        let trail = self.sessions[session]?.trail ?? []
        self.sessions[session]?.trail = []
        return trail
    }
}
