import Synchronization

/// Everything there is to say about alerting's own health, as plain values: `/metrics` and the status page read it.
///
/// Counters only grow within one process.
package struct AlertingStatistics: Equatable, Sendable {
    package struct AlertKey: Hashable, Sendable {
        package var scope: AlertSubject.Scope
        package var severity: AlertSeverity
        package var state: AlertDisplayState

        package init(scope: AlertSubject.Scope, severity: AlertSeverity, state: AlertDisplayState) {
            self.scope = scope
            self.severity = severity
            self.state = state
        }

        package init(of alert: Alert) {
            self.init(scope: alert.subject.scope, severity: alert.severity, state: alert.displayState)
        }
    }

    package struct TransitionKey: Hashable, Sendable {
        package var kind: AlertTransition.Kind
        package var severity: AlertSeverity

        package init(kind: AlertTransition.Kind, severity: AlertSeverity) {
            self.kind = kind
            self.severity = severity
        }
    }

    /// What the outbox was asked to do.
    package enum OutboxOperation: String, CaseIterable, Sendable {
        case open
        case append
        case read
        case deliver
        case prune
    }

    /// Alerts now; combinations that do not occur are absent and mean 0.
    package var alerts: [AlertKey: Int] = [:]
    package var transitions: [TransitionKey: Int64] = [:]
    package var droppedAlertCount: Int64 = 0
    package var receivers: [String: ReceiverStatistics] = [:]
    /// False from a failed write until the next one that succeeds: alerts are delayed, nothing else is.
    package var isOutboxHealthy = true
    /// What failed and what to try; empty while healthy. Holds no secret.
    package var outboxProblem = ""
    package var outboxErrors: [OutboxOperation: Int64] = [:]
    /// Deliveries given up because of the row limit.
    package var outboxDroppedCount: Int64 = 0
    package var outboxByteCount: Int64 = 0

    package init() {}
}

/// How an alert stands, for people.
package enum AlertDisplayState: String, CaseIterable, Sendable {
    case pending
    case firing
    /// Firing, but told by its pod's or workload's alert.
    case inhibited
    case silenced
}

extension Alert {
    package var displayState: AlertDisplayState {
        if self.phase == .pending { return .pending }
        if self.isSilenced { return .silenced }
        return self.isInhibited && !self.isNotified ? .inhibited : .firing
    }
}

/// How one receiver is doing.
package struct ReceiverStatistics: Equatable, Sendable {
    package enum Outcome: String, CaseIterable, Sendable {
        /// Accepted by the receiver.
        case delivered
        /// Failed, to be tried again.
        case retried
        /// Failed for good: kept and shown.
        case parked
        /// Not sent because something newer says it better.
        case superseded
    }

    package var notifications: [Outcome: Int64] = [:]
    package var latency = LatencyHistogram()
    package var isCircuitOpen = false
    /// Transitions that wait for this receiver, and how long the oldest has waited.
    package var depth = 0
    package var oldestAgeSeconds: Double = 0
    package var parkedCount = 0

    package init() {}
}

/// Seconds from a transition to its acceptance by the receiver.
package struct LatencyHistogram: Equatable, Sendable {
    /// Upper bounds in seconds, ascending; one more bucket for what is above.
    package static let bounds: [Double] = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 1800]
    /// Not cumulative; `bounds.count + 1` values.
    package private(set) var counts = [Int64](repeating: 0, count: LatencyHistogram.bounds.count + 1)
    package private(set) var sumSeconds: Double = 0

    package init() {}

    package var count: Int64 { self.counts.reduce(0, +) }

    package mutating func record(seconds: Double) {
        let value = max(0, seconds)
        let index = Self.bounds.firstIndex { value <= $0 } ?? Self.bounds.count
        self.counts[index] += 1
        self.sumSeconds += value
    }
}

/// What alerting shows to others.
package struct AlertingStatus: Sendable {
    package var statistics = AlertingStatistics()
    /// Pending and firing, in a stable order.
    package var alerts: [Alert] = []
    package var silences: [AlertSilence] = []

    package init() {}
}

/// The current status. The evaluator and the sender write; everybody reads.
package final class AlertingStatusStore: Sendable {
    private let state = Mutex(AlertingStatus())

    package init() {}

    package var current: AlertingStatus { self.state.withLock { $0 } }

    package func update(_ change: (inout AlertingStatus) -> Void) { self.state.withLock { change(&$0) } }

    package func countNotification(receiver: String, _ outcome: ReceiverStatistics.Outcome, count: Int64 = 1) {
        self.update { $0.statistics.receivers[receiver, default: .init()].notifications[outcome, default: 0] += count }
    }
}
