import Foundation
import Logging
import TokenscaleCore

@testable import Alerting

/// A clock, snapshots and transitions for tests.
enum AlertingFixtures {
    static let start = Timestamp(seconds: 1_795_255_320)

    static let wallClock: @Sendable () -> Timestamp = {
        Timestamp(nanoseconds: Int64(Date().timeIntervalSince1970 * 1e9))
    }

    static let silentLogger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    static func finding(_ severity: LoopSeverity = .warning, at time: Timestamp = start) -> LoopFinding {
        var finding = LoopFinding(
            severity: severity,
            pattern: .failingAction,
            onset: time.advanced(bySeconds: -2460),
            lastEvidence: time
        )
        finding.repeatCount = 37
        finding.failureCount = 37
        finding.roundCount = 40
        finding.tokens = TokenCounts(input: 100_000, output: 50_000, cacheRead: 1_700_000, cacheCreation: 50_000)
        finding.costMicroUSD = 14_000_000
        finding.requestsPerMinute = 6
        finding.tool = .bash
        finding.fingerprint = 0x9a41
        return finding
    }

    /// One pod per name, each with one session that is stuck or well.
    static func snapshot(at time: Timestamp, _ pods: [(name: String, severity: LoopSeverity?)]) -> Snapshot {
        var snapshot = Snapshot()
        snapshot.time = time
        snapshot.pods = pods.map { entry in
            var session = SessionSnapshot(id: "session-of-\(entry.name)")
            session.isLive = true
            session.finding = entry.severity.map { Self.finding($0, at: time) }
            var pod = PodSnapshot(id: PodID(namespace: "agents", name: entry.name))
            pod.sessions = [session]
            return pod
        }
        return snapshot
    }

    /// `fired`, `escalated`, `resolved` of one pod's session.
    static func life(_ pod: String = "fixer", at time: Timestamp = start) -> [AlertTransition] {
        var policy = AlertPolicy()
        policy.clearSeconds = 0
        var machine = AlertStateMachine(policy: policy)
        return machine.step(Self.snapshot(at: time, [(pod, .warning)]))
            + machine.step(Self.snapshot(at: time.advanced(bySeconds: 1), [(pod, .critical)]))
            + machine.step(Self.snapshot(at: time.advanced(bySeconds: 2), [(pod, nil)]))
    }

    /// Quick retries, so that tests need not wait.
    static func configuration(_ receivers: AlertReceiver...) -> AlertingConfiguration {
        var configuration = AlertingConfiguration()
        configuration.receivers = receivers
        configuration.policy.clearSeconds = 0
        configuration.delivery.backoffInitialSeconds = 0.01
        configuration.delivery.backoffMaximumSeconds = 0.05
        configuration.delivery.circuitOpenSeconds = 0.1
        configuration.links = AlertLinks(
            dashboardURL: "https://grafana.example/d/tokenscale",
            runbookURL: "https://runbooks.example/tokenscale",
            externalURL: "https://tokenscale.example"
        )
        return configuration
    }
}
