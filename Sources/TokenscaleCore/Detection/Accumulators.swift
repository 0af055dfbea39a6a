/// A one-sided CUSUM with hysteresis: evidence adds up, never falls below 0, and a level once reached is held until the
/// score falls to the clearing value.
///
/// With E₀[exp(evidence) | past] ≤ 1 the mean time to a false alarm at threshold h is at least exp(h) rounds (Lorden
/// 1971; Shin, Ramdas, Rinaldo: e-detectors).
struct EvidenceSum {
    private(set) var score: Float = 0
    /// 0 none, 1 info, 2 warning, 3 critical.
    private(set) var level: UInt8 = 0
    private(set) var warningRound: UInt32 = 0

    mutating func add(
        _ evidence: Float,
        round: UInt32,
        mayBeCritical: Bool,
        _ configuration: borrowing DetectionConfiguration
    ) {
        self.score = min(configuration.scoreLimit, max(0, self.score + evidence))
        self.settle(round: round, mayBeCritical: mayBeCritical, configuration)
    }

    private mutating func settle(round: UInt32, mayBeCritical: Bool, _ configuration: borrowing DetectionConfiguration)
    {
        if self.score <= configuration.clearScore {
            self.level = 0
            return
        }
        var reached: UInt8 = 0
        if self.score >= configuration.infoScore { reached = 1 }
        if self.score >= configuration.warningScore { reached = 2 }
        if self.score >= configuration.criticalScore, mayBeCritical { reached = 3 }
        if reached >= 2, self.level < 2 { self.warningRound = round }
        self.level = max(self.level, reached)
        if self.level == 2, round &- self.warningRound >= configuration.escalationRounds { self.level = 3 }
    }

    mutating func clear() { self = EvidenceSum() }
}

/// The last four values of something, newest first. A value; no allocation.
struct LastFour<Element: Sendable>: Sendable {
    private(set) var newest: Element
    private var second: Element
    private var third: Element
    private var fourth: Element

    init(repeating value: Element) {
        self.newest = value
        self.second = value
        self.third = value
        self.fourth = value
    }

    mutating func push(_ value: Element) {
        self.fourth = self.third
        self.third = self.second
        self.second = self.newest
        self.newest = value
    }

    /// The newest value that satisfies the predicate.
    func first(where predicate: (Element) -> Bool) -> Element? {
        if predicate(self.newest) { return self.newest }
        if predicate(self.second) { return self.second }
        if predicate(self.third) { return self.third }
        return predicate(self.fourth) ? self.fourth : nil
    }

    func contains(where predicate: (Element) -> Bool) -> Bool {
        predicate(self.newest) || predicate(self.second) || predicate(self.third) || predicate(self.fourth)
    }
}

extension FixedWidthInteger {
    /// One more, as far as the type goes.
    var nextClamped: Self { self < .max ? self + 1 : self }
}
