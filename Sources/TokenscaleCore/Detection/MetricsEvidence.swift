/// The rule for sessions that send metrics only: a loop spends its tokens in the same proportions interval after
/// interval. New content per output (cache creation : output) hardly moves when each round says and gets the same;
/// output per context (output : cache reads) moves slowly. An interval exactly like the one before is worth
/// ``DetectionConfiguration/metricsSteady``; each e-fold of change costs 1.2 and 0.25. Lines and commits speak against
/// it, but for an edit that is made and taken back for ever: each interval then removes exactly the lines that it adds,
/// in whole multiples of the same edit. It sees half of all loops, says so ("possible") and wakes nobody.
struct MetricsEvidence: Sendable {
    /// Tokens of one kind of telemetry: to seven digits, in half the space of counts.
    private struct Tokens {
        var input: Float = 0
        var output: Float = 0
        var cacheRead: Float = 0
        var cacheCreation: Float = 0

        /// What they cost, as tokens of input.
        var weighted: Float { self.input + 5 * self.output + 0.1 * self.cacheRead + 1.25 * self.cacheCreation }

        var counts: TokenCounts {
            TokenCounts(
                input: Int64(clampingRounded: Double(self.input)),
                output: Int64(clampingRounded: Double(self.output)),
                cacheRead: Int64(clampingRounded: Double(self.cacheRead)),
                cacheCreation: Int64(clampingRounded: Double(self.cacheCreation))
            )
        }

        static func += (left: inout Tokens, right: Tokens) {
            left.input += right.input
            left.output += right.output
            left.cacheRead += right.cacheRead
            left.cacheCreation += right.cacheCreation
        }
    }

    // The open interval: all points of an export carry the same time.
    private var time: Timestamp = .zero
    private var tokens = Tokens()
    private var linesAdded: Float = 0
    private var linesRemoved: Float = 0

    // The interval before it.
    private var lastOutputShare: Float = 0
    private var lastNewShare: Float = 0

    // Evenness since its onset.
    private var score: Float = 0
    private var spent = Tokens()
    private var onset: Timestamp = .zero
    private var lastEvidence: Timestamp = .zero
    private var intervalCount: UInt32 = 0

    /// Intervals in a row that took away exactly the lines they added, and the largest edit they are multiples of.
    private var undoneCount: UInt32 = 0
    private var undoneLines: UInt32 = 0
    private var undoneOnset: Timestamp = .zero

    // Bytes side by side: each alone would take up to eight.
    /// The open interval has a commit or a pull request.
    private var hasCommit = false
    /// There was an interval before it.
    private var hasShares = false
    /// The evenness is over its threshold, and has not fallen to 1 since.
    private var isSteady = false

    mutating func take(_ point: borrowing MetricPoint, _ configuration: borrowing DetectionConfiguration) {
        if point.time > self.time {
            self.closeInterval(configuration)
            self.time = point.time
        }
        let value = Float(point.value)
        switch point.kind {
        case .inputTokens: self.tokens.input += value
        case .outputTokens: self.tokens.output += value
        case .cacheReadTokens: self.tokens.cacheRead += value
        case .cacheCreationTokens: self.tokens.cacheCreation += value
        case .linesAdded: self.linesAdded += value
        case .linesRemoved: self.linesRemoved += value
        case .commits, .pullRequests: if value > 0 { self.hasCommit = true }
        default: break
        }
    }

    private mutating func closeInterval(_ configuration: borrowing DetectionConfiguration) {
        defer {
            self.tokens = Tokens()
            self.linesAdded = 0
            self.linesRemoved = 0
            self.hasCommit = false
        }
        if self.hasCommit {
            self.score = 0
            self.isSteady = false
            self.hasShares = false
            self.undoneCount = 0
            return
        }
        self.judgeLines()
        guard self.tokens.cacheRead > 0, self.tokens.output > 0 else { return }
        let outputShare = Float.logarithm(self.tokens.output / self.tokens.cacheRead)
        // 50: a round without new content still caches a few tokens, and ln 0 would be no number.
        let newShare = Float.logarithm((self.tokens.cacheCreation + 50) / self.tokens.output)
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

    /// A replaced block of n lines adds and removes n; of one that is replaced again and again, every interval is a
    /// multiple of n. Edits of single lines are left out: renaming a symbol in many files looks the same.
    private mutating func judgeLines() {
        guard self.linesAdded > 0 || self.linesRemoved > 0 else { return }
        guard self.linesAdded == self.linesRemoved, self.linesAdded < 1e6 else {
            self.undoneCount = 0
            return
        }
        let lines = UInt32(self.linesAdded)
        let shared = self.undoneCount == 0 ? lines : Self.greatestCommonDivisor(self.undoneLines, lines)
        if self.undoneCount == 0 || shared < 2 {
            self.undoneCount = 0
            self.undoneOnset = self.time
        }
        self.undoneLines = shared < 2 ? lines : shared
        self.undoneCount = self.undoneLines < 2 ? 0 : self.undoneCount + 1
    }

    private static func greatestCommonDivisor(_ left: UInt32, _ right: UInt32) -> UInt32 {
        var (left, right) = (left, right)
        while right != 0 { (left, right) = (right, left % right) }
        return left
    }

    /// Lines that are added and taken away again are hardly progress.
    private var costOfLines: Float {
        guard self.linesAdded > 0 else { return 0 }
        let net = abs(self.linesAdded - self.linesRemoved) / Swift.max(self.linesAdded, self.linesRemoved)
        return net > 0.1 ? 2.5 : 0.5
    }

    private mutating func add(_ evidence: Float, _ configuration: borrowing DetectionConfiguration) {
        if self.score == 0, evidence > 0 {
            self.onset = self.time
            self.spent = Tokens()
            self.intervalCount = 0
        }
        self.score = min(configuration.metricsWarning + 6, max(0, self.score + evidence))
        self.spent += self.tokens
        self.intervalCount &+= 1
        if evidence > 0 { self.lastEvidence = self.time }
        if self.score <= 1 { self.isSteady = false }
        if self.score >= configuration.metricsWarning, self.spent.weighted >= configuration.metricsWarningTokens {
            self.isSteady = true
        }
    }

    /// What the export intervals say, the newest included: nothing of it comes later.
    func finding(_ configuration: borrowing DetectionConfiguration) -> LoopFinding? {
        var settled = self
        settled.closeInterval(configuration)
        return settled.conclusion(configuration)
    }

    private func conclusion(_ configuration: borrowing DetectionConfiguration) -> LoopFinding? {
        if self.isSteady {
            var finding = LoopFinding(
                severity: .warning,
                pattern: .metricsOnly,
                onset: self.onset,
                lastEvidence: self.lastEvidence
            )
            finding.isPossible = true
            finding.score = Double(self.score)
            finding.threshold = Double(configuration.metricsWarning)
            finding.repeatCount = Int(self.intervalCount)
            finding.tokens = self.spent.counts
            return finding
        }
        guard self.undoneCount >= configuration.metricsUndoneIntervals else { return nil }
        var finding = LoopFinding(
            severity: .warning,
            pattern: .editFlipFlop,
            onset: self.undoneOnset,
            lastEvidence: self.time
        )
        finding.isPossible = true
        finding.score = Double(self.undoneCount)
        finding.threshold = Double(configuration.metricsUndoneIntervals)
        finding.repeatCount = Int(self.undoneCount)
        return finding
    }
}

extension SessionDetector {
    /// Takes one data point of the session, as an increment: while it sends no events, and for what they leave out.
    package mutating func observe(_ point: borrowing MetricPoint, configuration: borrowing DetectionConfiguration) {
        guard self.hasEvents else {
            if self.metrics.isEmpty { self.metrics.append(MetricsEvidence()) }
            return self.metrics[0].take(point, configuration)
        }
        // The event of a command tells of its commit with tool details only; the metric follows at the next export.
        guard !self.hasDetails, point.kind == .commits, point.value > 0 else { return }
        let weight = self.weight(Judgement(.commit), configuration)
        self.add(weight, .commit, .bash, 0, point.time, configuration)
        self.note(.commit, at: point.time)
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
