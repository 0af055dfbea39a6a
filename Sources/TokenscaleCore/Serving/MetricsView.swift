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
        return self.values(
            metric,
            of: try self.members(namespace: namespace, labels: labels),
            selection: selection
        )
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
        case .failure(let reason):
            throw .notKnown("\(metric.name) of pod \(pod.name) is not known: \(reason.text)")
        }
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
