/// The answers of the metrics APIs: a function of one snapshot, one pod directory and the time.
///
/// The rules are those of DESIGN "Counting" 3 to 6. A rate is the stable one of 60 s; the burst rate of 15 s is served
/// when it is at least twice as high and its window holds tokens in several distinct seconds. What is not known is left
/// out.
package struct MetricsView: Sendable {
    package let snapshot: Snapshot
    package let directory: PodDirectory
    package let now: Timestamp
    package let configuration: ServingConfiguration

    package init(snapshot: Snapshot, directory: PodDirectory, now: Timestamp, configuration: ServingConfiguration) {
        self.snapshot = snapshot
        self.directory = directory
        self.now = now
        self.configuration = configuration
    }

    /// A live pod with what is known of it.
    package struct Member: Sendable {
        package var id: PodID
        package var record: PodRecord?
        package var telemetry: PodSnapshot?

        package init(id: PodID, record: PodRecord?, telemetry: PodSnapshot?) {
            self.id = id
            self.record = record
            self.telemetry = telemetry
        }

        /// The workload's name: of the directory, else what telemetry says.
        package var workload: String? { self.record?.workload?.name ?? self.telemetry?.workload }
        package var labels: [String: String]? { self.record?.labels ?? self.telemetry?.labels }
    }

    // MARK: Pods

    /// The values of the live pods of a namespace that match, and the live pods that are left out, both by name.
    package func podValues(
        _ metric: ServedMetric,
        namespace: String,
        labels: LabelSelector,
        selection: MetricSelection
    ) throws(ServingError) -> (values: [PodValue], leftOut: [(pod: PodID, reason: LeftOutReason)]) {
        try self.checkFreshness()
        guard metric.describesPods else { throw self.notOfPods(metric) }
        var values: [PodValue] = []
        var leftOut: [(pod: PodID, reason: LeftOutReason)] = []
        for member in try self.members(namespace: namespace, labels: labels) {
            switch self.value(metric, of: member, selection: selection) {
            case .success(let value): values.append(PodValue(pod: member.id, value: value))
            case .failure(let reason): leftOut.append((member.id, reason.reason))
            }
        }
        return (values, leftOut)
    }

    /// The value of one pod.
    package func podValue(
        _ metric: ServedMetric,
        pod: PodID,
        selection: MetricSelection
    ) throws(ServingError) -> ServedValue {
        try self.checkFreshness()
        guard metric.describesPods else { throw self.notOfPods(metric) }
        let record = self.directory[pod]
        let telemetry = self.telemetry(of: pod)
        if self.directory.isSynced, record?.isLive != true {
            throw .notFound(
                "the server could not find the metric \(metric.name) for pods \(pod.name): "
                    + (record == nil ? "no such pod in namespace \(pod.namespace)" : LeftOutReason.notLive.text)
            )
        }
        guard record != nil || telemetry != nil else {
            throw .notFound(
                "the server could not find the metric \(metric.name) for pods \(pod.name): "
                    + "no telemetry of such a pod in namespace \(pod.namespace)"
            )
        }
        let member = Member(id: pod, record: record, telemetry: telemetry)
        switch self.value(metric, of: member, selection: selection) {
        case .success(let value): return value
        case .failure(let left):
            throw .notKnown("\(metric.name) of pod \(pod.name) is not known: \(left.reason.text)")
        }
    }

    /// The live pods of a namespace (`nil`: of all) that match, by name.
    package func members(namespace: String?, labels: LabelSelector) throws(ServingError) -> [Member] {
        if self.directory.isSynced {
            var members: [Member] = []
            for record in self.directory.records {
                guard namespace == nil || record.id.namespace == namespace, record.isLive else { continue }
                guard labels.requirements.isEmpty || labels.matches(record.labels) else { continue }
                members.append(Member(id: record.id, record: record, telemetry: self.telemetry(of: record.id)))
            }
            members.sort { $0.id < $1.id }
            return members
        }
        let pods = namespace.map { self.pods(in: $0) } ?? self.snapshot.pods[...]
        let members = pods.map { Member(id: $0.id, record: self.directory[$0.id], telemetry: $0) }
        guard !labels.requirements.isEmpty else { return members }
        guard members.isEmpty || members.contains(where: { $0.labels?.isEmpty == false }) else {
            throw .notKnown(
                "the label selector cannot be evaluated: there is no pod directory (no connection to the API server) "
                    + "and telemetry carries no k8s.pod.label.* attributes; only an empty selector matches"
            )
        }
        return members.filter { labels.matches($0.labels ?? [:]) }
    }

    /// What telemetry says of a pod. O(log pods).
    package func telemetry(of pod: PodID) -> PodSnapshot? {
        let index = self.lowerBound { $0 < pod }
        guard index < self.snapshot.pods.count, self.snapshot.pods[index].id == pod else { return nil }
        return self.snapshot.pods[index]
    }

    /// All pods of a namespace in telemetry.
    package func pods(in namespace: String) -> ArraySlice<PodSnapshot> {
        let start = self.lowerBound { $0.namespace < namespace }
        let end = self.lowerBound { $0.namespace <= namespace }
        return self.snapshot.pods[start..<end]
    }

    private func lowerBound(_ isBefore: (PodID) -> Bool) -> Int {
        var low = 0
        var high = self.snapshot.pods.count
        while low < high {
            let middle = (low + high) / 2
            if isBefore(self.snapshot.pods[middle].id) { low = middle + 1 } else { high = middle }
        }
        return low
    }

    // MARK: One pod

    /// Carries a reason as the failure of a `Result`.
    package struct LeftOut: Error, Equatable {
        package var reason: LeftOutReason
    }

    package func value(
        _ metric: ServedMetric,
        of member: Member,
        selection: MetricSelection
    ) -> Result<ServedValue, LeftOut> {
        if metric == .queueDepth { return self.ownQueueDepth(of: member.id, selection: selection) }
        guard let pod = member.telemetry else {
            return .failure(LeftOut(reason: self.reasonForSilence(of: member)))
        }
        if case .unknown(let reason) = pod.state { return .failure(LeftOut(reason: .unknown(reason))) }
        return .success(self.knownValue(metric, of: pod, selection: selection))
    }

    /// Right after a start, a pod that ran before may have been busy all along.
    private func reasonForSilence(of member: Member) -> LeftOutReason {
        guard let record = member.record else { return .noTelemetry }
        let isOld = record.created < self.snapshot.startTime
        return isOld && !self.isCovered ? .notYetHeard : .noTelemetry
    }

    /// Whether every pod had the time to report since the collector began to count.
    package var isCovered: Bool {
        self.now.seconds(since: self.snapshot.startTime) >= self.configuration.coverageSeconds
    }

    private func knownValue(
        _ metric: ServedMetric,
        of pod: PodSnapshot,
        selection: MetricSelection
    ) -> ServedValue {
        if metric.isRate { return self.rate(of: pod, selection: selection) }
        let count =
            switch metric {
            case .activeSessions: self.count(pod.sessions, selection) { $0.isLive }
            case .openTurns: self.count(pod.sessions, selection) { $0.hasOpenTurn }
            default: self.isBusy(pod, selection) ? 1 : 0
            }
        let quantity = min(Quantity.countMaximum, Quantity(clamping: Int64(count)))
        return ServedValue(quantity: quantity, timestamp: self.snapshot.time)
    }

    private func rate(of pod: PodSnapshot, selection: MetricSelection) -> ServedValue {
        var stable: Int64 = 0
        var burst: Int64 = 0
        for rate in pod.rates where selection.includes(model: rate.model) {
            if selection.includesActive {
                stable = stable.addingClamped(selection.sum(rate.active))
                burst = burst.addingClamped(selection.sum(rate.activeBurst))
            }
            if selection.includesStuck { stable = stable.addingClamped(selection.sum(rate.stuck)) }
        }
        let isBurst =
            selection.isActiveOnly && burst > 0
            && pod.burstSecondCount >= self.configuration.burstSecondCountMin
            && Double(burst) >= self.configuration.burstFactor * Double(stable)
        return ServedValue(
            quantity: Quantity(clamping: isBurst ? burst : stable),
            windowSeconds: isBurst
                ? ServingConfiguration.burstWindowSeconds : ServingConfiguration.stableWindowSeconds,
            timestamp: self.snapshot.time
        )
    }

    private func count(
        _ sessions: [SessionSnapshot],
        _ selection: MetricSelection,
        _ isCounted: (SessionSnapshot) -> Bool
    ) -> Int {
        sessions.count { session in
            guard isCounted(session) else { return false }
            guard session.isStuck ? selection.includesStuck : selection.includesActive else { return false }
            return selection.includes(model: session.model ?? "")
        }
    }

    private func isBusy(_ pod: PodSnapshot, _ selection: MetricSelection) -> Bool {
        if selection.includesStuck, pod.sessions.contains(where: { $0.isStuck }) { return true }
        guard selection.includesActive else { return false }
        return pod.rates.contains { $0.active.total > 0 }
            || pod.sessions.contains { $0.hasOpenTurn && !$0.isStuck }
    }

    private func ownQueueDepth(of pod: PodID, selection: MetricSelection) -> Result<ServedValue, LeftOut> {
        let own = (self.snapshot.queuesOfPods[pod] ?? []).filter {
            self.isCurrent($0) && selection.includes(queue: $0.queue)
        }
        guard !own.isEmpty else { return .failure(LeftOut(reason: .noQueueDepth)) }
        if let stale = own.first(where: { $0.isStale }) {
            let age = Int(self.now.seconds(since: stale.time))
            return .failure(LeftOut(reason: .staleQueueDepth(ageSeconds: age)))
        }
        return .success(self.depth(of: own))
    }

    /// Depths that are all fresh. The oldest measurement dates the sum.
    func depth(of queues: [QueueSnapshot]) -> ServedValue {
        let sum = queues.reduce(Quantity(milli: 0)) { $0 + Quantity(clamping: $1.depth) }
        return ServedValue(
            quantity: min(.countMaximum, sum),
            timestamp: queues.map(\.time).min() ?? self.snapshot.time
        )
    }

    func queues(in namespace: String) -> [QueueSnapshot] {
        self.snapshot.queues.filter { $0.namespace == namespace && self.isCurrent($0) }
    }

    /// A queue of a pod that is gone is gone too.
    private func isCurrent(_ queue: QueueSnapshot) -> Bool {
        guard let pod = queue.pod, self.directory.isSynced else { return true }
        return self.directory[PodID(namespace: queue.namespace, name: pod)]?.isLive == true
    }

    // MARK: Faults

    func checkFreshness() throws(ServingError) {
        guard self.snapshot.sequence > 0 else {
            throw .notKnown("the collector has just started and has not counted yet; ask again in a second")
        }
        let age = self.now.seconds(since: self.snapshot.time)
        guard age <= self.configuration.snapshotAgeMaxSeconds else {
            throw .notKnown(
                "the collector has not counted for \(Int(age)) s (at most "
                    + "\(Int(self.configuration.snapshotAgeMaxSeconds)) s are served); see its logs and /readyz"
            )
        }
    }

    func notOfPods(_ metric: ServedMetric) -> ServingError {
        .notFound(
            "\(metric.name) belongs to the organisation, not to single pods; ask for it as an external metric "
                + "or of the namespace"
        )
    }

    /// `a (reason), b (reason) and 3 more`.
    package func names(_ leftOut: [(pod: PodID, reason: LeftOutReason)]) -> String {
        let limit = self.configuration.namedPodLimit
        let named = leftOut.prefix(limit).map { "\($0.pod.name) (\($0.reason.text))" }.joined(separator: ", ")
        return leftOut.count > limit ? "\(named) and \(leftOut.count - limit) more" : named
    }
}
