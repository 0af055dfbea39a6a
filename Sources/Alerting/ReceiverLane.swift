import CurlHTTP
import Logging
import Synchronization
import TokenscaleCore

/// Delivers to one receiver, at its own pace: nothing that this receiver does reaches another lane.
struct ReceiverLane: Sendable {
    let receiver: AlertReceiver
    let policy: DeliveryPolicy
    let links: AlertLinks
    let outbox: AlertOutbox
    let client: HTTPClient
    let status: AlertingStatusStore
    let signal: LaneSignal
    /// Set while the process shuts down: what is due is still sent, then the lane ends.
    let isDraining: Flag
    let now: @Sendable () -> Timestamp
    let logger: Logger

    /// A switch that is thrown once.
    final class Flag: Sendable {
        private let value = Atomic<Bool>(false)
        var isSet: Bool { self.value.load(ordering: .acquiring) }
        func set() { self.value.store(true, ordering: .releasing) }
    }

    /// What the lane remembers between deliveries.
    private struct State {
        var breaker: CircuitBreaker
        /// How attempts ended that the outbox could not take note of. Nothing is sent before it has: what it calls due
        /// may be among them.
        var unnoted: [(sequences: [Int64], end: AlertOutbox.DeliveryEnd)] = []
        var isGone = false
        var lastResend: Timestamp = .zero
        var generator = SystemRandomNumberGenerator()
    }

    /// Returns when the task is cancelled, or drained.
    func run() async {
        var state = State(
            breaker: CircuitBreaker(
                failureLimit: self.policy.circuitFailureLimit,
                openSeconds: self.policy.circuitOpenSeconds
            )
        )
        while !Task.isCancelled {
            let isBusy = await self.deliverDue(&state)
            await self.resendIfDue(&state)
            if isBusy && !Task.isCancelled { continue }
            if self.isDraining.isSet { return }
            await self.signal.wait(seconds: await self.idleSeconds(state))
        }
    }

    /// Delivers what is due now. Returns false when there is nothing to do before the next wait.
    private func deliverDue(_ state: inout State) async -> Bool {
        let now = self.now()
        self.status.update { status in
            let isOpen = state.breaker.isOpen(at: now)
            status.statistics.receivers[self.receiver.name, default: .init()].isCircuitOpen = isOpen
        }
        if state.breaker.isOpen(at: now) { return false }
        let request = ReceiverRequest(
            receiver: self.receiver,
            links: self.links,
            resendSeconds: self.policy.resendSeconds
        )
        let due: [Delivery]
        do throws(AlertingError) {
            try await self.noteEnds(&state)
            let limit = state.breaker.isTrying ? 1 : 64
            due = try await self.outbox.dueDeliveries(for: self.receiver.name, at: now, limit: limit)
        } catch {
            self.countOutboxError(.deliver)
            return false
        }
        guard !due.isEmpty else { return false }
        var rest = due[...]
        while !rest.isEmpty, !Task.isCancelled {
            let wave = Array(rest.prefix(request.batchLimit * self.policy.concurrentLimit))
            rest = rest.dropFirst(wave.count)
            guard await self.deliver(wave, request, &state) else { return true }
        }
        return true
    }

    /// Sends deliveries of different alerts side by side and notes how they ended. Returns false when the rest is to
    /// wait.
    private func deliver(_ wave: [Delivery], _ request: ReceiverRequest, _ state: inout State) async -> Bool {
        let batches = stride(from: 0, to: wave.count, by: request.batchLimit).map { start in
            Array(wave[start..<min(wave.count, start + request.batchLimit)])
        }
        let verdicts = state.isGone ? batches.map { _ in .gone } : await self.send(batches, request)
        var goesOn = true
        let accepted = zip(batches, verdicts).filter { $0.1 == .accepted }.flatMap(\.0)
        if !accepted.isEmpty { goesOn = await self.conclude(accepted, .accepted, &state) }
        for (batch, verdict) in zip(batches, verdicts) where verdict != .accepted {
            // Without a verdict the process shuts down: nothing is known of the attempt.
            guard let verdict else {
                goesOn = false
                continue
            }
            goesOn = await self.conclude(batch, verdict, &state) && goesOn
        }
        self.judge(verdicts.compactMap { $0 }, &state.breaker)
        return goesOn && !state.breaker.isOpen(at: self.now())
    }

    /// What failed side by side is one failure of the receiver: a short hiccup must not silence it for long.
    private func judge(_ verdicts: [DeliveryVerdict], _ breaker: inout CircuitBreaker) {
        var hasFailed = false
        var pauses: [Double] = []
        for case .retry(_, let afterSeconds) in verdicts {
            hasFailed = true
            if let afterSeconds { pauses.append(min(afterSeconds, self.policy.retryAfterMaximumSeconds)) }
        }
        guard hasFailed else { return }
        breaker.failed(at: self.now(), retryAfterSeconds: pauses.max())
    }

    /// One request for each batch, at the same time.
    private func send(_ batches: [[Delivery]], _ request: ReceiverRequest) async -> [DeliveryVerdict?] {
        await withTaskGroup(of: (index: Int, verdict: DeliveryVerdict?).self) { group in
            for (index, batch) in batches.enumerated() {
                group.addTask { (index, await self.send(batch.map(\.transition), request)) }
            }
            var verdicts = [DeliveryVerdict?](repeating: nil, count: batches.count)
            for await result in group { verdicts[result.index] = result.verdict }
            return verdicts
        }
    }

    /// Notes how one request ended. Returns false when the rest is to wait.
    private func conclude(_ batch: [Delivery], _ verdict: DeliveryVerdict, _ state: inout State) async -> Bool {
        let now = self.now()
        switch verdict {
        case .accepted:
            state.breaker.succeeded()
            return await self.end(batch, .delivered, counting: .delivered, at: now, &state)
        case .retry(let problem, let afterSeconds):
            let attemptCount = (batch.map(\.attemptCount).max() ?? 0) + 1
            let delay = self.policy.delaySeconds(
                attemptCount: attemptCount,
                retryAfterSeconds: afterSeconds,
                using: &state.generator
            )
            self.logger.log(
                level: attemptCount == 1 || attemptCount % 10 == 0 ? .warning : .debug,
                "A receiver did not accept an alert; trying again",
                metadata: [
                    "receiver": "\(self.receiver.name)", "problem": "\(problem)", "attempt": "\(attemptCount)",
                    "delay_seconds": "\(NumberText.rounded(delay))",
                ]
            )
            let next = now.advanced(bySeconds: delay)
            return await self.end(batch, .retry(at: next, problem: problem), counting: .retried, at: now, &state)
        case .park(let problem):
            // An answer is an answer: the receiver is alive.
            state.breaker.succeeded()
            self.logger.error(
                "Parked an alert that a receiver will never accept; repair it, then `tokenscale alerts --retry-parked`",
                metadata: ["receiver": "\(self.receiver.name)", "problem": "\(problem)"]
            )
            return await self.end(batch, .parked(problem: problem), counting: .parked, at: now, &state)
        case .gone:
            if !state.isGone {
                self.logger.error(
                    "A receiver answered 410: it wants no more alerts and is left alone until the next start",
                    metadata: ["receiver": "\(self.receiver.name)"]
                )
            }
            state.isGone = true
            let problem = "status 410: the receiver is gone"
            return await self.end(batch, .parked(problem: problem), counting: .parked, at: now, &state)
        }
    }

    /// `nil` when the process shuts down: nothing is known of the attempt then.
    private func send(_ transitions: [AlertTransition], _ request: ReceiverRequest) async -> DeliveryVerdict? {
        do throws(ReceiverRequestError) {
            return try await ReceiverLane.send(
                try await request.request(for: transitions, now: self.now()),
                with: self.client,
                now: self.now
            )
        } catch {
            if error == .http(.cancelled) || error == .http(.clientClosed) { return nil }
            return DeliveryVerdict(error)
        }
    }

    /// Sends and judges the answer by its head; of the body so much is read that the connection can be used again.
    static func send(
        _ request: HTTPRequest,
        with client: HTTPClient,
        now: @Sendable () -> Timestamp
    ) async throws(ReceiverRequestError) -> DeliveryVerdict {
        do throws(HTTPClientError) {
            let stream = try await client.open(request)
            let verdict = DeliveryVerdict(
                status: stream.head.status,
                afterSeconds: stream.head.headers.value(of: "retry-after").flatMap {
                    RetryAfter.seconds($0, now: now())
                }
            )
            var byteCount = 0
            while byteCount < 64 << 10, let chunk = try? await stream.next() { byteCount += chunk.count }
            return verdict
        } catch {
            throw .http(error)
        }
    }

    // MARK: - Alertmanager's memory

    /// Alertmanager forgets what it is not told again.
    private func resendIfDue(_ state: inout State) async {
        let now = self.now()
        guard self.receiver.kind == .alertmanager, !state.isGone, !state.breaker.isOpen(at: now),
            now.seconds(since: state.lastResend) >= self.policy.resendSeconds
        else { return }
        state.lastResend = now
        do throws(AlertingError) {
            let (firing, ended) = try await self.outbox.resends(
                for: self.receiver.name,
                endedAfter: now.advanced(bySeconds: -300)
            )
            let told = firing.filter { $0.isNotified && !$0.isSilenced }.map { alert in
                AlertTransition(kind: .repeated, alert: alert, previousSeverity: nil, resolution: nil, time: now)
            }
            var rest = (told + ended)[...]
            let request = ReceiverRequest(
                receiver: self.receiver,
                links: self.links,
                resendSeconds: self.policy.resendSeconds
            )
            while !rest.isEmpty, case .accepted? = await self.send(Array(rest.prefix(64)), request) {
                rest = rest.dropFirst(64)
            }
        } catch {
            self.countOutboxError(.deliver)
        }
    }

    // MARK: - Bookkeeping

    private func end(
        _ batch: [Delivery],
        _ end: AlertOutbox.DeliveryEnd,
        counting outcome: ReceiverStatistics.Outcome,
        at now: Timestamp,
        _ state: inout State
    ) async -> Bool {
        self.count(batch, outcome, at: now)
        state.unnoted.append((batch.map(\.sequence), end))
        do throws(AlertingError) {
            try await self.noteEnds(&state)
            return true
        } catch {
            // The evaluator reports the outbox.
            self.countOutboxError(.deliver)
            return false
        }
    }

    private func noteEnds(_ state: inout State) async throws(AlertingError) {
        while let (sequences, end) = state.unnoted.first {
            try await self.outbox.finish(sequences, for: self.receiver.name, end, at: self.now())
            state.unnoted.removeFirst()
        }
    }

    private func count(_ batch: [Delivery], _ outcome: ReceiverStatistics.Outcome, at now: Timestamp) {
        self.status.update { status in
            var statistics = status.statistics.receivers[self.receiver.name] ?? .init()
            statistics.notifications[outcome, default: 0] += Int64(batch.count)
            if outcome == .delivered {
                for delivery in batch {
                    statistics.latency.record(seconds: now.seconds(since: delivery.transition.time))
                }
            }
            status.statistics.receivers[self.receiver.name] = statistics
        }
    }

    private func countOutboxError(_ operation: AlertingStatistics.OutboxOperation) {
        self.status.update { $0.statistics.outboxErrors[operation, default: 0] += 1 }
    }

    /// How long there is nothing to do, if no signal comes: to the next attempt, the next resend, at most a minute.
    private func idleSeconds(_ state: State) async -> Double {
        guard state.unnoted.isEmpty else { return 1 }
        let now = self.now()
        var seconds = 60.0
        if self.receiver.kind == .alertmanager {
            seconds = min(seconds, self.policy.resendSeconds - now.seconds(since: state.lastResend))
        }
        let next: Timestamp?
        do throws(AlertingError) {
            next = try await self.outbox.nextAttempt(for: self.receiver.name)
        } catch {
            return 1
        }
        if let next { seconds = min(seconds, next.seconds(since: now)) }
        if let until = state.breaker.openUntil { seconds = max(min(seconds, 60), until.seconds(since: now)) }
        return min(60, max(0.01, seconds))
    }
}
