extension SessionDetector {
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
        var best: (level: UInt8, pattern: LoopPattern, score: Float, threshold: Float) = (0, .noProgress, 0, 0)
        func consider(_ level: UInt8, _ pattern: LoopPattern, _ score: Float, _ threshold: Float) {
            if level > best.level { best = (level, pattern, score, threshold) }
        }
        // The open round counts as far as it is known: the alert need not wait for the next request.
        let open = self.rounds.last.map { $0.hasTool ? $0.meanEvidence : 0 } ?? 0
        if open > 0, self.stuck.score + open >= configuration.warningScore {
            consider(2, self.episode.pattern, self.stuck.score + open, configuration.warningScore)
        }
        let stuckThreshold = self.stuck.level == 3 ? configuration.criticalScore : configuration.warningScore
        consider(self.stuck.level, self.episode.pattern, self.stuck.score, stuckThreshold)
        consider(
            self.compactions.evidence.level,
            .compaction,
            self.compactions.evidence.score,
            configuration.warningScore
        )
        if !isIncident {
            consider(
                self.requestFailures.evidence.level,
                .apiError,
                self.requestFailures.evidence.score,
                configuration.warningScore
            )
        }
        if self.budgets.burntTokens >= configuration.burnCriticalTokens {
            consider(3, self.episode.pattern, self.budgets.burntTokens, configuration.burnCriticalTokens)
        } else if self.budgets.burntTokens >= configuration.burnWarningTokens {
            consider(2, self.episode.pattern, self.budgets.burntTokens, configuration.burnWarningTokens)
        }
        let verification = self.verification.score
        if verification >= configuration.verificationWarning {
            let isCritical = verification >= configuration.verificationCritical
            consider(isCritical ? 3 : 2, self.verification.pattern, verification, configuration.verificationWarning)
        }
        if self.budgets.stagnantRounds >= configuration.stagnationRounds {
            consider(2, .noProgress, self.budgets.stagnantRounds, configuration.stagnationRounds)
        } else if self.budgets.stagnantTokens >= configuration.stagnationTokens {
            consider(2, .noProgress, self.budgets.stagnantTokens, configuration.stagnationTokens)
        }
        guard best.level > 0, let severity = LoopSeverity(rawValue: best.level - 1) else { return nil }
        var finding = LoopFinding(
            severity: severity,
            pattern: best.pattern,
            onset: self.episode.isOpen ? self.episode.onset : self.lastProgress,
            lastEvidence: self.episode.isOpen ? self.episode.lastEvidence : self.lastTime
        )
        finding.isPossible = !self.tellsWork
        finding.score = Double(best.score)
        finding.threshold = Double(best.threshold)
        finding.lastProgress = self.lastProgress == .zero ? nil : self.lastProgress
        finding.roundCount = Int(self.episode.roundCount)
        finding.repeatCount = Int(self.episode.repeatCount)
        finding.failureCount = Int(self.episode.failureCount)
        finding.editCount = Int(self.episode.editCount)
        finding.tokens = self.episode.tokens
        finding.costMicroUSD = self.episode.costMicroUSD
        finding.requestsPerMinute = self.episode.requestsPerMinute
        finding.tool = self.episode.tool
        // Without details the action is a tool and a size: nothing is known of its arguments.
        let isKnown = self.hasDetails && (self.episode.hasOneAction || best.pattern == .cycle)
        finding.fingerprint = isKnown ? self.episode.action : 0
        return finding
    }
}
