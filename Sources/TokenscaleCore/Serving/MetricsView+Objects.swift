/// What an object's value is made of.
package struct ObjectSum: Sendable {
    package var value: ServedValue
    package var contributions: [PodValue]
    package var leftOut: [(pod: PodID, reason: LeftOutReason)]
}

extension MetricsView {
    /// The value of one object: the sum over its live pods, an explicit 0 when it has none.
    ///
    /// Each pod contributes what a `pods/*` answer says of it, so that Pods and Object metrics agree. A pod that is not
    /// known makes the sum unknown: a part of it would read as a scale-down (ADR 0050). A pod that never sent telemetry
    /// adds nothing: most pods of a namespace are not agents.
    package func objectValue(
        _ metric: ServedMetric,
        of object: ObjectReference,
        selection: MetricSelection
    ) throws(ServingError) -> ServedValue {
        try self.checkFreshness()
        switch (metric, object.kind) {
        case (.tokenHeadroomRatio, .namespace): return try self.headroom(selection: selection).value
        case (.tokenHeadroomRatio, _): throw self.notOfPods(metric)
        case (_, .pod):
            let pod = PodID(namespace: object.namespace, name: object.name)
            return try self.podValue(metric, pod: pod, selection: selection)
        case (.queueDepth, .namespace):
            let queues = try self.knownQueues(namespace: object.namespace, selection: selection)
            return self.depth(of: queues)
        default: return try self.sum(metric, of: object, selection: selection).value
        }
    }

    package func sum(
        _ metric: ServedMetric,
        of object: ObjectReference,
        selection: MetricSelection
    ) throws(ServingError) -> ObjectSum {
        let members = try self.members(of: object)
        return try self.sum(metric, over: members, selection: selection, name: object.text)
    }

    /// Objects of a kind in a namespace, by name: for a `*` in place of a name.
    package func objects(kind: ObjectKind, namespace: String) -> [ObjectReference] {
        let relations = self.directory.relations
        var names = Set(relations.linking.lazy.filter { $0.isOf(kind, in: namespace) }.map(\.name))
        names.formUnion(relations.owners.lazy.filter { $0.isOf(kind, in: namespace) }.map(\.name))
        for id in self.directory.workloads.keys where id.kind == kind.name && id.namespace == namespace {
            names.insert(id.name)
        }
        return names.sorted().map { ObjectReference(kind: kind, namespace: namespace, name: $0) }
    }

    /// The items of an external metric: by queue, or by workload. The HPA adds them up.
    package func externalValues(
        _ metric: ServedMetric,
        namespace: String,
        selection: MetricSelection
    ) throws(ServingError) -> [ExternalValue] {
        try self.checkFreshness()
        switch metric {
        case .tokenHeadroomRatio: return [try self.headroom(selection: selection)]
        case .queueDepth:
            return try self.knownQueues(namespace: namespace, selection: selection).map { queue in
                var labels = ["queue": queue.queue]
                labels["pod"] = queue.pod
                return ExternalValue(labels: labels, value: self.depth(of: [queue]))
            }
        default: break
        }
        let members = try self.members(namespace: namespace, labels: .everything)
        let groups = Dictionary(grouping: members) { $0.workload ?? "" }
        var values: [ExternalValue] = []
        for (workload, members) in groups.sorted(by: { $0.key < $1.key }) {
            guard selection.includes(workload: workload) else { continue }
            let name = workload.isEmpty ? "namespace \(namespace)" : "workload \(workload)"
            let sum = try self.sum(metric, over: members, selection: selection, name: name)
            values.append(ExternalValue(labels: workload.isEmpty ? [:] : ["workload": workload], value: sum.value))
        }
        guard values.isEmpty else { return values }
        try self.checkWorkload(namespace: namespace, selection: selection)
        let name = "namespace \(namespace)"
        return [
            ExternalValue(labels: [:], value: try self.sum(metric, over: [], selection: selection, name: name).value)
        ]
    }

    /// A workload without pods has the value 0; one that nobody has heard of has none: a typing error must not read as
    /// "no load".
    private func checkWorkload(namespace: String, selection: MetricSelection) throws(ServingError) {
        guard selection.restricts("workload"), self.directory.isSynced else { return }
        let scalable: Set = [ObjectKind.deployment.name, ObjectKind.statefulSet.name]
        let owners = self.directory.relations.owners.filter { $0.namespace == namespace }
        var names = Set(
            self.directory.workloads.keys.lazy
                .filter { $0.namespace == namespace && scalable.contains($0.kind) }
                .map(\.name)
        )
        names.formUnion(owners.lazy.filter { $0.kind != .replicaSet && $0.kind != .job }.map(\.name))
        let isKnown = (Array(names) + owners.map(\.name)).contains(where: selection.includes(workload:))
        guard !isKnown else { return }
        let known = names.sorted().prefix(self.configuration.namedPodLimit).joined(separator: ", ")
        throw .notFound(
            "no workload of namespace \(namespace) matches"
                + (known.isEmpty ? "; it has none" : "; among those it has are \(known)")
        )
    }

    // MARK: Sums

    private func sum(
        _ metric: ServedMetric,
        over members: [Member],
        selection: MetricSelection,
        name: String
    ) throws(ServingError) -> ObjectSum {
        let (contributions, leftOut) = self.values(metric, of: members, selection: selection)
        let unknown = leftOut.filter { Self.makesSumUnknown($0.reason) }
        guard unknown.isEmpty else {
            throw .notKnown(
                "\(metric.name) of \(name) is not known: \(unknown.count) of \(members.count) pods are not known: "
                    + self.names(unknown)
            )
        }
        if metric == .queueDepth, contributions.isEmpty, !members.isEmpty {
            throw .notKnown(
                "no pod of \(name) reports a queue depth; ask for a shared queue as an external metric"
            )
        }
        guard self.directory.isSynced || self.isCovered || metric == .queueDepth else {
            let age = self.now.seconds(since: self.snapshot.startTime)
            throw .notKnown(
                "\(metric.name) of \(name) is not known: the collector started "
                    + "\(Int(age)) s ago and pods may not have reported "
                    + "yet; ask again in \(max(1, Int(self.configuration.coverageSeconds - age))) s"
            )
        }
        let maximum: Quantity = metric.isRate ? .maximum : .countMaximum
        let total = contributions.reduce(Quantity(milli: 0)) { $0 + $1.value.quantity }
        let value = ServedValue(
            quantity: min(maximum, total),
            windowSeconds: metric.isRate ? Self.window(of: contributions) : nil,
            timestamp: contributions.map(\.value.timestamp).min() ?? self.snapshot.time
        )
        return ObjectSum(value: value, contributions: contributions, leftOut: leftOut)
    }

    /// The short window only when every pod that adds something is served from it.
    private static func window(of contributions: [PodValue]) -> Int {
        let busy = contributions.filter { $0.value.quantity.milli > 0 }
        let areAllBurst = busy.allSatisfy { $0.value.windowSeconds == ServingConfiguration.burstWindowSeconds }
        return !busy.isEmpty && areAllBurst
            ? ServingConfiguration.burstWindowSeconds : ServingConfiguration.stableWindowSeconds
    }

    private static func makesSumUnknown(_ reason: LeftOutReason) -> Bool {
        switch reason {
        case .unknown, .notYetHeard, .staleQueueDepth: true
        case .noTelemetry, .noQueueDepth, .notLive: false
        }
    }
}

extension ObjectReference {
    fileprivate func isOf(_ kind: ObjectKind, in namespace: String) -> Bool {
        self.namespace == namespace && self.kind == kind
    }
}
