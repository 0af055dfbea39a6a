/// Decides, from one snapshot and what fired before, what receivers are told. A value without clock or I/O.
///
/// The evaluator stores ``changes`` and transitions together before anybody is told. When storing fails it keeps them
/// and goes on; they are stored with those of a later step.
///
/// Cost: O(sessions) to look, O(alerts log alerts) to decide; a fleet without findings costs a pass over its sessions.
package struct AlertStateMachine: Sendable {
    package var policy: AlertPolicy
    /// Set before each step; what is over may be left in.
    package var silences: [AlertSilence] = []
    /// All that is pending or firing.
    package private(set) var alerts: [AlertSubject: Alert]
    /// What the last step changed: to be stored together with its transitions.
    package private(set) var changes = AlertChanges()
    /// Findings left out because of ``AlertPolicy/alertLimit``.
    package private(set) var droppedCount: Int64 = 0
    private var lastStep: Timestamp
    private var lastRefresh: Timestamp

    /// - Parameter alerts: As they were stored; empty at the first start.
    package init(policy: AlertPolicy = AlertPolicy(), restoring alerts: [Alert] = []) {
        self.policy = policy
        self.alerts = Dictionary(alerts.map { ($0.subject, $0.restored()) }) { first, _ in first }
        self.lastStep = .zero
        self.lastRefresh = .zero
    }

    /// Moves on to `snapshot` and returns what is to be told, in order: groups before their members.
    ///
    /// Time never runs backwards nor stands still: a snapshot not newer than the last one counts as one millisecond
    /// later, so that ids of transitions stay unique.
    package mutating func step(
        _ snapshot: Snapshot,
        directory: PodDirectory = PodDirectory()
    ) -> [AlertTransition] {
        let now = max(snapshot.time, Timestamp(nanoseconds: self.lastStep.nanoseconds &+ 1_000_000))
        self.lastStep = now
        self.changes = AlertChanges()
        var ended: [(alert: Alert, resolution: AlertResolution)] = []
        self.advanceSessions(snapshot, directory: directory, at: now, ended: &ended)
        self.advanceGroups(snapshot, at: now, ended: &ended)
        self.suppress(at: now)
        return self.tell(ended: ended, at: now)
    }

    // MARK: - Sessions

    private mutating func advanceSessions(
        _ snapshot: Snapshot,
        directory: PodDirectory,
        at now: Timestamp,
        ended: inout [(alert: Alert, resolution: AlertResolution)]
    ) {
        var missing = Set(self.alerts.keys.filter { $0.scope == .session })
        for pod in snapshot.pods {
            let record = directory[pod.id]
            let workload = record?.workload?.name ?? pod.workload
            for session in pod.sessions where session.finding != nil || !missing.isEmpty {
                let subject = AlertSubject.session(
                    namespace: pod.id.namespace,
                    pod: pod.id.name,
                    session: AlertLabel.sanitized(session.id)
                )
                let isKnown = missing.remove(subject) != nil
                let observation = Self.observation(of: session)
                if !isKnown && !observation.begins { continue }
                self.advance(subject, by: observation, at: now, ended: &ended) {
                    (workload, record?.workload?.kind)
                }
            }
        }
        for subject in missing.sorted() {
            self.advance(subject, by: .absent, at: now, ended: &ended) { (nil, nil) }
        }
    }

    private static func observation(of session: SessionSnapshot) -> Alert.Observation {
        guard let finding = session.finding else { return session.isLive ? .clear : .absent }
        // A session that is not heard of any more is not stuck now, whatever its last evidence was.
        guard session.isLive else { return .absent }
        let evidence = AlertEvidence(finding, tokensPerMinute: session.rate.total)
        guard let severity = AlertSeverity(finding.severity) else { return .suspicious(evidence) }
        return .stuck(severity, evidence)
    }

    /// Applies one observation to one subject, beginning and ending its alert as needed.
    private mutating func advance(
        _ subject: AlertSubject,
        by observation: Alert.Observation,
        delaySeconds: Double? = nil,
        at now: Timestamp,
        ended: inout [(alert: Alert, resolution: AlertResolution)],
        location: () -> (workload: String?, kind: String?)
    ) {
        let (workload, kind) = location()
        var alert: Alert
        if let known = self.alerts[subject] {
            alert = known
            alert.locate(workload: workload, kind: kind)
        } else {
            guard let evidence = observation.evidence else { return }
            guard self.alerts.count < self.policy.alertLimit else {
                self.droppedCount += 1
                return
            }
            alert = Alert(
                subject: subject,
                externalLabels: self.policy.externalLabels,
                evidence: evidence,
                workload: workload,
                workloadKind: kind,
                at: now
            )
            self.changes.updated.insert(subject)
        }
        let delay = delaySeconds ?? self.policy.firingDelaySeconds
        switch alert.apply(observation, at: now, delaySeconds: delay, policy: self.policy) {
        case .unchanged: self.alerts[subject] = alert
        case .changed:
            self.alerts[subject] = alert
            self.changes.updated.insert(subject)
        case .ended(let resolution):
            self.alerts[subject] = nil
            self.changes.updated.remove(subject)
            self.changes.removedIDs.append(alert.id)
            ended.append((alert, resolution))
        }
    }

    // MARK: - Groups

    private mutating func advanceGroups(
        _ snapshot: Snapshot,
        at now: Timestamp,
        ended: inout [(alert: Alert, resolution: AlertResolution)]
    ) {
        var groups: [AlertSubject: AlertGroup] = [:]
        // A group that is known is looked at even when nothing is left of it.
        for subject in self.alerts.keys where subject.scope != .session { groups[subject] = AlertGroup() }
        for alert in self.alerts.values where alert.subject.scope == .session && alert.isConfirmed {
            guard let pod = alert.subject.pod else { continue }
            groups[.pod(namespace: pod.namespace, name: pod.name), default: AlertGroup()].members.append(alert)
            guard let workload = alert.workload else { continue }
            groups[.workload(namespace: pod.namespace, name: workload), default: AlertGroup()].members.append(alert)
        }
        for finding in snapshot.workloadFindings {
            let subject = AlertSubject.workload(
                namespace: finding.namespace,
                name: AlertLabel.sanitized(finding.workload)
            )
            groups[subject, default: AlertGroup()].finding = finding.finding
        }
        for subject in groups.keys.sorted() {
            guard var group = groups[subject] else { continue }
            group.members.sort(by: AlertEvidence.isWorse)
            let isFiring = self.alerts[subject]?.phase == .firing
            let observation = group.observation(scope: subject.scope, isFiring: isFiring, policy: self.policy)
            if self.alerts[subject] == nil && !observation.begins { continue }
            // The detector has waited already; only a crowd is given time to gather.
            let isConfirmed = group.finding.flatMap { AlertSeverity($0.severity) } != nil
            let delay = isConfirmed ? self.policy.firingDelaySeconds : self.policy.groupWaitSeconds
            let first = group.members.first
            self.advance(subject, by: observation, delaySeconds: delay, at: now, ended: &ended) {
                (first?.workload, first?.workloadKind)
            }
        }
    }

    // MARK: - Telling

    /// Notes which alerts are covered by a group's, or silenced.
    private mutating func suppress(at now: Timestamp) {
        let active = self.silences.filter { $0.isActive(at: now) }
        for (subject, alert) in self.alerts {
            let isInhibited = self.isCovered(subject, workload: alert.workload)
            let labels = active.isEmpty ? [:] : alert.labels
            let isSilenced = active.contains { $0.hides(labels, at: now) }
            guard isInhibited != alert.isInhibited || isSilenced != alert.isSilenced else { continue }
            self.alerts[subject]?.isInhibited = isInhibited
            self.alerts[subject]?.isSilenced = isSilenced
            self.changes.updated.insert(subject)
        }
    }

    private func isCovered(_ subject: AlertSubject, workload: String?) -> Bool {
        guard let pod = subject.pod else { return false }
        if let workload, self.covers(.workload(namespace: pod.namespace, name: workload)) { return true }
        return subject.scope == .session && self.covers(.pod(namespace: pod.namespace, name: pod.name))
    }

    private func covers(_ group: AlertSubject) -> Bool { self.alerts[group]?.isConfirmed ?? false }

    private mutating func tell(
        ended: [(alert: Alert, resolution: AlertResolution)],
        at now: Timestamp
    ) -> [AlertTransition] {
        var transitions: [AlertTransition] = []
        // The end of what was told is always told, silenced or not: a page must not stay open for ever.
        for (ended, resolution) in ended where ended.isNotified {
            var alert = ended
            transitions.append(alert.transition(.resolved, resolution: resolution, at: now))
        }
        let isRefreshDue = now.seconds(since: self.lastRefresh) >= self.policy.refreshSeconds
        if isRefreshDue { self.lastRefresh = now }
        for subject in self.alerts.keys.sorted() {
            guard var alert = self.alerts[subject], alert.phase == .firing else { continue }
            if isRefreshDue { self.changes.updated.insert(subject) }
            guard let kind = alert.dueTransition(at: now, policy: self.policy) else { continue }
            transitions.append(alert.transition(kind, at: now))
            self.alerts[subject] = alert
            self.changes.updated.insert(subject)
        }
        return transitions
    }

    /// The alerts that the last step changed, as they are now, in a stable order.
    package var changedAlerts: [Alert] { self.changes.updated.sorted().compactMap { self.alerts[$0] } }
}

/// What a step changed in the set of alerts.
package struct AlertChanges: Equatable, Sendable {
    /// Begun or changed: the new value is to be stored.
    package fileprivate(set) var updated: Set<AlertSubject> = []
    /// Over: the stored value is to be deleted. Ids, because the subject is gone.
    package fileprivate(set) var removedIDs: [String] = []

    package var isEmpty: Bool { self.updated.isEmpty && self.removedIDs.isEmpty }
}

/// The stuck sessions of a pod or workload.
private struct AlertGroup {
    /// Worst first, once sorted.
    var members: [Alert] = []
    /// What the detector itself says of the workload.
    var finding: LoopFinding?

    func observation(scope: AlertSubject.Scope, isFiring: Bool, policy: AlertPolicy) -> Alert.Observation {
        let podCount = scope == .workload ? Set(self.members.map(\.subject.pod)).count : 1
        // A workload whose stuck sessions are all in one pod is that pod's problem.
        let isCrowd = self.members.count >= policy.groupMinimum && (scope == .pod || podCount > 1)
        // Once told, a group lasts until its last member is well, so that it does not flap around the minimum.
        let counts = isCrowd || (isFiring && !self.members.isEmpty)
        let severity = self.members.map(\.severity).max()
        guard let finding = self.finding else {
            guard counts, let severity else { return .clear }
            return .stuck(severity, AlertEvidence(members: self.members, exampleCount: policy.exampleCount))
        }
        var evidence = AlertEvidence(finding, tokensPerMinute: 0)
        if let first = self.members.first {
            let sums = AlertEvidence(members: self.members, exampleCount: policy.exampleCount)
            evidence.examples = sums.examples
            evidence.tokensPerMinute = sums.tokensPerMinute
            evidence.podCount = sums.podCount
            evidence.sessionCount = max(evidence.sessionCount, sums.sessionCount)
            evidence.tokens = max(evidence.tokens, sums.tokens)
            evidence.costMicroUSD = max(evidence.costMicroUSD, sums.costMicroUSD)
            if evidence.tool.isEmpty { evidence.tool = first.evidence.tool }
        }
        guard let confirmed = AlertSeverity(finding.severity) else {
            guard counts, let severity else { return .suspicious(evidence) }
            return .stuck(severity, AlertEvidence(members: self.members, exampleCount: policy.exampleCount))
        }
        return .stuck(counts ? max(confirmed, severity ?? confirmed) : confirmed, evidence)
    }
}

extension Alert {
    /// Firing, or about to: enough evidence is there.
    fileprivate var isConfirmed: Bool { self.phase == .firing || self.stuckSince != nil }
}

extension Alert.Observation {
    /// Whether it can begin an alert.
    fileprivate var begins: Bool { self.evidence != nil }

    fileprivate var evidence: AlertEvidence? {
        switch self {
        case .stuck(_, let evidence), .suspicious(let evidence): evidence
        case .clear, .absent: nil
        }
    }
}
