import TokenscaleCore

/// What a lane remembers of its receiver, and what follows from how requests end. A value without clock, network and
/// disk: ``ReceiverLane`` does what it answers.
struct LaneState: Sendable {
    /// How attempts ended, for the outbox to note.
    struct Ending: Equatable, Sendable {
        var sequences: [Int64]
        var end: AlertOutbox.DeliveryEnd
    }

    /// What is to be counted and said about an ending.
    struct Conclusion: Equatable, Sendable {
        enum Notice: Equatable, Sendable {
            case tryingAgain(problem: String, attemptCount: Int, delaySeconds: Double)
            case parked(problem: String)
            case gone
        }

        var outcome: ReceiverStatistics.Outcome
        var deliveries: [Delivery]
        var notice: Notice?
    }

    /// One request and how it ended; no verdict when the process shuts down: nothing is known of the attempt then.
    typealias Attempt = (batch: [Delivery], verdict: DeliveryVerdict?)

    private let policy: DeliveryPolicy
    private let forgets: Bool
    private var breaker: CircuitBreaker
    private var lastResend: Timestamp = .zero
    /// The receiver wants no more: what is due is parked unsent.
    private(set) var isGone = false
    /// What the outbox could not take note of yet. Nothing is sent before it has: what it calls due may be among them.
    private(set) var unnoted: [Ending] = []

    /// - Parameter forgets: The receiver must be told again and again what fires.
    init(policy: DeliveryPolicy, forgets: Bool) {
        self.policy = policy
        self.forgets = forgets
        self.breaker = CircuitBreaker(
            failureLimit: policy.circuitFailureLimit,
            openSeconds: policy.circuitOpenSeconds
        )
    }

    /// Whether the receiver is left alone.
    func isPaused(at now: Timestamp) -> Bool { self.breaker.isOpen(at: now) }

    /// How many deliveries to take at once: after a pause one, until one succeeds.
    var dueLimit: Int { self.breaker.isTrying ? 1 : 64 }

    // MARK: - Events

    /// The requests of a wave ended. What was accepted is concluded first, as one ending: whatever happens next, it is
    /// the least likely to be told twice.
    mutating func ended(
        _ wave: [Attempt],
        at now: Timestamp,
        using generator: inout some RandomNumberGenerator
    ) -> [Conclusion] {
        var conclusions: [Conclusion] = []
        let accepted = wave.filter { $0.verdict == .accepted }.flatMap(\.batch)
        if !accepted.isEmpty { conclusions.append(self.conclude(accepted, .delivered, .delivered, nil)) }
        var hasFailed = false
        var pauses: [Double] = []
        for (batch, verdict) in wave {
            switch verdict {
            case .accepted:
                self.breaker.succeeded()
            case .retry(let problem, let afterSeconds):
                hasFailed = true
                if let afterSeconds { pauses.append(min(afterSeconds, self.policy.retryAfterMaximumSeconds)) }
                conclusions.append(self.retry(batch, problem, afterSeconds, at: now, using: &generator))
            case .park(let problem):
                // An answer is an answer: the receiver is alive.
                self.breaker.succeeded()
                conclusions.append(self.conclude(batch, .parked(problem: problem), .parked, .parked(problem: problem)))
            case .gone:
                let notice: Conclusion.Notice? = self.isGone ? nil : .gone
                self.isGone = true
                let problem = "status 410: the receiver is gone"
                conclusions.append(self.conclude(batch, .parked(problem: problem), .parked, notice))
            case nil: break
            }
        }
        // What failed side by side is one failure of the receiver: a short hiccup must not silence it for long.
        if hasFailed { self.breaker.failed(at: now, retryAfterSeconds: pauses.max()) }
        return conclusions
    }

    /// The outbox took note of the first of ``unnoted``.
    mutating func noted() { self.unnoted.removeFirst() }

    /// Whether the receiver is to be told again now; it counts as told then.
    mutating func takeResend(at now: Timestamp) -> Bool {
        guard let next = self.nextResend, now >= next, !self.isPaused(at: now) else { return false }
        self.lastResend = now
        return true
    }

    // MARK: - Waiting

    /// How long there is nothing to do, if no signal comes: to the next attempt, the next resend, at most a minute.
    ///
    /// - Parameter nextAttempt: The outbox's next delivery.
    func idleSeconds(at now: Timestamp, nextAttempt: Timestamp?) -> Double {
        guard self.unnoted.isEmpty else { return 1 }
        var seconds = 60.0
        if let next = self.nextResend { seconds = min(seconds, next.seconds(since: now)) }
        if let nextAttempt { seconds = min(seconds, nextAttempt.seconds(since: now)) }
        if let until = self.breaker.openUntil { seconds = max(seconds, until.seconds(since: now)) }
        return min(60, max(0.01, seconds))
    }

    private var nextResend: Timestamp? {
        guard self.forgets, !self.isGone else { return nil }
        return self.lastResend.advanced(bySeconds: self.policy.resendSeconds)
    }

    // MARK: - Parts

    private mutating func retry(
        _ batch: [Delivery],
        _ problem: String,
        _ afterSeconds: Double?,
        at now: Timestamp,
        using generator: inout some RandomNumberGenerator
    ) -> Conclusion {
        let attemptCount = (batch.map(\.attemptCount).max() ?? 0) + 1
        let delay = self.policy.delaySeconds(
            attemptCount: attemptCount,
            retryAfterSeconds: afterSeconds,
            using: &generator
        )
        return self.conclude(
            batch,
            .retry(at: now.advanced(bySeconds: delay), problem: problem),
            .retried,
            .tryingAgain(problem: problem, attemptCount: attemptCount, delaySeconds: delay)
        )
    }

    private mutating func conclude(
        _ batch: [Delivery],
        _ end: AlertOutbox.DeliveryEnd,
        _ outcome: ReceiverStatistics.Outcome,
        _ notice: Conclusion.Notice?
    ) -> Conclusion {
        self.unnoted.append(Ending(sequences: batch.map(\.sequence), end: end))
        return Conclusion(outcome: outcome, deliveries: batch, notice: notice)
    }
}
