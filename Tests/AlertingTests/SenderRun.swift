import Foundation
import ServiceLifecycle
import TestSupport
import Testing
import TokenscaleCore

@testable import Alerting

/// A sender at work on an outbox of its own, for the time of one closure.
struct SenderRun {
    let directory: TemporaryDirectory
    let configuration: AlertingConfiguration
    let outbox: AlertOutbox
    let status = AlertingStatusStore()
    let sender: WebhookSender

    init(_ configuration: AlertingConfiguration, directory: TemporaryDirectory) {
        self.directory = directory
        self.configuration = configuration
        self.outbox = AlertOutbox(path: directory.path("alerts.sqlite"))
        self.sender = WebhookSender(
            configuration: configuration,
            outbox: self.outbox,
            status: self.status,
            userAgent: "tokenscale/test",
            now: AlertingFixtures.wallClock,
            logger: AlertingFixtures.silentLogger
        )
    }

    init(_ configuration: AlertingConfiguration) throws {
        self.init(configuration, directory: try TemporaryDirectory())
    }

    /// Stores transitions for all receivers and wakes the lanes, as the evaluator does.
    func append(_ transitions: [AlertTransition]) async throws {
        let names = self.configuration.receivers.map(\.name)
        _ = try await self.outbox.append(transitions) { _ in names }
        self.sender.signals.signalAll()
    }

    func receiver(_ name: String) -> ReceiverStatistics {
        self.status.current.statistics.receivers[name] ?? ReceiverStatistics()
    }

    /// Waits until the receiver has been told of `count` transitions with this outcome.
    func wait(for name: String, _ outcome: ReceiverStatistics.Outcome, count: Int64) async throws {
        try await eventually("\(name): \(count) \(outcome)") {
            self.receiver(name).notifications[outcome, default: 0] >= count
        }
    }

    func callAsFunction(_ body: () async throws -> Void) async throws {
        let sender = self.sender
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await sender.run() }
            let result: Result<Void, any Error>
            do {
                result = .success(try await body())
            } catch {
                result = .failure(error)
            }
            group.cancelAll()
            try await group.waitForAll()
            try result.get()
        }
    }
}
