/// The rule for sessions that send metrics only: in a loop the ratio of output to cache reads stays even from one
/// export interval to the next, without lines or commits. It sees little and says so ("possible").
struct MetricsEvidence: Sendable {
    var hasEvents = false
    private var time: Timestamp = .zero
    private var output: Float = 0
    private var cacheRead: Float = 0
    private var weightedTokens: Float = 0
    private var hasLines = false
    private var hasCommit = false
    private var lastRatio: Float = 0
    private var hasRatio = false
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
        case .cacheCreationTokens: self.weightedTokens += 1.25 * value
        case .linesAdded: if value > 0 { self.hasLines = true }
        case .commits, .pullRequests: if value > 0 { self.hasCommit = true }
        default: break
        }
    }

    private mutating func closeInterval(_ configuration: borrowing DetectionConfiguration) {
        defer {
            self.output = 0
            self.cacheRead = 0
            self.weightedTokens = 0
            self.hasLines = false
            self.hasCommit = false
        }
        if self.hasCommit {
            self.score = 0
            self.level = 0
            self.tokens = 0
            self.hasRatio = false
            return
        }
        guard self.cacheRead > 0, self.output > 0 else { return }
        let ratio = Float.logarithm(self.output / self.cacheRead)
        let change = abs(ratio - self.lastRatio)
        let isFirst = !self.hasRatio
        self.lastRatio = ratio
        self.hasRatio = true
        if isFirst { return }
        var evidence: Float = -0.8
        if change < 0.35 {
            evidence = configuration.metricsSteady
        } else if change < 0.8 {
            evidence = 0.15
        } else if change < 1.2 {
            evidence = -0.3
        }
        if self.hasLines { evidence -= 1.5 }
        self.add(evidence, configuration)
    }

    private mutating func add(_ evidence: Float, _ configuration: borrowing DetectionConfiguration) {
        if self.score == 0, evidence > 0 {
            self.onset = self.time
            self.tokens = 0
            self.intervalCount = 0
        }
        self.score = min(16, max(0, self.score + evidence))
        self.tokens += self.weightedTokens
        self.intervalCount &+= 1
        if evidence > 0 { self.lastEvidence = self.time }
        if self.score <= 2 { self.level = 0 }
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
