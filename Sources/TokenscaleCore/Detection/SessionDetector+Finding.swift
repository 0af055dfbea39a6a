/// What all sums together say.
extension SessionDetector {
    /// One sum that is over a threshold.
    private struct Conclusion {
        /// 0 none, 1 info, 2 warning, 3 critical.
        var level: UInt8 = 0
        var pattern = LoopPattern.noProgress
        var score: Float = 0
        var threshold: Float = 0

        /// Of two, the more severe one; of equals, the first.
        mutating func consider(_ level: UInt8, _ pattern: LoopPattern, _ score: Float, _ threshold: Float) {
            guard level > self.level else { return }
            self = Conclusion(level: level, pattern: pattern, score: score, threshold: threshold)
        }

        /// - Parameter critical: `nil` when such a sum wakes nobody.
        mutating func consider(_ pattern: LoopPattern, _ score: Float, warning: Float, critical: Float?) {
            if let critical, score >= critical { return self.consider(3, pattern, score, critical) }
            if score >= warning { self.consider(2, pattern, score, warning) }
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
        guard self.metrics.hasEvents else { return self.metrics.finding(configuration) }
        let conclusion = self.conclusion(isIncident: isIncident, configuration)
        guard conclusion.level > 0, let severity = LoopSeverity(rawValue: conclusion.level - 1) else { return nil }
        var finding = LoopFinding(
            severity: severity,
            pattern: conclusion.pattern,
            onset: self.episode.isOpen ? self.episode.onset : self.lastProgress,
            lastEvidence: self.episode.isOpen ? self.episode.lastEvidence : self.lastTime
        )
        finding.isPossible = !self.tellsWork
        finding.score = Double(conclusion.score)
        finding.threshold = Double(conclusion.threshold)
        finding.lastProgress = self.lastProgress == .zero ? nil : self.lastProgress
        finding.roundCount = Int(self.episode.roundCount)
        finding.repeatCount = Int(self.episode.repeatCount)
        finding.failureCount = Int(self.episode.failureCount)
        finding.editCount = Int(self.episode.editCount)
        finding.commitCount = Int(self.episode.commitCount)
        finding.tokens = self.episode.tokens
        finding.costMicroUSD = self.episode.costMicroUSD
        finding.requestsPerMinute = self.episode.requestsPerMinute
        finding.tool = self.episode.tool
        // Without details the action is a tool and a size: nothing is known of its arguments.
        let isKnown = self.hasDetails && (self.episode.hasOneAction || conclusion.pattern == .cycle)
        finding.fingerprint = isKnown ? self.episode.action : 0
        return finding
    }

    private func conclusion(isIncident: Bool, _ configuration: borrowing DetectionConfiguration) -> Conclusion {
        var conclusion = Conclusion()
        let pattern = self.episode.pattern
        let warning = configuration.warningScore
        // The open round counts as far as it is known: the alert need not wait for the next request.
        let open = self.rounds.last.map { $0.hasTool ? $0.meanEvidence : 0 } ?? 0
        if open > 0 { conclusion.consider(pattern, self.stuck.score + open, warning: warning, critical: nil) }
        let threshold = self.stuck.level == 3 ? configuration.criticalScore : warning
        conclusion.consider(self.stuck.level, pattern, self.stuck.score, threshold)
        let compactions = self.compactions.evidence
        conclusion.consider(compactions.level, .compaction, compactions.score, warning)
        let failures = self.requestFailures.evidence
        if !isIncident { conclusion.consider(failures.level, .apiError, failures.score, warning) }
        conclusion.consider(
            pattern,
            self.budgets.burntTokens,
            warning: configuration.burnWarningTokens,
            critical: configuration.burnCriticalTokens
        )
        conclusion.consider(
            self.verification.pattern,
            self.verification.score,
            warning: configuration.verificationWarning,
            critical: configuration.verificationCritical
        )
        conclusion.consider(.pollForever, self.polls.score, warning: warning, critical: nil)
        let (rounds, tokens) = (self.budgets.stagnantRounds, self.budgets.stagnantTokens)
        conclusion.consider(.noProgress, rounds, warning: configuration.stagnationRounds, critical: nil)
        conclusion.consider(.noProgress, tokens, warning: configuration.stagnationTokens, critical: nil)
        return conclusion
    }
}
