package import Logging
package import TokenscaleCore

/// Steps 8 and 9 of the one-second loop: decides what changed, and stores it before anybody is told.
///
/// Owned by the loop's task. Nothing here throws: an outbox that cannot be written delays alerts, is counted, logged
/// and shown, and leaves everything else running. What was decided meanwhile is kept (``UnstoredDecisions``).
package struct AlertEvaluator: Sendable {
    private let outbox: AlertOutbox
    private let configuration: AlertingConfiguration
    private let status: AlertingStatusStore
    private let logger: Logger
    private let stored: LaneSignals
    /// `nil` until the stored alerts could be read: deciding without them would tell everything a second time.
    private var alerts: AlertStateMachine?
    private var unstored: UnstoredDecisions
    private var silences: [AlertSilence] = []
    private var lastPrune: Timestamp = .zero
    private var problem: AlertingError?
    private var hasFailed = false
    private var lastProblemLog: Timestamp = .zero
    private var suppressedCount = 0

    /// - Parameters:
    ///   - sender: Woken when there is something to send; `nil` when another process sends.
    package init(
        outbox: AlertOutbox,
        configuration: AlertingConfiguration,
        status: AlertingStatusStore,
        sender: WebhookSender?,
        logger: Logger
    ) {
        self.outbox = outbox
        self.configuration = configuration
        self.unstored = UnstoredDecisions(transitionLimit: configuration.outbox.rowLimit)
        self.status = status
        self.stored = sender?.signals ?? LaneSignals(names: [])
        self.logger = logger
    }

    /// Decides on one snapshot. Call once a second, and once more while shutting down.
    package mutating func evaluate(_ snapshot: Snapshot, directory: PodDirectory = PodDirectory()) async {
        let now = snapshot.time
        self.hasFailed = false
        guard var next = await self.restored(at: now) else { return }
        await self.readSilences(at: now)
        next.silences = self.silences
        let transitions = next.step(snapshot, directory: directory)
        self.alerts = next
        let lostCount = self.unstored.add(transitions, of: next)
        if lostCount > 0 { self.report(lostCount: lostCount) }
        if !self.unstored.isEmpty { await self.store(at: now) }
        await self.keepHouse(at: now)
        await self.probe(at: now)
        self.publish(next)
    }

    // MARK: - Steps

    private mutating func restored(at now: Timestamp) async -> AlertStateMachine? {
        if let alerts = self.alerts { return alerts }
        do throws(AlertingError) {
            let known = self.configuration.receivers.map(\.name)
            for (receiver, count) in try await self.outbox.parkUnknownReceivers(known: known, at: now) {
                self.logger.warning(
                    "Parked alerts of a receiver that is not configured any more",
                    metadata: ["receiver": "\(receiver)", "count": "\(count)"]
                )
                self.status.countNotification(receiver: receiver, .parked, count: Int64(count))
            }
            let stored = try await self.outbox.alerts()
            self.alerts = AlertStateMachine(policy: self.configuration.policy, restoring: stored)
            if !stored.isEmpty {
                self.logger.info("Restored alerts", metadata: ["count": "\(stored.count)"])
            }
        } catch {
            self.report(error, of: .open, at: now)
        }
        return self.alerts
    }

    private mutating func readSilences(at now: Timestamp) async {
        do throws(AlertingError) {
            self.silences = try await self.outbox.silences(at: now)
        } catch {
            // The last ones known still hold.
            self.report(error, of: .read, at: now)
        }
    }

    /// Stores what was decided since the last time it could be.
    private mutating func store(at now: Timestamp) async {
        let configuration = self.configuration
        do throws(AlertingError) {
            let droppedCount = try await self.outbox.append(
                self.unstored.transitions,
                changed: self.unstored.alerts,
                removedIDs: self.unstored.removedIDs,
                replacesAlerts: self.unstored.replacesAlerts
            ) { transition in
                let names = configuration.receivers(for: transition.alert.labels)
                guard transition.isResolved else { return names }
                return names.filter { configuration.receiver(named: $0)?.sendsResolved ?? false }
            }
            self.count(self.unstored.transitions)
            if !self.unstored.transitions.isEmpty { self.stored.signalAll() }
            self.unstored.removeAll()
            if droppedCount > 0 {
                self.status.update { $0.statistics.outboxDroppedCount += Int64(droppedCount) }
                self.logger.error(
                    "The outbox is full: dropped the oldest alerts that wait. Repair the receiver or raise the limit",
                    metadata: ["count": "\(droppedCount)", "row_limit": "\(configuration.outbox.rowLimit)"]
                )
            }
        } catch {
            self.report(error, of: .append, at: now)
        }
    }

    private mutating func keepHouse(at now: Timestamp) async {
        do throws(AlertingError) {
            if now.seconds(since: self.lastPrune) >= 60 {
                self.lastPrune = now
                let parked = try await self.outbox.prune(
                    at: now,
                    ageLimitSeconds: self.configuration.delivery.ageLimitSeconds
                )
                for (receiver, count) in parked {
                    self.status.countNotification(receiver: receiver, .parked, count: Int64(count))
                    self.logger.error(
                        "Alerts were not accepted in time and are parked; see `tokenscale alerts`",
                        metadata: ["receiver": "\(receiver)", "count": "\(count)"]
                    )
                }
            }
            let depths = try await self.outbox.depths(at: now)
            let known = self.configuration.receivers.map(\.name)
            let before = self.status.current.statistics.receivers
            // Another process has put something back: `tokenscale alerts --retry-parked`.
            if depths.receivers.contains(where: { $0.value.depth > before[$0.key]?.depth ?? 0 }) {
                self.stored.signalAll()
            }
            self.status.update { status in
                status.statistics.outboxByteCount = depths.byteCount
                for name in Set(known).union(depths.receivers.keys).union(status.statistics.receivers.keys) {
                    let depth = depths.receivers[name] ?? .init()
                    status.statistics.receivers[name, default: .init()].depth = depth.depth
                    status.statistics.receivers[name, default: .init()].oldestAgeSeconds = depth.oldestAgeSeconds
                    status.statistics.receivers[name, default: .init()].parkedCount = depth.parkedCount
                }
            }
        } catch {
            self.report(error, of: .prune, at: now)
        }
    }

    // MARK: - Telling about ourselves

    private func report(lostCount: Int) {
        self.status.update { $0.statistics.outboxDroppedCount += Int64(lostCount) }
        self.logger.error(
            "The outbox cannot be used and too many alerts wait for it: dropped the oldest",
            metadata: ["count": "\(lostCount)", "row_limit": "\(self.configuration.outbox.rowLimit)"]
        )
    }

    private func count(_ transitions: [AlertTransition]) {
        self.status.update { status in
            for transition in transitions {
                let key = AlertingStatistics.TransitionKey(kind: transition.kind, severity: transition.alert.severity)
                status.statistics.transitions[key, default: 0] += 1
            }
        }
    }

    private func publish(_ machine: AlertStateMachine) {
        let alerts = machine.alerts.values.sorted { $0.subject < $1.subject }
        var counts: [AlertingStatistics.AlertKey: Int] = [:]
        for alert in alerts { counts[.init(of: alert), default: 0] += 1 }
        self.status.update { status in
            status.alerts = alerts
            status.silences = machine.silences
            status.statistics.alerts = counts
            status.statistics.droppedAlertCount = machine.droppedCount
        }
    }

    /// After a problem: is it over? A tick without failure and a write that reaches the disk say so.
    private mutating func probe(at now: Timestamp) async {
        guard self.problem != nil, !self.hasFailed else { return }
        do throws(AlertingError) {
            try await self.outbox.probe(at: now)
        } catch {
            self.report(error, of: .append, at: now)
            return
        }
        self.problem = nil
        self.suppressedCount = 0
        self.lastProblemLog = .zero
        self.status.update { status in
            status.statistics.isOutboxHealthy = true
            status.statistics.outboxProblem = ""
        }
        self.logger.notice("The outbox works again; alerts that waited are stored")
    }

    /// Counts, shows and logs; the log at once when the problem is new, else once a minute.
    private mutating func report(
        _ error: AlertingError,
        of operation: AlertingStatistics.OutboxOperation,
        at now: Timestamp
    ) {
        self.hasFailed = true
        self.status.update { status in
            status.statistics.outboxErrors[operation, default: 0] += 1
            status.statistics.isOutboxHealthy = false
            status.statistics.outboxProblem = error.description
        }
        let isNew = self.problem != error
        self.problem = error
        guard isNew || now.seconds(since: self.lastProblemLog) >= 60 else {
            self.suppressedCount += 1
            return
        }
        self.logger.error(
            "Alerts are delayed: the outbox cannot be used",
            metadata: [
                "operation": "\(operation.rawValue)", "error": "\(error)", "suppressed": "\(self.suppressedCount)",
            ]
        )
        self.lastProblemLog = now
        self.suppressedCount = 0
    }
}
