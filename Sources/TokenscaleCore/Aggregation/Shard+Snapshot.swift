extension Shard {
    /// What one shard adds to a snapshot.
    struct Part: Sendable {
        var pods: [PodSnapshot] = []
        var counters: [TokenCounter] = []
        var queues: [QueueSnapshot] = []
        var workloadFindings: [WorkloadFinding] = []
        var statistics = AggregatorStatistics()
    }

    /// Copies the state of this shard. Also settles what waited, and forgets what expired.
    mutating func snapshot(
        now: Timestamp,
        sequence: UInt64,
        isIncident: Bool,
        health: inout ProviderHealth
    ) -> Part {
        self.expire(now: now)
        var part = Part()
        part.statistics = self.statistics
        for source in AttributionSource.allCases {
            part.statistics.attribution[source] = self.attributionCounts[Int(source.rawValue)]
        }
        for slot in self.podIndex.slots {
            var rates: [Int: ModelRate] = [:]
            var burst: UInt64 = 0
            var sessions: [SessionSnapshot] = []
            for session in self.pods[slot].sessions {
                let finding = self.finding(session: session, now: now, isIncident: isIncident)
                sessions.append(
                    self.snapshot(session: session, finding: finding, now: now, rates: &rates, burst: &burst)
                )
                for model in self.sessions[session].models {
                    part.statistics.driftTokens = part.statistics.driftTokens.addingClamped(model.ledger.driftTokens)
                }
            }
            self.addCounters(pod: slot, sequence: sequence, to: &part)
            health.add(self.pods[slot].detector)
            self.addFinding(pod: slot, now: now, isIncident: isIncident, to: &part)
            guard self.pods[slot].id != .unattributed else { continue }
            sessions.sort { $0.id < $1.id }
            part.pods.append(self.snapshot(pod: slot, sessions: sessions, rates: rates, burst: burst, now: now))
        }
        for queue in self.queues.values {
            var queue = queue
            queue.isStale = now.seconds(since: queue.time) > self.configuration.queueStalenessSeconds
            part.queues.append(queue)
        }
        part.statistics.podCount = part.pods.count
        part.statistics.sessionCount = self.sessionIndex.count
        part.statistics.seriesCount = self.sessionIndex.slots.reduce(0) { $0 + self.sessions[$1].streams.count }
        return part
    }

    private func snapshot(
        pod slot: Int,
        sessions: [SessionSnapshot],
        rates: [Int: ModelRate],
        burst: UInt64,
        now: Timestamp
    ) -> PodSnapshot {
        let state = self.pods[slot]
        var pod = PodSnapshot(id: state.id)
        pod.uid = state.uid
        pod.node = state.node
        pod.workload = state.workload
        pod.labels = state.labels
        pod.attribution = state.attribution
        pod.rates = rates.values.sorted { $0.model < $1.model }
        pod.burstSecondCount = burst.nonzeroBitCount
        pod.sessions = sessions
        pod.lastArrival = state.lastArrival
        pod.lastSample = state.lastSample
        pod.firstSeen = state.firstSeen
        let tolerance = self.configuration.clockToleranceSeconds
        pod.clockOffsetSeconds = state.clock.correctionSeconds(toleranceSeconds: tolerance)
        pod.state = self.state(of: slot, hasRate: !rates.isEmpty, now: now)
        return pod
    }

    private func state(of pod: Int, hasRate: Bool, now: Timestamp) -> PodState {
        let staleness = self.configuration.stalenessSeconds
        var hasOpenTurn = false
        for slot in self.pods[pod].sessions {
            if self.sessions[slot].isSilent(at: now, stalenessSeconds: staleness) {
                return .unknown(.sessionSilent)
            }
            if !self.sessions[slot].beganInSight, !self.isCovered(at: now) { return .unknown(.windowNotCovered) }
            hasOpenTurn = hasOpenTurn || self.sessions[slot].turn.isOpen
        }
        return hasRate || hasOpenTurn ? .active : .idle
    }

    private mutating func snapshot(
        session slot: Int,
        finding: LoopFinding?,
        now: Timestamp,
        rates: inout [Int: ModelRate],
        burst: inout UInt64
    ) -> SessionSnapshot {
        var result = SessionSnapshot(id: self.sessions[slot].id)
        result.finding = finding
        result.isStuck = finding?.isConfirmed ?? false
        for index in self.sessions[slot].models.indices {
            self.sessions[slot].models[index].settle(now: now, settleSeconds: self.configuration.settleSeconds)
            let sums = self.sessions[slot].models[index].sums(now: now)
            let usage = self.sessions[slot].models[index]
            result.total += usage.total
            result.eventTotal += usage.ledger.events
            result.metricTotal += usage.ledger.metrics
            guard sums.stable.total > 0 else { continue }
            result.rate += sums.stable
            let name = self.modelNames[usage.model]
            if result.isStuck {
                rates[usage.model, default: ModelRate(model: name)].stuck += sums.stable
                continue
            }
            rates[usage.model, default: ModelRate(model: name)].active += sums.stable
            rates[usage.model, default: ModelRate(model: name)].activeBurst += sums.burst.multiplied(by: 4)
            burst |= usage.window.occupancy(seconds: TokenWindow.burstSeconds, endingAt: now.second)
        }
        let state = self.sessions[slot]
        result.model = state.lastModel.map { self.modelNames[$0] }
        result.isLive = state.isLive(at: now, stalenessSeconds: self.configuration.stalenessSeconds)
        result.hasOpenTurn = state.turn.isOpen
        result.costMicroUSD = state.costMicroUSD
        result.requestCount = state.requestCount
        result.firstSeen = state.firstSeen
        result.lastActivity = state.lastActivity
        result.lastArrival = state.lastArrival
        return result
    }

    private func addFinding(pod slot: Int, now: Timestamp, isIncident: Bool, to part: inout Part) {
        let finding = self.pods[slot].detector.finding(
            at: now,
            isIncident: isIncident,
            configuration: self.configuration.detection
        )
        guard let finding else { return }
        let pod = self.pods[slot]
        part.workloadFindings.append(
            WorkloadFinding(namespace: pod.id.namespace, workload: pod.workload ?? pod.id.name, finding: finding)
        )
    }

    private mutating func addCounters(pod slot: Int, sequence: UInt64, to part: inout Part) {
        for index in self.pods[slot].counters.indices {
            if self.pods[slot].counters[index].birthSequence == 0 {
                self.pods[slot].counters[index].birthSequence = sequence
            }
            let counter = self.pods[slot].counters[index]
            var result = TokenCounter(pod: self.pods[slot].id, model: self.modelNames[counter.model])
            result.workload = self.pods[slot].workload
            result.total = counter.total
            result.birthSequence = counter.birthSequence
            result.created = counter.created
            part.counters.append(result)
        }
    }
}
