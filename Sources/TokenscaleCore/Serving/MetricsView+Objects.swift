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
        var contributions: [PodValue] = []
        var leftOut: [(pod: PodID, reason: LeftOutReason)] = []
        for member in members {
            switch self.value(metric, of: member, selection: selection) {
            case .success(let value): contributions.append(PodValue(pod: member.id, value: value))
            case .failure(let left): leftOut.append((member.id, left.reason))
            }
        }
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

    // MARK: Members

    /// The live pods of an object.
    package func members(of object: ObjectReference) throws(ServingError) -> [Member] {
        let namespace = object.namespace.isEmpty ? nil : object.namespace
        switch object.kind {
        case .pod:
            let pod = PodID(namespace: object.namespace, name: object.name)
            return try self.members(namespace: namespace, labels: .everything).filter { $0.id == pod }
        case .namespace:
            return try self.members(namespace: object.name, labels: .everything)
        case .node:
            return try self.members(namespace: namespace, labels: .everything).filter {
                ($0.record?.node ?? $0.telemetry?.node) == object.name
            }
        case .service:
            try self.requireDirectory(for: object)
            guard let selector = self.record(of: object)?.selector else { throw self.noSuchObject(object) }
            return try self.members(namespace: namespace, labels: selector)
        case .ingress, .horizontalPodAutoscaler:
            return try self.linkedMembers(of: object)
        default:
            let record = self.record(of: object)
            let members = try self.members(namespace: namespace, labels: .everything).filter {
                self.belongs($0, to: object, record: record)
            }
            let isKnown = record != nil || self.directory.relations.owners.contains(object)
            if self.directory.isSynced, !isKnown, members.isEmpty { throw self.noSuchObject(object) }
            return members
        }
    }

    /// The pods of the objects that a link leads to, each once. A backend that does not exist adds none, as long as
    /// another one does.
    private func linkedMembers(of object: ObjectReference) throws(ServingError) -> [Member] {
        try self.requireDirectory(for: object)
        guard let targets = self.directory.relations.links(of: object) else { throw self.noSuchObject(object) }
        var members: [PodID: Member] = [:]
        var missing: ServingError?
        var foundCount = 0
        for target in targets where !target.kind.isLink {
            do {
                for member in try self.members(of: target) { members[member.id] = member }
                foundCount += 1
            } catch {
                guard case .notFound = error else { throw error }
                missing = error
            }
        }
        guard foundCount > 0 else {
            throw .notFound(
                "\(object.text) in namespace \(object.namespace) leads to no pods: "
                    + (missing?.message ?? "it names no Service or scale target")
            )
        }
        return members.values.sorted { $0.id < $1.id }
    }

    private func requireDirectory(for object: ObjectReference) throws(ServingError) {
        guard self.directory.isSynced else {
            throw .notKnown(
                "the pods of \(object.text) are not known: there is no pod directory (no connection to the API "
                    + "server); ask for pods/* or for the namespace"
            )
        }
    }

    private func record(of object: ObjectReference) -> WorkloadRecord? {
        let id = WorkloadID(namespace: object.namespace, kind: object.kind.name, name: object.name)
        guard ObjectKind(name: object.kind.name) == object.kind else { return nil }
        return self.directory.workloads[id]
    }

    private func belongs(_ member: Member, to object: ObjectReference, record: WorkloadRecord?) -> Bool {
        if let owners = member.record?.owners, !owners.isEmpty { return owners.contains(object) }
        if let owner = member.record?.workload {
            return owner.kind == object.kind.name && owner.name == object.name
        }
        if let labels = member.record?.labels, let selector = record?.selector { return selector.matches(labels) }
        return member.telemetry?.workload == object.name
    }

    private func noSuchObject(_ object: ObjectReference) -> ServingError {
        let place = "in namespace \(object.namespace)"
        if self.directory.relations.unlisted.contains(object.kind) {
            return .notKnown(
                "\(object.text) \(place) is not known: \(object.kind.resource) cannot be listed; grant list and watch "
                    + "(Deploy/base/rbac.yaml), see the logs"
            )
        }
        switch object.kind {
        case .service, .deployment, .statefulSet, .ingress, .horizontalPodAutoscaler:
            return .notFound("\(object.text) not found \(place), or it selects no pods")
        default:
            return .notFound(
                "\(object.text) owns no pod \(place), directly or through other objects: it does not exist, or has "
                    + "no pods now"
            )
        }
    }

    // MARK: Queues and headroom

    private func knownQueues(
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

    /// What is left of the tightest selected limit, counting every pod, stuck or not: all of them use it up.
    func headroom(selection: MetricSelection) throws(ServingError) -> ExternalValue {
        guard !self.configuration.organisationLimits.isEmpty else {
            throw .notFound(
                "\(ServedMetric.tokenHeadroomRatio.name) needs the organisation's limits; set them in the configuration"
            )
        }
        var seen: Set<String> = []
        for pod in self.snapshot.pods { for rate in pod.rates { seen.insert(rate.model) } }
        let limits = self.configuration.organisationLimits.filter { limit in
            guard selection.profiles.contains(limit.profile) else { return false }
            guard selection.restricts("model") else { return true }
            let prefix = limit.model.hasSuffix("*") ? String(limit.model.dropLast()) : limit.model
            return selection.includes(model: prefix)
                || selection.namedModels.contains { limit.applies(to: $0) }
                || seen.contains { limit.applies(to: $0) && selection.includes(model: $0) }
        }
        guard !limits.isEmpty else {
            throw .notFound(
                "no organisation limit matches the selector; limits are set for "
                    + self.configuration.organisationLimits.map(\.model).joined(separator: ", ")
            )
        }
        let unknown = self.snapshot.pods.compactMap { pod -> (pod: PodID, reason: LeftOutReason)? in
            guard case .unknown(let reason) = pod.state else { return nil }
            return (pod.id, .unknown(reason))
        }
        guard unknown.isEmpty else {
            throw .notKnown(
                "the organisation's headroom is not known: \(unknown.count) pods are not known: "
                    + self.names(unknown)
            )
        }
        let ratios = limits.map { (limit: $0, ratio: self.headroom(of: $0)) }
        let tightest = ratios.min { $0.ratio < $1.ratio } ?? ratios[0]
        let value = ServedValue(
            quantity: Quantity(clamping: tightest.ratio),
            windowSeconds: ServingConfiguration.stableWindowSeconds,
            timestamp: self.snapshot.time
        )
        let labels = ["model": tightest.limit.model, "profile": tightest.limit.profile.rawValue]
        return ExternalValue(labels: labels, value: value)
    }

    /// 1: nothing used. 0: the limit is reached.
    package func headroom(of limit: OrganisationLimit) -> Double {
        var used: Int64 = 0
        for pod in self.snapshot.pods {
            for rate in pod.rates where limit.applies(to: rate.model) {
                for type in limit.profile.types {
                    used = used.addingClamped(rate.active[type]).addingClamped(rate.stuck[type])
                }
            }
        }
        return max(0, 1 - Double(used) / Double(limit.tokensPerMinute))
    }
}

extension ObjectReference {
    fileprivate func isOf(_ kind: ObjectKind, in namespace: String) -> Bool {
        self.namespace == namespace && self.kind == kind
    }
}
