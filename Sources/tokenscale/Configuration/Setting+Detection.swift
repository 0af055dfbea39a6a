import TokenscaleCore

extension Setting {
    static let detection: [Setting] = [
        .float("detection-info-score", \.infoScore, in: 0.5...100, "Evidence in nats from which detail views show it."),
        .float("detection-warning-score", \.warningScore, in: 0.5...100, "From which a session counts as stuck."),
        .float("detection-critical-score", \.criticalScore, in: 0.5...100, "From which somebody is woken."),
        .float("detection-clear-score", \.clearScore, in: 0...100, "Below which a stuck session has recovered."),
        .float("detection-score-limit-score", \.scoreLimit, in: 1...1_000, "Evidence stops here."),
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
        .float(
            "detection-burn-warning-tokens",
            \.burnWarningTokens,
            in: 1_000...1e12,
            "Cost-weighted, in stale rounds."
        ),
        .float("detection-burn-critical-tokens", \.burnCriticalTokens, in: 1_000...1e12, "Cost-weighted."),
        .float("detection-stagnation-rounds", \.stagnationRounds, in: 10...1e6, "Rounds without progress."),
        .float("detection-stagnation-tokens", \.stagnationTokens, in: 1_000...1e12, "Cost-weighted, without progress."),
        .float(
            "detection-verification-warning-score",
            \.verificationWarning,
            in: 1...100,
            "Failing checks with edits."
        ),
        .float("detection-turn-warning-score", \.turnWarning, in: 0.5...100, "Restart loops over several sessions."),
        .float("detection-turn-critical-score", \.turnCritical, in: 0.5...100, "Restart loops over several sessions."),
        .number(
            "detection-incident-seconds",
            .detection,
            \.aggregator.detection.incidentSeconds,
            in: 10...86_400,
            "Failures of the model API within this time are one incident."
        ),
    ]

    private static func float(
        _ key: String,
        _ path: any WritableKeyPath<DetectionConfiguration, Float> & Sendable,
        in range: ClosedRange<Double>,
        _ summary: String
    ) -> Setting {
        .scalar(
            key,
            .detection,
            \.aggregator.detection,
            allowed: "a number, \(Self.short(range.lowerBound))…\(Self.short(range.upperBound))",
            summary,
            path: path,
            parse: { text in Double(text).flatMap { range.contains($0) ? Float($0) : nil } },
            show: { $0 == $0.rounded() ? Self.short(Double($0)) : "\($0)" }
        )
    }

    /// A scalar inside of a part of the configuration.
    private static func scalar<Part, Value>(
        _ key: String,
        _ section: Section,
        _ part: any Path<Part>,
        allowed: String,
        _ summary: String,
        path: any WritableKeyPath<Part, Value> & Sendable,
        parse: @escaping @Sendable (String) -> Value?,
        show: @escaping @Sendable (Value) -> String
    ) -> Setting {
        Setting(
            key: key,
            section: section,
            allowed: allowed,
            summary: summary,
            read: { value, configuration throws(SettingError) in
                guard case .text(let text) = value, let parsed = parse(text) else {
                    throw SettingError(message: "allowed: \(allowed)")
                }
                configuration[keyPath: part][keyPath: path] = parsed
            },
            show: { show($0[keyPath: part][keyPath: path]) }
        )
    }
}
