extension Shard {
    /// What the items of one run share.
    struct Context {
        var pod: Int
        var resource: Hash128
        var arrival: Timestamp
        /// Added to the sender's times.
        var correctionSeconds: Double
        /// By how much the sender is ahead of a clock that nobody sets.
        var leadSeconds: Double
        /// By how much our own clock was set.
        var clockSetSeconds: Double

        /// A sender's time, corrected, and never in the future.
        func corrected(_ time: SentTime) -> Timestamp {
            guard !time.isAbsent else { return self.arrival }
            let moved = self.correctionSeconds == 0 ? time : time.advanced(bySeconds: self.correctionSeconds)
            return Swift.min(moved.uncorrected, self.arrival)
        }

        /// The second of a sender's time in the ledger, which compares the two sources of one sender: neither an offset
        /// that is proved on the way nor our own clock, when it is set, may shift one against the other. So these are
        /// the sender's seconds, without what it is ahead.
        @inline(__always)
        func ledgerSecond(_ time: SentTime) -> Int64 {
            guard !time.isAbsent else { return self.arrival.advanced(bySeconds: -self.clockSetSeconds).second }
            let moved = self.leadSeconds == 0 ? time : time.advanced(bySeconds: -self.leadSeconds)
            return moved.uncorrected.second
        }
    }

    /// Records one log record.
    mutating func record(
        _ event: AgentEvent,
        text: RawSpan,
        context: Context,
        outcome: inout RecordOutcome
    ) {
        guard
            let slot = self.session(
                event.session,
                text: text,
                pod: context.pod,
                arrival: context.arrival,
                beganInSight: self.beganInSight(sequence: event.sequence, arrival: context.arrival)
            )
        else {
            outcome.limitedCount += 1
            return
        }
        guard self.recent.insert(self.key(of: event, session: slot), now: context.arrival) else {
            outcome.duplicateCount += 1
            return
        }
        outcome.acceptedCount += 1
        let time = self.note(time: event.sent, session: slot, context: context)
        self.sessions[slot].hasEvents = true
        self.sessions[slot].turn.observe(event)
        self.observe(event, time: time, session: slot, context: context)
        guard event.kind == .apiRequest else { return }
        self.recordRequest(event, text: text, session: slot, time: time, context: context)
    }

    private mutating func recordRequest(
        _ event: AgentEvent,
        text: RawSpan,
        session slot: Int,
        time: Timestamp,
        context: Context
    ) {
        let model = self.model(event.model, text: text)
        let (index, counted) = self.usage(of: model, session: slot)
        let growth = self.sessions[slot].models[index].recordEvent(
            event.tokens,
            second: time.second,
            ledgerSecond: context.ledgerSecond(event.sent),
            switchSeconds: Int64(self.configuration.sourceSwitchSeconds)
        )
        self.sessions[slot].lastModel = counted
        self.sessions[slot].requestCount += 1
        if event.costMicroUSD > 0 {
            self.sessions[slot].costMicroUSD = self.sessions[slot].costMicroUSD.addingClamped(event.costMicroUSD)
        }
        if self.isLate(time, context: context) { self.statistics.lateItemCount += 1 }
        self.count(growth, model: counted, pod: context.pod, arrival: context.arrival)
    }

    /// Records one data point.
    mutating func record(
        _ point: MetricPoint,
        text: RawSpan,
        context: Context,
        outcome: inout RecordOutcome
    ) {
        // A depth is clamped and soon followed by the next; a total keeps what it once counted.
        let valueMax = point.kind == .queueDepth ? .greatestFiniteMagnitude : MetricPoint.valueMax
        guard (0...valueMax).contains(point.value) else {
            // NaN: a point without a value. Of metrics that nobody counts here nothing is known.
            if point.value.isNaN || point.kind == .other {
                outcome.ignoredCount += 1
            } else {
                outcome.invalidCount += 1
            }
            return
        }
        guard !point.isAmbiguous else {
            outcome.ambiguousCount += 1
            return
        }
        if point.kind == .queueDepth {
            self.recordQueue(point, text: text, context: context, outcome: &outcome)
            return
        }
        guard
            let slot = self.session(
                point.session,
                text: text,
                pod: context.pod,
                arrival: context.arrival,
                beganInSight: self.beganInSight(start: point.start, context: context)
            )
        else {
            outcome.limitedCount += 1
            return
        }
        let time = self.note(time: point.sent, session: slot, context: context)
        guard let increment = self.increment(of: point, session: slot, context: context, outcome: &outcome) else {
            return
        }
        if !self.sessions[slot].hasEvents {
            self.observe(point, increment: increment.value, time: time, session: slot)
        }
        guard let type = point.kind.tokenType else { return }
        let model = self.model(point.model, text: text)
        let (index, counted) = self.usage(of: model, session: slot)
        let first = Swift.min(context.corrected(increment.since).second + 1, time.second)
        let sentLast = context.ledgerSecond(point.sent)
        let sentFirst = Swift.min(context.ledgerSecond(increment.start) + 1, sentLast)
        let growth = self.sessions[slot].models[index].recordMetric(
            increment.count,
            of: type,
            seconds: first...time.second,
            ledgerSeconds: sentFirst...sentLast,
            hasEvents: self.sessions[slot].hasEvents,
            arrival: context.arrival,
            nextExport: context.arrival.advanced(
                bySeconds: Swift.min(Double(time.second - first), self.configuration.exportIntervalSeconds)
                    + Self.exportSlackSeconds
            ),
            switchSeconds: Int64(self.configuration.sourceSwitchSeconds)
        )
        if self.isLate(time, context: context) { self.statistics.lateItemCount += 1 }
        self.sessions[slot].lastModel = counted
        self.count(growth, of: type, model: counted, pod: context.pod, arrival: context.arrival)
    }

    /// By how much a point raises its series, and since when.
    private struct Increment {
        var value: Double
        /// Whole tokens. Differences of rounded values, so that they add up to the rounded sum.
        var count: Int64
        /// Of the interval, as the sender says.
        var start: SentTime
        /// Where the rate takes it to begin: an export interval before its end, at most.
        var since: SentTime
    }

    /// An export may come this much later than its interval says.
    private static let exportSlackSeconds = 5.0

    /// By how much a point raises its series and since when, if it was not known.
    private mutating func increment(
        of point: MetricPoint,
        session slot: Int,
        context: Context,
        outcome: inout RecordOutcome
    ) -> Increment? {
        let spreadMax = self.configuration.exportIntervalSeconds
        let stream = context.resource.combined(with: point.stream)
        switch point.temporality {
        // A gauge that is not ambiguous counts nothing: it shows that the sender lives.
        case .delta, .none, .unspecified:
            let times = Hash128(
                low: UInt64(bitPattern: point.start.uncorrected.nanoseconds),
                high: UInt64(bitPattern: point.sent.uncorrected.nanoseconds)
            )
            let key = stream.combined(with: times).low | 1
            guard self.recent.insert(key, now: context.arrival) else {
                outcome.duplicateCount += 1
                return nil
            }
            outcome.acceptedCount += 1
            let earliest = point.sent.advanced(bySeconds: -spreadMax)
            return Increment(
                value: point.value,
                count: Int64(clampingRounded: point.value),
                start: point.start,
                since: Swift.max(point.start, earliest)
            )
        case .cumulative:
            let start = Hash128(low: UInt64(bitPattern: point.start.uncorrected.nanoseconds), high: 0x5354_4152_54)
            let key = stream.combined(with: start)
            let live = self.sessions[slot].streams[key]
            guard var known = live ?? self.retiredStream(key, at: point) else {
                return self.firstValue(of: point, key: key, session: slot, outcome: &outcome)
            }
            let before = Int64(clampingRounded: known.value)
            let advance = known.advance(to: point.value, time: point.sent)
            self.sessions[slot].streams[key] = known
            guard let advance else {
                outcome.duplicateCount += 1
                return nil
            }
            outcome.acceptedCount += 1
            let earliest = point.sent.advanced(bySeconds: -spreadMax)
            return Increment(
                value: advance.increment,
                count: Int64(clampingRounded: known.value) - before,
                start: advance.since,
                since: Swift.max(advance.since, earliest)
            )
        }
    }

    /// A series that was counted before its session was forgotten. What it grew by since is spread over the last
    /// export interval.
    private mutating func retiredStream(_ key: Hash128, at point: MetricPoint) -> CumulativeStream? {
        self.retired.take(key).map {
            CumulativeStream(
                value: $0,
                time: point.sent.advanced(bySeconds: -self.configuration.exportIntervalSeconds)
            )
        }
    }

    /// The first value of a cumulative series: everything since its start, however long ago, spread over that time.
    private mutating func firstValue(
        of point: MetricPoint,
        key: Hash128,
        session slot: Int,
        outcome: inout RecordOutcome
    ) -> Increment? {
        guard self.sessions[slot].streams.count < self.configuration.streamsPerSessionLimit else {
            self.statistics.limitedSeriesCount += 1
            outcome.limitedCount += 1
            return nil
        }
        self.sessions[slot].streams[key] = CumulativeStream(value: point.value, time: point.sent)
        outcome.acceptedCount += 1
        return Increment(
            value: point.value,
            count: Int64(clampingRounded: point.value),
            start: Swift.min(point.start, point.sent),
            since: Swift.min(point.start, point.sent)
        )
    }

    private mutating func recordQueue(
        _ point: MetricPoint,
        text: RawSpan,
        context: Context,
        outcome: inout RecordOutcome
    ) {
        let pod = self.pods[context.pod].id
        let name = point.queue.isAbsent ? "default" : self.name(point.queue, text: text)
        let taken = self.recordQueue(
            QueueSnapshot(
                namespace: pod.namespace,
                queue: name,
                pod: pod == .unattributed ? nil : pod.name,
                depth: point.value,
                source: .otlp,
                time: context.corrected(point.sent),
                isStale: false
            )
        )
        if taken { outcome.acceptedCount += 1 } else { outcome.limitedCount += 1 }
    }

    /// ``Quantity/countMaximum``, the most that is ever served: sums stay numbers, whatever somebody reports.
    private static let queueDepthMax = 1e9

    /// Keeps the newest depth of a queue.
    ///
    /// - Returns: `false` if the limit for new queues is reached.
    mutating func recordQueue(_ queue: QueueSnapshot) -> Bool {
        let key = self.hash.hash128("\(queue.namespace)\u{0}\(queue.queue)\u{0}\(queue.pod ?? "")")
        var queue = queue
        queue.depth = Swift.min(Self.queueDepthMax, queue.depth)
        if let known = self.queues[key] {
            if queue.time >= known.time { self.queues[key] = queue }
            return true
        }
        guard self.queues.count < Swift.max(1, self.configuration.queueLimit / Aggregator.shardCount) else {
            self.statistics.limitedSeriesCount += 1
            return false
        }
        self.queues[key] = queue
        return true
    }

    /// Notes that a session lives.
    ///
    /// - Returns: The item's corrected time.
    private mutating func note(time: SentTime, session slot: Int, context: Context) -> Timestamp {
        let corrected = context.corrected(time)
        if time.uncorrected > context.arrival.advanced(bySeconds: 1) { self.statistics.futureItemCount += 1 }
        self.sessions[slot].lastArrival = context.arrival
        self.sessions[slot].lastActivity = Swift.max(self.sessions[slot].lastActivity, corrected)
        self.pods[context.pod].lastSample = Swift.max(self.pods[context.pod].lastSample, corrected)
        return corrected
    }

    @inline(__always)
    private func isLate(_ time: Timestamp, context: Context) -> Bool {
        context.arrival.second - time.second >= Int64(TokenWindow.secondCount)
    }

    /// The identity of a log record among resent ones, as facts/TELEMETRY.md §7 found it to be exact.
    @inline(__always)
    private func key(of event: AgentEvent, session slot: Int) -> UInt64 {
        let session = self.sessions[slot].key
        let kind = Hash128(low: UInt64(event.kind.rawValue) &+ 1, high: event.toolUse)
        if event.kind == .apiRequest {
            if !event.request.isAbsent {
                return session.combined(with: event.request).combined(with: kind).low | 1
            }
            if !event.clientRequest.isAbsent {
                return session.combined(with: event.clientRequest).combined(with: kind).low | 1
            }
        }
        // Two processes may share a session and count from 0 both; their prompts differ.
        let order = Hash128(
            low: UInt64(bitPattern: event.sent.uncorrected.nanoseconds) ^ event.prompt,
            high: UInt64(bitPattern: event.sequence)
        )
        let key = session.combined(with: order).combined(with: kind)
        guard event.sent.isAbsent, event.sequence < 0 else { return key.low | 1 }
        return key.combined(with: Self.content(of: event)).low | 1
    }

    /// What a record says, for those with nothing else to know them by: of two that are equal in all of this the second
    /// is taken for a resend. (Its place in the body would tell them apart, but not two bodies of one record each.)
    private static func content(of event: AgentEvent) -> Hash128 {
        func pair(_ first: Int64, _ second: Int64) -> Hash128 {
            Hash128(low: UInt64(bitPattern: first), high: UInt64(bitPattern: second))
        }
        return event.model.fingerprint
            .combined(with: pair(event.tokens.input, event.tokens.output))
            .combined(with: pair(event.tokens.cacheRead, event.tokens.cacheCreation))
            .combined(with: pair(event.costMicroUSD, event.durationMilliseconds))
            .combined(with: pair(event.promptLength, event.responseLength))
            .combined(with: pair(Int64(bitPattern: event.agent), Int64(event.querySource.rawValue)))
    }

    @inline(__always)
    private func beganInSight(sequence: Int64, arrival: Timestamp) -> Bool {
        sequence <= self.configuration.sessionStartSequenceMax || self.isCovered(at: arrival)
    }

    // Inlined: a call from a mutating method would copy all of the shard first.
    @inline(__always)
    private func beganInSight(start: SentTime, context: Context) -> Bool {
        start.isAbsent || context.corrected(start) >= self.startTime || self.isCovered(at: context.arrival)
    }

    /// Whether this process has run for a whole window.
    @inline(__always)
    func isCovered(at now: Timestamp) -> Bool {
        now.seconds(since: self.startTime) >= Double(TokenWindow.stableSeconds)
    }
}

extension Int64 {
    /// The nearest integer, clamped.
    init(clampingRounded value: Double) {
        let rounded = value.rounded()
        self = rounded >= 9.2e18 ? .max : rounded <= -9.2e18 ? .min : Int64(rounded)
    }
}
