/// The rule for sessions that send metrics only: a loop spends its tokens in the same proportions interval after
/// interval. New content per output (cache creation : output) hardly moves when each round says and gets the same;
/// output per context (output : cache reads) moves slowly. An interval exactly like the one before is worth
/// ``DetectionConfiguration/metricsSteady``; each e-fold of change costs 1.2 and 0.25. Lines and commits speak against
/// it. It sees half of all loops and says so ("possible").
struct MetricsEvidence: Sendable {
    var hasEvents = false
    private var time: Timestamp = .zero
    private var output: Float = 0
    private var cacheRead: Float = 0
    private var cacheCreation: Float = 0
    private var weightedTokens: Float = 0
    private var linesAdded: Float = 0
    private var linesRemoved: Float = 0
    private var hasCommit = false
    private var lastOutputShare: Float = 0
    private var lastNewShare: Float = 0
    private var hasShares = false
    private(set) var score: Float = 0
    private(set) var tokens: Float = 0
    private(set) var level: UInt8 = 0
    private(set) var onset: Timestamp = .zero
    private(set) var lastEvidence: Timestamp = .zero
    private(set) var intervalCount: UInt32 = 0

    mutating func take(_ point: borrowing MetricPoint, _ configuration: borrowing DetectionConfiguration) {
        if point.time > self.time {
            self.closeInterval(configuration)
            self.time = point.time
        }
        let value = Float(point.value)
        switch point.kind {
        case .inputTokens: self.weightedTokens += value
        case .outputTokens:
            self.output += value
            self.weightedTokens += 5 * value
        case .cacheReadTokens:
            self.cacheRead += value
            self.weightedTokens += 0.1 * value
        case .cacheCreationTokens:
            self.cacheCreation += value
            self.weightedTokens += 1.25 * value
        case .linesAdded: self.linesAdded += value
        case .linesRemoved: self.linesRemoved += value
        case .commits, .pullRequests: if value > 0 { self.hasCommit = true }
        default: break
        }
    }

    private mutating func closeInterval(_ configuration: borrowing DetectionConfiguration) {
        defer {
            self.output = 0
            self.cacheRead = 0
            self.cacheCreation = 0
            self.weightedTokens = 0
            self.linesAdded = 0
            self.linesRemoved = 0
            self.hasCommit = false
        }
        if self.hasCommit {
            self.score = 0
            self.level = 0
            self.tokens = 0
            self.hasShares = false
            return
        }
        guard self.cacheRead > 0, self.output > 0 else { return }
        let outputShare = Float.logarithm(self.output / self.cacheRead)
        // 50: a round without new content still caches a few tokens, and ln 0 would be no number.
        let newShare = Float.logarithm((self.cacheCreation + 50) / self.output)
        let outputChange = abs(outputShare - self.lastOutputShare)
        let newChange = abs(newShare - self.lastNewShare)
        let isFirst = !self.hasShares
        self.lastOutputShare = outputShare
        self.lastNewShare = newShare
        self.hasShares = true
        if isFirst { return }
        self.add(
            configuration.metricsSteady - Self.cost(ofOutput: outputChange) - Self.cost(ofNew: newChange)
                - self.costOfLines,
            configuration
        )
    }

    /// What a change of ln(output : cache reads) costs; from an e-fold on it is another kind of work.
    private static func cost(ofOutput change: Float) -> Float { change < 1 ? 0.25 * change : 1.2 }

    /// What a change of ln(cache creation : output) costs; from fivefold on something new came in.
    private static func cost(ofNew change: Float) -> Float { change < 1.6 ? 1.2 * change : 6 }

    /// Lines that are added and taken away again are hardly progress.
    private var costOfLines: Float {
        guard self.linesAdded > 0 else { return 0 }
        let net = abs(self.linesAdded - self.linesRemoved) / Swift.max(self.linesAdded, self.linesRemoved)
        return net > 0.1 ? 2.5 : 0.5
    }

    private mutating func add(_ evidence: Float, _ configuration: borrowing DetectionConfiguration) {
        if self.score == 0, evidence > 0 {
            self.onset = self.time
            self.tokens = 0
            self.intervalCount = 0
        }
        self.score = min(configuration.metricsWarning + 6, max(0, self.score + evidence))
        self.tokens += self.weightedTokens
        self.intervalCount &+= 1
        if evidence > 0 { self.lastEvidence = self.time }
        if self.score <= 1 { self.level = 0 }
        if self.score >= configuration.metricsWarning, self.tokens >= configuration.metricsWarningTokens {
            self.level = max(self.level, 2)
        }
        if self.score >= configuration.metricsCritical, self.tokens >= configuration.metricsCriticalTokens {
            self.level = 3
        }
    }

    func finding(_ configuration: borrowing DetectionConfiguration) -> LoopFinding? {
        guard self.level > 0, let severity = LoopSeverity(rawValue: self.level - 1) else { return nil }
        var finding = LoopFinding(
            severity: severity,
            pattern: .metricsOnly,
            onset: self.onset,
            lastEvidence: self.lastEvidence
        )
        finding.isPossible = true
        finding.score = Double(self.score)
        finding.threshold = Double(self.level == 3 ? configuration.metricsCritical : configuration.metricsWarning)
        finding.repeatCount = Int(self.intervalCount)
        return finding
    }
}

extension SessionDetector {
    /// Takes one data point of the session, as an increment: used while the session sends no events.
    package mutating func observe(_ point: borrowing MetricPoint, configuration: borrowing DetectionConfiguration) {
        guard !self.metrics.hasEvents else { return }
        self.metrics.take(point, configuration)
    }
}

extension Float {
    /// The natural logarithm of a positive number, to 1e-4: Core has no C library. ln(m * 2^e) = ln m + e ln 2, with
    /// the series of artanh for ln m.
    static func logarithm(_ value: Float) -> Float {
        guard value > 0, value.isFinite else { return 0 }
        let mantissa = value.significand
        let ratio = (mantissa - 1) / (mantissa + 1)
        let square = ratio * ratio
        let series = 2 * ratio * (1 + square * (1 / 3 + square * (1 / 5 + square * (1 / 7 + square / 9))))
        return series + Float(value.exponent) * 0.693_147_2
    }
}
