/// What one pod's value is, or why there is none.
extension MetricsView {
    /// The values of pods, and those that are left out, both in the order of the pods.
    func values(
        _ metric: ServedMetric,
        of members: [Member],
        selection: MetricSelection
    ) -> (values: [PodValue], leftOut: [(pod: PodID, reason: LeftOutReason)]) {
        var values: [PodValue] = []
        var leftOut: [(pod: PodID, reason: LeftOutReason)] = []
        for member in members {
            switch self.value(metric, of: member, selection: selection) {
            case .success(let value): values.append(PodValue(pod: member.id, value: value))
            case .failure(let reason): leftOut.append((member.id, reason))
            }
        }
        return (values, leftOut)
    }

    package func value(
        _ metric: ServedMetric,
        of member: Member,
        selection: MetricSelection
    ) -> Result<ServedValue, LeftOutReason> {
        if metric == .queueDepth { return self.ownQueueDepth(of: member.id, selection: selection) }
        guard let pod = member.telemetry else {
            return .failure(self.reasonForSilence(of: member))
        }
        if case .unknown(let reason) = pod.state { return .failure(.unknown(reason)) }
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
}
