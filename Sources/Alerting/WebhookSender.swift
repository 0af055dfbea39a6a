package import Logging
import ServiceLifecycle
package import TokenscaleCore

/// Carries what the outbox holds to the receivers: one lane for each, none waiting for another.
///
/// Ends within ``DeliveryPolicy/shutdownSeconds`` of a graceful shutdown; what is not sent stays in the outbox.
package final class WebhookSender: Service {
    private let configuration: AlertingConfiguration
    private let outbox: AlertOutbox
    private let status: AlertingStatusStore
    private let userAgent: String
    private let now: @Sendable () -> Timestamp
    private let logger: Logger
    let signals: LaneSignals

    /// - Parameters:
    ///   - userAgent: `tokenscale/VERSION`.
    ///   - now: The wall clock.
    package init(
        configuration: AlertingConfiguration,
        outbox: AlertOutbox,
        status: AlertingStatusStore,
        userAgent: String,
        now: @escaping @Sendable () -> Timestamp,
        logger: Logger
    ) {
        self.configuration = configuration
        self.outbox = outbox
        self.status = status
        self.userAgent = userAgent
        self.now = now
        self.logger = logger
        self.signals = LaneSignals(names: configuration.receivers.map(\.name))
        status.update { status in
            for receiver in configuration.receivers { status.statistics.receivers[receiver.name] = .init() }
        }
    }

    package func run() async throws {
        let isDraining = DrainFlag()
        let lanes = self.configuration.receivers.map { self.lane($0, isDraining: isDraining) }
        let limit = self.configuration.delivery.shutdownSeconds
        let signals = self.signals
        await withTaskGroup(of: Bool.self) { group in
            for lane in lanes {
                group.addTask {
                    await lane.run()
                    return true
                }
            }
            group.addTask {
                // Throws when the task is cancelled, which ends the lanes, too.
                try? await gracefulShutdown()
                isDraining.set()
                signals.signalAll()
                // No lane, nothing to wait for.
                guard !lanes.isEmpty else { return false }
                try? await Task.sleep(for: .seconds(limit))
                return false
            }
            var runningCount = lanes.count
            for await isLane in group {
                runningCount -= isLane ? 1 : 0
                // Without receivers only the shutdown ends the service.
                if !isLane || (isDraining.isSet && runningCount == 0) { group.cancelAll() }
            }
        }
    }

    private func lane(_ receiver: AlertReceiver, isDraining: DrainFlag) -> ReceiverLane {
        ReceiverLane(
            receiver: receiver,
            policy: self.configuration.delivery,
            outbox: self.outbox,
            client: ReceiverClient(receiver, self.configuration, userAgent: self.userAgent, now: self.now),
            record: LaneRecord(receiver: receiver.name, status: self.status, logger: self.logger),
            signal: self.signals[receiver.name],
            isDraining: isDraining,
            now: self.now
        )
    }
}
