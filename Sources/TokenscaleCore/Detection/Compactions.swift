/// Compactions of the context: one that is full again after a few rounds is being thrashed. A sum of its own.
struct Compactions {
    private(set) var evidence = EvidenceSum()
    private var lastRound: UInt32 = .max

    /// What a compaction is taken for; `nil`: the context held long enough, and what came before is forgotten.
    mutating func take(
        _ compaction: Observation,
        round: UInt32,
        _ configuration: borrowing DetectionConfiguration
    ) -> EvidenceKind? {
        defer { self.lastRound = round }
        if compaction.success == .no { return .compactionFailed }
        if self.lastRound != .max, round &- self.lastRound <= configuration.compactionRounds { return .compactionSoon }
        self.evidence.clear()
        return nil
    }

    mutating func add(_ evidence: Float, round: UInt32, _ configuration: borrowing DetectionConfiguration) {
        self.evidence.add(evidence, round: round, mayBeCritical: true, configuration)
    }

    /// A round passed: after three times the rounds that make a compaction soon, the context holds again.
    mutating func passRound(_ round: UInt32, _ configuration: borrowing DetectionConfiguration) {
        guard self.evidence.level > 0, round &- self.lastRound > 3 * configuration.compactionRounds else { return }
        self.evidence.clear()
    }
}
