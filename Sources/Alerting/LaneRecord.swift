import Logging
import TokenscaleCore

/// Counts and says what becomes of one receiver's alerts.
struct LaneRecord: Sendable {
    let receiver: String
    let status: AlertingStatusStore
    let logger: Logger

    func paused(_ isPaused: Bool) {
        self.status.update { $0.statistics.receivers[self.receiver, default: .init()].isCircuitOpen = isPaused }
    }

    /// What of the outbox failed is said by the evaluator.
    func outboxFailed() {
        self.status.update { $0.statistics.outboxErrors[.deliver, default: 0] += 1 }
    }

    func concluded(_ conclusion: LaneState.Conclusion, at now: Timestamp) {
        self.status.update { status in
            var statistics = status.statistics.receivers[self.receiver] ?? .init()
            statistics.notifications[conclusion.outcome, default: 0] += Int64(conclusion.deliveries.count)
            if conclusion.outcome == .delivered {
                for delivery in conclusion.deliveries {
                    statistics.latency.record(seconds: now.seconds(since: delivery.transition.time))
                }
            }
            status.statistics.receivers[self.receiver] = statistics
        }
        if let notice = conclusion.notice { self.say(notice) }
    }

    private func say(_ notice: LaneState.Conclusion.Notice) {
        switch notice {
        case .tryingAgain(let problem, let attemptCount, let delaySeconds):
            self.logger.log(
                level: attemptCount == 1 || attemptCount % 10 == 0 ? .warning : .debug,
                "A receiver did not accept an alert; trying again",
                metadata: [
                    "receiver": "\(self.receiver)", "problem": "\(problem)", "attempt": "\(attemptCount)",
                    "delay_seconds": "\(NumberText.rounded(delaySeconds))",
                ]
            )
        case .parked(let problem):
            self.logger.error(
                "Parked an alert that a receiver will never accept; repair it, then `tokenscale alerts --retry-parked`",
                metadata: ["receiver": "\(self.receiver)", "problem": "\(problem)"]
            )
        case .gone:
            self.logger.error(
                "A receiver answered 410: it wants no more alerts and is left alone until the next start",
                metadata: ["receiver": "\(self.receiver)"]
            )
        }
    }
}
