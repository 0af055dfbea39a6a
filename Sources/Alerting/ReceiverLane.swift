import TokenscaleCore

/// Carries the deliveries of one receiver from the outbox to it, at its own pace: nothing that this receiver does
/// reaches another lane.
///
/// What to do is decided by ``LaneState``; how to tell it, by ``ReceiverClient``; what is counted and said, by
/// ``LaneRecord``.
struct ReceiverLane: Sendable {
    let receiver: AlertReceiver
    let policy: DeliveryPolicy
    let outbox: AlertOutbox
    let client: ReceiverClient
    let record: LaneRecord
    let signal: LaneSignal
    /// Set while the process shuts down: what is due is still sent, then the lane ends.
    let isDraining: DrainFlag
    let now: @Sendable () -> Timestamp

    /// Returns when the task is cancelled, or drained.
    func run() async {
        var state = LaneState(policy: self.policy, forgets: self.receiver.kind == .alertmanager)
        while !Task.isCancelled {
            let isBusy = await self.deliverDue(&state)
            if state.takeResend(at: self.now()) { await self.resend() }
            if isBusy && !Task.isCancelled { continue }
            if self.isDraining.isSet { return }
            await self.signal.wait(seconds: await self.idleSeconds(state))
        }
    }

    // MARK: - Deliveries

    /// Delivers what is due now. Returns false when there is nothing to do before the next wait.
    private func deliverDue(_ state: inout LaneState) async -> Bool {
        let now = self.now()
        let isPaused = state.isPaused(at: now)
        self.record.paused(isPaused)
        guard !isPaused, await self.noteEndings(&state) else { return false }
        let due: [Delivery]
        do throws(AlertingError) {
            due = try await self.outbox.dueDeliveries(for: self.receiver.name, at: now, limit: state.dueLimit)
        } catch {
            self.record.outboxFailed()
            return false
        }
        for wave in due.chunks(of: self.client.request.batchLimit * self.policy.concurrentLimit) {
            guard !Task.isCancelled, await self.deliver(wave, &state) else { break }
        }
        return !due.isEmpty
    }

    /// Sends deliveries of different alerts side by side and notes how they ended. Returns false when the rest is to
    /// wait.
    private func deliver(_ wave: [Delivery], _ state: inout LaneState) async -> Bool {
        let batches = wave.chunks(of: self.client.request.batchLimit)
        let verdicts = state.isGone ? batches.map { _ in .gone } : await self.tell(batches)
        let now = self.now()
        var generator = SystemRandomNumberGenerator()
        for conclusion in state.ended(Array(zip(batches, verdicts)), at: now, using: &generator) {
            self.record.concluded(conclusion, at: now)
        }
        let isNoted = await self.noteEndings(&state)
        return isNoted && !verdicts.contains(nil) && !state.isPaused(at: self.now())
    }

    /// One request for each batch, at the same time.
    private func tell(_ batches: [[Delivery]]) async -> [DeliveryVerdict?] {
        await withTaskGroup(of: (index: Int, verdict: DeliveryVerdict?).self) { group in
            for (index, batch) in batches.enumerated() {
                group.addTask { (index, await self.client.tell(batch.map(\.transition))) }
            }
            var verdicts = [DeliveryVerdict?](repeating: nil, count: batches.count)
            for await result in group { verdicts[result.index] = result.verdict }
            return verdicts
        }
    }

    /// Returns false when the outbox cannot take note: it is asked again before anything is sent.
    private func noteEndings(_ state: inout LaneState) async -> Bool {
        do throws(AlertingError) {
            while let ending = state.unnoted.first {
                try await self.outbox.finish(ending.sequences, for: self.receiver.name, ending.end, at: self.now())
                state.noted()
            }
            return true
        } catch {
            self.record.outboxFailed()
            return false
        }
    }

    // MARK: - What a receiver forgets

    /// Tells Alertmanager again what fires and what ended within the last five minutes, until it fails once.
    private func resend() async {
        let now = self.now()
        do throws(AlertingError) {
            let (firing, ended) = try await self.outbox.resends(
                for: self.receiver.name,
                endedAfter: now.advanced(bySeconds: -300)
            )
            let told = firing.filter { $0.isNotified && !$0.isSilenced }.map { alert in
                AlertTransition(kind: .repeated, alert: alert, previousSeverity: nil, resolution: nil, time: now)
            }
            for batch in (told + ended).chunks(of: self.client.request.batchLimit) {
                guard case .accepted? = await self.client.tell(batch) else { return }
            }
        } catch {
            self.record.outboxFailed()
        }
    }

    // MARK: - Waiting

    private func idleSeconds(_ state: LaneState) async -> Double {
        do throws(AlertingError) {
            let next = try await self.outbox.nextAttempt(for: self.receiver.name)
            return state.idleSeconds(at: self.now(), nextAttempt: next)
        } catch {
            return 1
        }
    }
}

extension Array {
    /// Parts of `count` elements; the last one may be shorter.
    fileprivate func chunks(of count: Int) -> [[Element]] {
        stride(from: 0, to: self.count, by: count).map { Array(self[$0..<Swift.min(self.count, $0 + count)]) }
    }
}
