/// How many tasks wait, and how fresh that is.
extension MetricsView {
    /// The queues that a pod reports of itself, added up.
    func ownQueueDepth(of pod: PodID, selection: MetricSelection) -> Result<ServedValue, LeftOutReason> {
        let own = (self.snapshot.queuesOfPods[pod] ?? []).filter {
            self.isCurrent($0) && selection.includes(queue: $0.queue)
        }
        guard !own.isEmpty else { return .failure(.noQueueDepth) }
        if let stale = own.first(where: { $0.isStale }) {
            let age = Int(self.now.seconds(since: stale.time))
            return .failure(.staleQueueDepth(ageSeconds: age))
        }
        return .success(self.depth(of: own))
    }

    /// The selected queues of a namespace.
    ///
    /// - Throws: One that is stale makes the answer unknown; so does none at all.
    func knownQueues(
        namespace: String,
        selection: MetricSelection
    ) throws(ServingError) -> [QueueSnapshot] {
        let all = self.queues(in: namespace)
        let queues = all.filter {
            selection.includes(queue: $0.queue) && selection.includes(pod: $0.pod ?? "")
        }
        guard !queues.isEmpty else {
            let names = Set(all.map(\.queue)).sorted().prefix(self.configuration.namedPodLimit)
            throw .notKnown(
                all.isEmpty
                    ? "no queue depth has been reported in namespace \(namespace); report it by an OTLP gauge or by "
                        + "POST /v1/queue-depth"
                    : "no queue of namespace \(namespace) matches; it has \(names.joined(separator: ", "))"
            )
        }
        if let stale = queues.filter(\.isStale).min(by: { $0.time < $1.time }) {
            throw .notKnown(
                "the depth of queue \(stale.queue) in namespace \(namespace) is not known: the last report is "
                    + "\(Int(self.now.seconds(since: stale.time))) s old"
            )
        }
        return queues
    }

    /// Depths that are all fresh. The oldest measurement dates the sum.
    func depth(of queues: [QueueSnapshot]) -> ServedValue {
        let sum = queues.reduce(Quantity(milli: 0)) { $0 + Quantity(clamping: $1.depth) }
        return ServedValue(
            quantity: min(.countMaximum, sum),
            timestamp: queues.map(\.time).min() ?? self.snapshot.time
        )
    }

    private func queues(in namespace: String) -> [QueueSnapshot] {
        self.snapshot.queues.filter { $0.namespace == namespace && self.isCurrent($0) }
    }

    /// A queue of a pod that is gone is gone too.
    private func isCurrent(_ queue: QueueSnapshot) -> Bool {
        guard let pod = queue.pod, self.directory.isSynced else { return true }
        return self.directory[PodID(namespace: queue.namespace, name: pod)]?.isLive == true
    }
}
