extension Shard {
    /// Hands an event to the session's detector, dated by our clock.
    mutating func observe(_ event: AgentEvent, time: Timestamp, session slot: Int, context: Context) {
        var event = event
        event.time = time
        let pod = self.sessions[slot].pod
        let key = self.sessions[slot].key.low
        self.sessions[slot].detector.observe(
            event,
            session: key,
            arrival: context.arrival,
            workload: &self.pods[pod].detector,
            configuration: self.configuration.detection
        )
    }

    /// Hands the increment of a metric to the session's detector, whatever temporality it came in.
    mutating func observe(_ point: MetricPoint, increment: Double, time: Timestamp, session slot: Int) {
        var point = point
        point.temporality = .delta
        point.value = increment
        point.time = time
        self.sessions[slot].detector.observe(point, configuration: self.configuration.detection)
    }

    /// What the session's detector concludes, after events that waited for others were released.
    mutating func finding(session slot: Int, now: Timestamp, isIncident: Bool) -> LoopFinding? {
        let pod = self.sessions[slot].pod
        let key = self.sessions[slot].key.low
        self.sessions[slot].detector.advance(
            to: now,
            session: key,
            workload: &self.pods[pod].detector,
            configuration: self.configuration.detection
        )
        let finding = self.sessions[slot].detector.finding(
            at: now,
            isIncident: isIncident,
            configuration: self.configuration.detection
        )
        guard !isIncident, let silence = self.silence(ofSession: slot, now: now) else { return finding }
        guard let finding, finding.severity >= silence.severity else { return silence }
        return finding
    }

    /// The model is asked and nothing is heard: requests that are retried without a word, or a client that is gone. One
    /// cannot be told from the other, so it is "possible"; after a prompt alone it is for detail views only.
    private func silence(ofSession slot: Int, now: Timestamp) -> LoopFinding? {
        let session = self.sessions[slot]
        let severity: LoopSeverity
        switch session.turn.wait {
        case .model: severity = .warning
        case .answer: severity = .info
        case .tool, .unknown: return nil
        }
        guard session.turn.isOpen else { return nil }
        // Nobody is silent towards a collector that is away.
        let since = session.beganInSight ? session.lastArrival : max(session.lastArrival, self.startTime)
        let seconds = now.seconds(since: since)
        guard seconds >= self.configuration.detection.silenceSeconds else { return nil }
        var finding = LoopFinding(severity: severity, pattern: .silentTurn, onset: since, lastEvidence: now)
        finding.isPossible = true
        finding.score = seconds.rounded(.down)
        finding.threshold = self.configuration.detection.silenceSeconds
        return finding
    }
}

extension LoopFinding {
    /// Sure enough to keep the session's tokens out of the scaling signal.
    package var isConfirmed: Bool { self.severity >= .warning && !self.isPossible }
}
