/// One alert and where it is in its life. A value: ``apply(_:at:policy:)`` is the whole state machine of one alert.
///
/// ```
///            stuck for the delay            clear or absent for its hold
///  pending ───────────────────────▶ firing ─────────────────────────────▶ (resolved, forgotten)
///     │ clear or absent                │ ▲ stuck, suspicious: the hold starts again
///     ▼                                └─┘ severity rises, never falls
///  (forgotten)
/// ```
package struct Alert: Equatable, Codable, Sendable {
    package enum Phase: String, Codable, Sendable {
        /// Evidence is there, but not enough or not for long enough.
        case pending
        case firing
    }

    package let subject: AlertSubject
    /// 16 hexadecimal digits of ``identityLabels``: the same alert has the same id for ever, also after a restart.
    package let id: String
    package let identityLabels: [String: String]
    package private(set) var phase: Phase = .pending
    package private(set) var severity: AlertSeverity = .warning
    /// The pattern when it fired: labels do not change while an alert fires.
    package private(set) var pattern: String
    /// The workload when it fired, and its kind where the pod directory knows it.
    package private(set) var workload: String?
    package private(set) var workloadKind: String?
    package private(set) var evidence: AlertEvidence
    package private(set) var pendingSince: Timestamp
    /// When it began to fire; `nil` while pending.
    package private(set) var firingSince: Timestamp?

    /// While pending: since when the evidence is enough without a break.
    package private(set) var stuckSince: Timestamp?
    package private(set) var clearSince: Timestamp?
    package private(set) var absentSince: Timestamp?
    /// Loaded from the outbox and not confirmed by this process yet: the detector may have lost its evidence.
    package private(set) var isRestored = false

    /// Suppressed by a group's alert, or by a silence.
    package var isInhibited = false
    package var isSilenced = false
    /// Transitions told of this episode.
    package private(set) var transitionCount = 0
    package private(set) var notifiedAt: Timestamp?
    package private(set) var notifiedSeverity: AlertSeverity?
    package private(set) var notifiedSessionCount = 0

    package init(
        subject: AlertSubject,
        externalLabels: [String: String],
        evidence: AlertEvidence,
        workload: String?,
        workloadKind: String?,
        at now: Timestamp
    ) {
        self.subject = subject
        self.identityLabels = subject.identityLabels(external: externalLabels)
        self.id = AlertLabel.fingerprint(self.identityLabels)
        self.evidence = evidence
        self.pattern = evidence.pattern
        self.workload = workload
        self.workloadKind = workloadKind
        self.pendingSince = now
    }

    /// What routes, silences and receivers see.
    package var labels: [String: String] { self.labels(severity: self.severity) }

    /// The labels with another severity: a receiver that tells alerts apart by labels must end the old ones.
    package func labels(severity: AlertSeverity) -> [String: String] {
        var labels = self.identityLabels
        labels["severity"] = severity.rawValue
        labels["pattern"] = self.pattern
        if let workload = self.workload { labels["workload"] = workload }
        return labels
    }

    /// Whether a receiver was told that it fires.
    package var isNotified: Bool { self.notifiedAt != nil }

    // MARK: - Life

    /// What a snapshot says of the subject.
    package enum Observation: Equatable, Sendable {
        case stuck(AlertSeverity, AlertEvidence)
        /// Some evidence, less than an alert needs: neither begins nor ends one.
        case suspicious(AlertEvidence)
        /// Seen, and without evidence.
        case clear
        /// Not seen.
        case absent
    }

    package enum Outcome: Equatable, Sendable {
        /// Nothing that must be stored.
        case unchanged
        /// The phase, severity or a hold changed.
        case changed
        /// The episode is over: the alert is to be forgotten, and told if it was told before.
        case ended(AlertResolution)
    }

    /// Moves on by one observation.
    ///
    /// - Parameter delaySeconds: How long `stuck` must hold before a pending alert fires.
    package mutating func apply(
        _ observation: Observation,
        at now: Timestamp,
        delaySeconds: Double,
        policy: AlertPolicy
    ) -> Outcome {
        switch (self.phase, observation) {
        case (.pending, .stuck(let severity, let evidence)):
            self.evidence = evidence
            self.severity = max(severity, self.stuckSince == nil ? severity : self.severity)
            let since = self.stuckSince ?? now
            let isNew = self.stuckSince == nil
            self.stuckSince = since
            guard now.seconds(since: since) >= delaySeconds else { return isNew ? .changed : .unchanged }
            self.phase = .firing
            self.firingSince = now
            self.pattern = evidence.pattern
            return .changed
        case (.pending, .suspicious(let evidence)):
            let wasStuck = self.stuckSince != nil
            self.evidence = evidence
            self.stuckSince = nil
            return wasStuck ? .changed : .unchanged
        case (.pending, .clear): return .ended(.recovered)
        case (.pending, .absent): return .ended(.ended)
        case (.firing, .stuck(let severity, let evidence)):
            let isChanged = self.isHeld || self.isRestored || severity > self.severity
            self.evidence = evidence
            self.severity = max(self.severity, severity)
            self.isRestored = false
            self.stopHolding()
            return isChanged ? .changed : .unchanged
        case (.firing, .suspicious):
            let isChanged = self.isHeld
            self.stopHolding()
            return isChanged ? .changed : .unchanged
        case (.firing, .clear):
            let hold = self.isRestored ? max(policy.clearSeconds, policy.restartGraceSeconds) : policy.clearSeconds
            self.absentSince = nil
            let isNew = self.clearSince == nil
            let since = self.clearSince ?? now
            self.clearSince = since
            if now.seconds(since: since) >= hold { return .ended(.recovered) }
            return isNew ? .changed : .unchanged
        case (.firing, .absent):
            self.clearSince = nil
            let isNew = self.absentSince == nil
            let since = self.absentSince ?? now
            self.absentSince = since
            if now.seconds(since: since) >= policy.absentSeconds { return .ended(.ended) }
            return isNew ? .changed : .unchanged
        }
    }

    private var isHeld: Bool { self.clearSince != nil || self.absentSince != nil }

    private mutating func stopHolding() {
        self.clearSince = nil
        self.absentSince = nil
    }

    /// Takes over the workload once it becomes known; a firing alert keeps its labels.
    mutating func locate(workload: String?, kind: String?) {
        guard self.phase == .pending else { return }
        self.workload = workload ?? self.workload
        self.workloadKind = kind ?? self.workloadKind
    }

    /// As it must be after a restart: holds begin anew, because nobody watched in between.
    package func restored() -> Alert {
        var alert = self
        alert.isRestored = alert.phase == .firing
        alert.stuckSince = nil
        alert.stopHolding()
        return alert
    }

    // MARK: - Telling

    /// What is to be told now, if anything.
    func dueTransition(at now: Timestamp, policy: AlertPolicy) -> AlertTransition.Kind? {
        guard self.phase == .firing, !self.isInhibited, !self.isSilenced else { return nil }
        guard let notifiedAt = self.notifiedAt, let notifiedSeverity = self.notifiedSeverity else { return .fired }
        if self.severity > notifiedSeverity { return .escalated }
        let elapsed = now.seconds(since: notifiedAt)
        let hasGrown = self.evidence.sessionCount >= 2 * max(1, self.notifiedSessionCount)
        if self.subject.scope != .session, hasGrown, elapsed >= policy.groupIntervalSeconds { return .grew }
        return elapsed >= policy.repeatSeconds ? .repeated : nil
    }

    /// Notes that `kind` is told, and makes the transition.
    mutating func transition(
        _ kind: AlertTransition.Kind,
        resolution: AlertResolution? = nil,
        at now: Timestamp
    ) -> AlertTransition {
        let previous = self.notifiedSeverity
        self.transitionCount += 1
        self.notifiedAt = now
        self.notifiedSeverity = self.severity
        self.notifiedSessionCount = self.evidence.sessionCount
        return AlertTransition(kind: kind, alert: self, previousSeverity: previous, resolution: resolution, time: now)
    }
}
