/// Is the provider failing for everybody? Made per snapshot: add every workload, then ask.
package struct ProviderHealth: Sendable {
    package private(set) var activeCount = 0
    package private(set) var failingCount = 0
    private var firstFailure: Timestamp?
    private var lastFailure: Timestamp = .zero
    private let now: Timestamp
    private let windowSeconds: Double

    package init(at now: Timestamp, configuration: borrowing DetectionConfiguration) {
        self.now = now
        self.windowSeconds = configuration.incidentSeconds
    }

    package mutating func add(_ workload: borrowing WorkloadDetector) {
        guard self.now.seconds(since: workload.lastActivity) <= self.windowSeconds else { return }
        self.activeCount += 1
        guard let failure = workload.lastProviderFailure,
            self.now.seconds(since: failure) <= self.windowSeconds
        else { return }
        self.failingCount += 1
        self.firstFailure = min(self.firstFailure ?? failure, failure)
        self.lastFailure = max(self.lastFailure, failure)
    }

    /// At least three workloads and half of the active ones fail: one incident, not many stuck agents.
    package var isIncident: Bool { self.failingCount >= 3 && self.failingCount * 2 >= self.activeCount }

    /// The one finding that stands for all of them.
    package func finding() -> LoopFinding? {
        guard self.isIncident, let onset = self.firstFailure else { return nil }
        var finding = LoopFinding(severity: .warning, pattern: .apiError, onset: onset, lastEvidence: self.lastFailure)
        finding.failureCount = self.failingCount
        finding.sessionCount = self.failingCount
        finding.score = Double(self.failingCount)
        finding.threshold = max(3, Double(self.activeCount) / 2)
        return finding
    }
}
