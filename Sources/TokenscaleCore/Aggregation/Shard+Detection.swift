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
        return self.sessions[slot].detector.finding(
            at: now,
            isIncident: isIncident,
            configuration: self.configuration.detection
        )?.withPace
    }
}

extension LoopFinding {
    /// With ``requestsPerMinute`` from the rounds since onset: an LLM round is one request.
    var withPace: LoopFinding {
        var finding = self
        let minutes = self.lastEvidence.seconds(since: self.onset) / 60
        if finding.requestsPerMinute == 0, self.roundCount > 1, minutes > 0 {
            finding.requestsPerMinute = Double(self.roundCount - 1) / minutes
        }
        return finding
    }

    /// Sure enough to keep the session's tokens out of the scaling signal.
    package var isConfirmed: Bool { self.severity >= .warning && !self.isPossible }
}
