import TokenscaleCore

extension Setting {
    static let detection: [Setting] = [
        .number(
            "detection-info-score",
            .detection,
            \.aggregator.detection.infoScore,
            in: 0.5...100,
            "Evidence in nats from which detail views show it."
        ),
        .number(
            "detection-warning-score",
            .detection,
            \.aggregator.detection.warningScore,
            in: 0.5...100,
            "From which a session counts as stuck."
        ),
        .number(
            "detection-critical-score",
            .detection,
            \.aggregator.detection.criticalScore,
            in: 0.5...100,
            "From which somebody is woken."
        ),
        .number(
            "detection-clear-score",
            .detection,
            \.aggregator.detection.clearScore,
            in: 0...100,
            "Below which a stuck session has recovered."
        ),
        .number(
            "detection-score-limit-score",
            .detection,
            \.aggregator.detection.scoreLimit,
            in: 1...1_000,
            "Evidence stops here, so that recovery is seen after a bounded number of good rounds."
        ),
        .number(
            "detection-hold-seconds",
            .detection,
            \.aggregator.detection.holdSeconds,
            in: 0...120,
            "How long an event that overtook an earlier one is held back."
        ),
        .integer(
            "detection-wait-sleep-seconds",
            .detection,
            \.aggregator.detection.waitSleepSeconds,
            in: 1...3_600,
            "A call that sleeps for at least so long waits for something outside."
        ),
        .integer(
            "detection-wait-duration-milliseconds",
            .detection,
            \.aggregator.detection.waitDurationMilliseconds,
            in: 100...3_600_000,
            "So does one that takes at least so long."
        ),
        .number(
            "detection-burn-warning-tokens",
            .detection,
            \.aggregator.detection.burnWarningTokens,
            in: 1_000...1e12,
            "Cost-weighted tokens burnt in stale rounds, from which the session counts as stuck."
        ),
        .number(
            "detection-burn-critical-tokens",
            .detection,
            \.aggregator.detection.burnCriticalTokens,
            in: 1_000...1e12,
            "From which somebody is woken for them."
        ),
        .number(
            "detection-stagnation-rounds",
            .detection,
            \.aggregator.detection.stagnationRounds,
            in: 10...1e6,
            "Rounds without an edit, commit or prompt, from which the session counts as stuck."
        ),
        .number(
            "detection-stagnation-tokens",
            .detection,
            \.aggregator.detection.stagnationTokens,
            in: 1_000...1e12,
            "Cost-weighted tokens of such rounds, from which it does."
        ),
        .number(
            "detection-verification-warning-score",
            .detection,
            \.aggregator.detection.verificationWarning,
            in: 1...100,
            "The same check fails again and again, whatever is edited: from which the session counts as stuck."
        ),
        .number(
            "detection-verification-critical-score",
            .detection,
            \.aggregator.detection.verificationCritical,
            in: 1...100,
            "From which somebody is woken for it."
        ),
        .number(
            "detection-turn-warning-score",
            .detection,
            \.aggregator.detection.turnWarning,
            in: 0.5...100,
            "Restart loops over several sessions: from which the pod counts as stuck."
        ),
        .number(
            "detection-turn-critical-score",
            .detection,
            \.aggregator.detection.turnCritical,
            in: 0.5...100,
            "From which somebody is woken for them."
        ),
        .number(
            "detection-silence-seconds",
            .detection,
            \.aggregator.detection.silenceSeconds,
            in: 60...86_400,
            "The model is asked and nothing is heard for so long: possibly retried for ever, or a client that is gone."
        ),
        .number(
            "detection-incident-seconds",
            .detection,
            \.aggregator.detection.incidentSeconds,
            in: 10...86_400,
            "Failures of the model API within this time are one incident."
        ),
        .weights,
    ]

    /// Rows of the evidence table that weigh otherwise.
    private static let weights: Setting = {
        let allowed = "KIND=DETAILED/SIZES, weights of -20…20 nats with tool details and without"
        let table = DetectionConfiguration()
        return Setting(
            key: "detection-weights",
            section: .detection,
            allowed: "\(allowed); a list, or separated by commas",
            summary: "Kinds of evidence that weigh otherwise than the Detection page's table says.",
            read: { value, configuration throws(SettingError) in
                configuration.aggregator.detection.resetWeights()
                for text in try Self.texts(of: value) {
                    guard let (kind, weight) = Self.weight(text) else {
                        throw SettingError(message: "\(ConfigurationFault.quoted(text)) is not \(allowed)")
                    }
                    configuration.aggregator.detection[kind] = weight
                }
            },
            show: { configuration in
                let detection = configuration.aggregator.detection
                return EvidenceKind.allCases.filter { detection[$0] != table[$0] }
                    .map { kind in
                        let weight = detection[kind]
                        return "\(kind.name)=\(weight.detailed.decimalText)/\(weight.sizesOnly.decimalText)"
                    }
                    .joined(separator: ",")
            }
        )
    }()

    /// `same-outcome=2.1/0.9`.
    private static func weight(_ text: String) -> (EvidenceKind, EvidenceWeight)? {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let kind = EvidenceKind.allCases.first(where: { $0.name == parts[0].trimmed }) else {
            return nil
        }
        let weights = parts[1].split(separator: "/", omittingEmptySubsequences: false).map { Float($0.trimmed) }
        guard weights.count == 2, let detailed = weights[0], let sizesOnly = weights[1],
            (-20...20).contains(detailed), (-20...20).contains(sizesOnly)
        else { return nil }
        return (kind, EvidenceWeight(detailed, sizesOnly))
    }
}

extension EvidenceKind {
    /// In the documentation, in settings and in explanations: `same-outcome`.
    var name: String { "\(self)".kebabCased }
}
