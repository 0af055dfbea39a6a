/// What all sums together say.
extension SessionDetector {
    /// One sum that is over a threshold.
    private struct Conclusion {
        /// 0 none, 1 info, 2 warning, 3 critical.
        var level: UInt8 = 0
        /// What is only possible wakes nobody.
        var mayBeCritical = true
        var pattern = LoopPattern.noProgress
        var score: Float = 0
        var threshold: Float = 0
        /// Of a sum that may add up while no episode is open.
        var tally: Tally?

        /// Of two, the more severe one; of equals, the first.
        private mutating func consider(_ other: Conclusion) {
            guard other.level > self.level else { return }
            let mayBeCritical = self.mayBeCritical
            self = other
            self.mayBeCritical = mayBeCritical
        }

        /// A sum with levels of its own.
        mutating func consider(
            _ pattern: LoopPattern,
            _ sum: EvidenceSum,
            _ configuration: borrowing DetectionConfiguration
        ) {
            let level = self.mayBeCritical ? sum.level : min(sum.level, 2)
            let threshold =
                switch level {
                case 3: configuration.criticalScore
                case 2: configuration.warningScore
                default: configuration.infoScore
                }
            self.consider(Conclusion(level: level, pattern: pattern, score: sum.score, threshold: threshold))
        }

        /// - Parameter critical: `nil` when such a sum wakes nobody.
        mutating func consider(
            _ pattern: LoopPattern,
            _ score: Float,
            warning: Float,
            critical: Float?,
            _ tally: Tally? = nil
        ) {
            if let critical, score >= critical, self.mayBeCritical {
                self.consider(Conclusion(level: 3, pattern: pattern, score: score, threshold: critical, tally: tally))
            } else if score >= warning {
                self.consider(Conclusion(level: 2, pattern: pattern, score: score, threshold: warning, tally: tally))
            }
        }
    }

    /// What is concluded now; `nil` when nothing is.
    ///
    /// - Parameter isIncident: The provider is failing for everybody (``ProviderHealth``): API errors are not this
    ///   session's fault.
    package func finding(
        at now: Timestamp,
        isIncident: Bool,
        configuration: borrowing DetectionConfiguration
    ) -> LoopFinding? {
        guard self.hasEvents else { return self.metrics.first?.finding(configuration) }
        let conclusion = self.conclusion(isIncident: isIncident, configuration)
        guard conclusion.level > 0, let severity = LoopSeverity(rawValue: conclusion.level - 1) else { return nil }
        var finding = LoopFinding(
            severity: severity,
            pattern: conclusion.pattern,
            onset: self.episode.isOpen ? self.episode.onset : self.lastTime,
            lastEvidence: self.episode.isOpen ? self.episode.lastEvidence : .zero
        )
        finding.isPossible = !self.tellsWork
        finding.score = Double(conclusion.score)
        finding.threshold = Double(conclusion.threshold)
        finding.lastProgress = self.lastProgress == .zero ? nil : self.lastProgress
        finding.roundCount = Int(self.episode.expense.roundCount)
        finding.repeatCount = Int(self.episode.repeatCount)
        finding.failureCount = Int(self.episode.failureCount)
        finding.editCount = Int(self.episode.editCount)
        finding.commitCount = Int(self.episode.commitCount)
        finding.tokens = self.episode.expense.tokens
        finding.costMicroUSD = self.episode.expense.costMicroUSD
        finding.tool = self.episode.tool
        // Without details the action is a tool and a size: nothing is known of its arguments.
        let isKnown = self.hasDetails && (self.episode.hasOneAction || conclusion.pattern == .cycle)
        finding.fingerprint = isKnown ? self.episode.action : 0
        if let tally = conclusion.tally { finding.describe(tally) }
        finding.lastEvidence = max(finding.lastEvidence, finding.onset)
        finding.lastActivity = max(finding.lastEvidence, self.lastTime)
        finding.requestsPerMinute = finding.roundsPerMinute
        return finding
    }

    private func conclusion(isIncident: Bool, _ configuration: borrowing DetectionConfiguration) -> Conclusion {
        var conclusion = Conclusion(mayBeCritical: self.tellsWork)
        let pattern = self.episode.pattern
        let warning = configuration.warningScore
        // The open round counts as far as it is known: the alert need not wait for the next request.
        let open = self.rounds.last.map { $0.hasTool ? $0.meanEvidence : 0 } ?? 0
        if open > 0 { conclusion.consider(pattern, self.stuck.score + open, warning: warning, critical: nil) }
        conclusion.consider(pattern, self.stuck, configuration)
        conclusion.consider(.compaction, self.compactions.evidence, configuration)
        if !isIncident { conclusion.consider(.apiError, self.requestFailures.evidence, configuration) }
        let stagnation = self.budgets.stagnation
        conclusion.consider(
            self.episode.isOpen ? pattern : .noProgress,
            self.budgets.burntTokens,
            warning: configuration.burnWarningTokens,
            critical: configuration.burnCriticalTokens,
            self.episode.isOpen ? nil : stagnation
        )
        conclusion.consider(
            self.verification.pattern,
            self.verification.score,
            warning: configuration.verificationWarning,
            critical: configuration.verificationCritical,
            self.verification.tally
        )
        conclusion.consider(.pollForever, self.polls.score, warning: warning, critical: nil, self.polls.tally)
        let (rounds, tokens) = (self.budgets.stagnantRounds, self.budgets.stagnantTokens)
        conclusion.consider(.noProgress, rounds, warning: configuration.stagnationRounds, critical: nil, stagnation)
        conclusion.consider(.noProgress, tokens, warning: configuration.stagnationTokens, critical: nil, stagnation)
        return conclusion
    }
}

extension LoopFinding {
    /// The finding is of a sum that counts for itself. It may have begun before the episode, or without one: then it
    /// knows what was spent since; else the episode does.
    fileprivate mutating func describe(_ tally: Tally) {
        guard tally.isOpen else { return }
        if tally.onset <= self.onset {
            self.onset = tally.onset
            self.roundCount = Int(tally.expense.roundCount)
            self.tokens = tally.expense.tokens
            self.costMicroUSD = tally.expense.costMicroUSD
            self.editCount = Int(tally.editCount)
            self.commitCount = Int(tally.commitCount)
        }
        self.lastEvidence = max(self.lastEvidence, tally.newest)
        let count = Int(tally.count)
        if self.pattern == .verificationFailure || self.pattern == .failingAction {
            self.failureCount = count
        }
        guard self.pattern != .noProgress else { return }
        self.repeatCount = count
        self.tool = tally.tool
    }

    /// From the onset to the newest event, so that a slow drip shows as what it is; 0 until two rounds have passed.
    fileprivate var roundsPerMinute: Double {
        let minutes = self.lastActivity.seconds(since: self.onset) / 60
        return minutes > 0 && self.roundCount > 1 ? Double(self.roundCount) / minutes : 0
    }
}
