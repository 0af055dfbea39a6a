/// Why the HPA is told what it is told: everything that went into one value.
package struct Explanation: Sendable {
    package struct Question: Equatable, Sendable {
        package var metric: ServedMetric
        package var namespace: String
        /// A workload, Service or pod; empty: the namespace.
        package var name: String
        /// `nil`: the first kind that has an object of this name.
        package var kind: ObjectKind?
        package var selector: LabelSelector = .everything
        /// AverageValue of the HPA, for the replica count; `nil`: that of the HPA which scales the object.
        package var target: Quantity?
        /// `nil`: what the directory says, else the number of pods.
        package var currentReplicas: Int?

        package init(metric: ServedMetric, namespace: String, name: String) {
            self.metric = metric
            self.namespace = namespace
            self.name = name
        }
    }

    package struct Session: Sendable {
        package var snapshot: SessionSnapshot
        /// In tokens per minute of the selected types, whether it counts or not.
        package var rate: Int64
        /// Stuck and not asked for: its rate is not load.
        package var isExcluded: Bool
    }

    package struct Pod: Sendable {
        package var id: PodID
        package var value: ServedValue?
        package var leftOut: LeftOutReason?
        /// The two rates that the served one was chosen from; only for rate metrics.
        package var stable: Int64
        package var burst: Int64
        package var burstSecondCount: Int
        package var attribution: AttributionSource
        package var telemetryAgeSeconds: Double?
        package var clockOffsetSeconds: Double
        package var sessions: [Session]
    }

    package var question: Question
    package var object: ObjectReference
    package var time: Timestamp
    /// The object's value (the sum over its pods).
    package var value: ServedValue?
    /// Why there is none, word for word as the HPA reads it.
    package var error: String?
    /// Age of ``value``.
    package var ageSeconds: Double?
    package var pods: [Pod]
    package var excludedSessionCount: Int
    package var currentReplicas: Int
    /// What the HPA would propose for a Pods metric with the target; `nil` without a target or value: it holds.
    package var proposedReplicas: Int?
    /// The HorizontalPodAutoscalers that are the object, or scale it.
    package var autoscalers: [AutoscalerOutlook]
    package var isDirectorySynced: Bool
}

extension MetricsView {
    /// Explains a value. Works on what cannot be served, too: then ``Explanation/error`` says why.
    package func explain(_ question: Explanation.Question) throws(ServingError) -> Explanation {
        let selection = try MetricSelection(question.metric, selector: question.selector)
        let object = try self.object(named: question)
        let autoscalers = self.autoscalers(of: object)
        var question = question
        question.target = question.target ?? Self.podsTarget(of: question.metric, autoscalers.map(\.record))
        let live = (try? self.members(of: object)) ?? []
        let pods =
            live.map { self.explain($0, question.metric, selection, isLive: true) }
            + self.goneMembers(of: object, live: live)
            .map { self.explain($0, question.metric, selection, isLive: false) }
        var value: ServedValue?
        var fault: String?
        do {
            value = try self.objectValue(question.metric, of: object, selection: selection)
        } catch {
            fault = error.message
        }
        let scaled = self.directory.relations.autoscalers[object]?.target ?? object
        let record = self.directory.workloads[
            WorkloadID(namespace: scaled.namespace, kind: scaled.kind.name, name: scaled.name)
        ]
        let current = question.currentReplicas ?? record?.replicas ?? live.count
        let values = pods.compactMap(\.value?.quantity)
        let proposed = question.target.flatMap { target in
            HorizontalScaling(currentReplicas: current)
                .replicas(podValues: values, missingCount: live.count - values.count, target: target)
        }
        return Explanation(
            question: question,
            object: object,
            time: self.now,
            value: value,
            error: fault,
            ageSeconds: value.map { self.now.seconds(since: $0.timestamp) },
            pods: pods,
            excludedSessionCount: pods.reduce(0) { $0 + $1.sessions.count { $0.isExcluded } },
            currentReplicas: current,
            proposedReplicas: proposed,
            autoscalers: autoscalers.map { self.outlook($0.name, $0.record) },
            isDirectorySynced: self.directory.isSynced
        )
    }

    /// What the autoscalers want of each pod.
    private static func podsTarget(of metric: ServedMetric, _ autoscalers: [AutoscalerRecord]) -> Quantity? {
        for asked in autoscalers.flatMap(\.metrics) where asked.source == .pods && asked.name == metric.name {
            if case .averageValue(let target) = asked.goal { return target }
        }
        return nil
    }

    /// The first object of the name, workloads before Services before pods.
    ///
    /// - Throws: Nothing of that name is known: with names that were meant, perhaps. The metrics APIs answer 0 for what
    ///   has no pods; somebody who asks for a reason has more likely mistyped.
    private func object(named question: Explanation.Question) throws(ServingError) -> ObjectReference {
        let namespace = question.namespace
        let name = question.name
        guard !name.isEmpty, question.kind != .namespace else {
            let name = name.isEmpty ? namespace : name
            guard self.isKnown(namespace: name) else { throw self.unknownNamespace(name, name: "") }
            return ObjectReference(kind: .namespace, namespace: name, name: name)
        }
        if let kind = question.kind {
            let object = ObjectReference(kind: kind, namespace: namespace, name: name)
            guard self.isKnown(object) else { throw self.unknownName(object.text, name, in: namespace) }
            return object
        }
        if let kind = self.kinds(named: name, in: namespace).first {
            return ObjectReference(kind: kind, namespace: namespace, name: name)
        }
        for kind in [ObjectKind.pod, .deployment] {
            let object = ObjectReference(kind: kind, namespace: namespace, name: name)
            if self.isKnown(object) { return object }
        }
        throw self.unknownName("nothing named \(name)", name, in: namespace)
    }

    /// Whether there is something to say of an object, be it that it cannot be looked up.
    private func isKnown(_ object: ObjectReference) -> Bool {
        switch object.kind {
        case .node: return true
        case .pod:
            let pod = PodID(namespace: object.namespace, name: object.name)
            return self.directory[pod] != nil || self.telemetry(of: pod) != nil
        default:
            if self.kinds(named: object.name, in: object.namespace).contains(object.kind) { return true }
            if self.directory.relations.unlisted.contains(object.kind) { return true }
            if !self.directory.isSynced, object.kind.isLink || object.kind == .service { return true }
            return object.kind.isOwner && self.pods(in: object.namespace).contains { $0.workload == object.name }
        }
    }

    /// The kinds that have an object of this name: what scales before what leads to it, known kinds before others.
    func kinds(named name: String, in namespace: String) -> [ObjectKind] {
        let preferred: [ObjectKind] = [
            .deployment, .statefulSet, .daemonSet, .cronJob, .job, .replicaSet, .service, .horizontalPodAutoscaler,
            .ingress,
        ]
        let relations = self.directory.relations
        var found: Set<ObjectKind> = []
        for owner in relations.owners where owner.namespace == namespace && owner.name == name {
            found.insert(owner.kind)
        }
        for record in self.directory.records {
            guard let owner = record.workload, owner.namespace == namespace, owner.name == name else { continue }
            if let kind = self.directory.kind(name: owner.kind) { found.insert(kind) }
        }
        for kind in preferred {
            let id = WorkloadID(namespace: namespace, kind: kind.name, name: name)
            let object = ObjectReference(kind: kind, namespace: namespace, name: name)
            guard self.directory.workloads[id] != nil || relations.links(of: object) != nil else { continue }
            found.insert(kind)
        }
        let others = found.subtracting(preferred).sorted { ($0.name, $0.group) < ($1.name, $1.group) }
        return preferred.filter(found.contains) + others
    }

    /// Pods that still have telemetry but are not live: they answer "why is my pod missing".
    private func goneMembers(of object: ObjectReference, live: [Member]) -> [Member] {
        guard self.directory.isSynced, object.kind == .pod || object.kind.isOwner else { return [] }
        let ids = Set(live.map(\.id))
        return self.pods(in: object.namespace).filter { pod in
            guard !ids.contains(pod.id) else { return false }
            if object.kind == .pod { return pod.id.name == object.name }
            guard let record = self.directory[pod.id], record.workload != nil else {
                return pod.workload == object.name
            }
            return record.owners.contains(object)
                || record.workload?.kind == object.kind.name && record.workload?.name == object.name
        }.map { Member(id: $0.id, record: self.directory[$0.id], telemetry: $0) }
    }

    private func explain(
        _ member: Member,
        _ metric: ServedMetric,
        _ selection: MetricSelection,
        isLive: Bool
    ) -> Explanation.Pod {
        var value: ServedValue?
        var reason: LeftOutReason?
        if !isLive {
            reason = .notLive
        } else {
            switch self.value(metric, of: member, selection: selection) {
            case .success(let served): value = served
            case .failure(let left): reason = left
            }
        }
        let telemetry = member.telemetry
        let rates = (telemetry?.rates ?? []).filter { selection.includes(model: $0.model) }
        return Explanation.Pod(
            id: member.id,
            value: value,
            leftOut: reason,
            stable: rates.reduce(0) { $0.addingClamped(selection.sum($1.active)) },
            burst: rates.reduce(0) { $0.addingClamped(selection.sum($1.activeBurst)) },
            burstSecondCount: telemetry?.burstSecondCount ?? 0,
            attribution: telemetry?.attribution ?? .none,
            telemetryAgeSeconds: telemetry.map { self.now.seconds(since: $0.lastArrival) },
            clockOffsetSeconds: telemetry?.clockOffsetSeconds ?? 0,
            sessions: (telemetry?.sessions ?? []).map { session in
                let isExcluded = session.isStuck ? !selection.includesStuck : !selection.includesActive
                return Explanation.Session(
                    snapshot: session,
                    rate: selection.sum(session.rate),
                    isExcluded: isExcluded
                )
            }
        )
    }
}
