/// Sees loops that no single session shows: an agent that is restarted, or prompted again, and fails the same way.
/// One per pod (or workload); fed by the ``SessionDetector``s of its sessions. At most 1 KiB; O(1).
package struct WorkloadDetector: Sendable {
    /// How a turn ended that did not end well.
    enum BadEnd: UInt8 {
        case abandoned
        case resubmitted
        case barren
        case failedAlike
        case refused
        case apiError
    }

    struct Attempt {
        var end: BadEnd = .abandoned
        var promptLength: Int32 = -2
        var roundCount: UInt32 = 0
        var signature: UInt32 = 0
    }

    struct Record {
        var session: UInt64 = 0
        var lastActivity: Timestamp = .zero
        var turn = Turn()
        /// Evidence that this session's being abandoned gave; taken back when it goes on.
        var evidence: Float = 0
        var isJudged = false
    }

    /// When a request to the model last failed for good with 429 or 5xx; `nil` when it never did.
    package internal(set) var lastProviderFailure: Timestamp?
    package internal(set) var lastActivity: Timestamp = .zero
    private(set) var sendsResponses = false
    private var score: Float = 0
    private var level: UInt8 = 0
    private var onset: Timestamp = .zero
    private var lastEvidence: Timestamp = .zero
    private var count: UInt32 = 0
    /// What failed in the turn before.
    private var lastFailures: UInt32 = 0
    private var attempts = LastFour(repeating: Attempt())
    private var records = [Record](repeating: Record(), count: 4)

    package init() {}

    /// A session's turn went on.
    mutating func update(
        _ session: UInt64,
        _ turn: Turn,
        at time: Timestamp,
        _ configuration: borrowing DetectionConfiguration
    ) {
        if turn.sendsResponses { self.sendsResponses = true }
        let index = self.index(of: session)
        if self.records[index].isJudged, turn.requestCount > self.records[index].turn.requestCount {
            // It was not abandoned after all.
            self.add(-self.records[index].evidence, at: time, configuration)
            self.records[index].isJudged = false
        }
        self.records[index].turn = turn
        self.records[index].lastActivity = time
    }

    /// A prompt arrived: in a known session, or as the first of a new one.
    ///
    /// - Parameter previous: The session's turn before the prompt.
    mutating func turnStarted(
        _ session: UInt64,
        _ promptLength: Int32,
        _ previous: Turn,
        at time: Timestamp,
        _ configuration: borrowing DetectionConfiguration
    ) {
        if previous.isOpen {
            _ = self.judge(previous, promptLength, isSameSession: true, at: time, configuration)
            return
        }
        for index in self.records.indices {
            let record = self.records[index]
            guard record.session != 0, record.session != session, record.turn.isOpen, !record.isJudged else { continue }
            self.records[index].isJudged = true
            self.records[index].evidence = self.judge(
                record.turn,
                promptLength,
                isSameSession: false,
                at: time,
                configuration
            )
        }
    }

    private mutating func judge(
        _ turn: Turn,
        _ nextLength: Int32,
        isSameSession: Bool,
        at time: Timestamp,
        _ configuration: borrowing DetectionConfiguration
    ) -> Float {
        let found = self.end(of: turn, nextLength, isSameSession: isSameSession)
        self.lastFailures = turn.failureSignature
        guard let end = found else {
            if turn.isComplete(self.sendsResponses) || turn.learnedCount >= 3 || turn.hasProgress {
                self.add(configuration.turnGood, at: time, configuration)
            }
            return 0
        }
        let attempt = Attempt(
            end: end,
            promptLength: turn.promptLength,
            roundCount: turn.roundCount,
            signature: turn.signature
        )
        var evidence = configuration.turnBad
        let isAlike = self.attempts.contains { $0.end == end && $0.promptLength == attempt.promptLength }
        let isSame = self.attempts.contains {
            $0.end == end && $0.promptLength == attempt.promptLength
                && abs(Int($0.roundCount) - Int(attempt.roundCount)) <= 1
        }
        let isTwin = self.attempts.contains { $0.end == end && $0.signature != 0 && $0.signature == attempt.signature }
        if isAlike, end == .abandoned { evidence = configuration.turnAlike }
        if isSame { evidence = configuration.turnRepeated }
        if isTwin { evidence = configuration.turnTwin }
        self.attempts.push(attempt)
        if end == .failedAlike { evidence = configuration.turnRepeated }
        self.add(evidence, at: time, configuration)
        return evidence
    }

    private func end(of turn: Turn, _ nextLength: Int32, isSameSession: Bool) -> BadEnd? {
        if turn.wasRefused { return .refused }
        // Within a session the session's own tracker counts API errors.
        if turn.errorCount > 0, turn.requestCount == 0 { return isSameSession ? nil : .apiError }
        if turn.successCount == 0, turn.failureCount + turn.rejectCount > 0 { return .barren }
        if turn.isComplete(self.sendsResponses) {
            // A program asks the same again, and the same fails again.
            let isAlike = self.lastFailures != 0 && self.lastFailures == turn.failureSignature
            return isAlike && turn.promptLength == nextLength && !turn.hasProgress ? .failedAlike : nil
        }
        guard turn.promptLength == nextLength else { return nil }
        if !isSameSession { return turn.hasCommit ? nil : .abandoned }
        return turn.hasProgress || turn.learnedCount >= 3 ? nil : .resubmitted
    }

    private mutating func add(_ evidence: Float, at time: Timestamp, _ configuration: borrowing DetectionConfiguration)
    {
        self.score = min(2 * configuration.turnCritical, max(0, self.score + evidence))
        if evidence > 0 {
            if self.count == 0 { self.onset = time }
            self.count &+= 1
            self.lastEvidence = time
        }
        if self.score <= 1 {
            self.level = 0
            if self.score == 0 { self.count = 0 }
        }
        if self.score >= configuration.turnWarning { self.level = max(self.level, 2) }
        if self.score >= configuration.turnCritical { self.level = 3 }
    }

    private mutating func index(of session: UInt64) -> Int {
        var oldest = 0
        for index in self.records.indices {
            if self.records[index].session == session { return index }
            if self.records[index].lastActivity < self.records[oldest].lastActivity { oldest = index }
        }
        self.records[oldest] = Record()
        self.records[oldest].session = session
        return oldest
    }

    package func finding(
        at now: Timestamp,
        isIncident: Bool,
        configuration: borrowing DetectionConfiguration
    ) -> LoopFinding? {
        guard self.level > 0, let severity = LoopSeverity(rawValue: self.level - 1) else { return nil }
        let end = self.attempts.newest.end
        if isIncident, end == .apiError { return nil }
        let pattern: LoopPattern =
            switch end {
            case .abandoned, .resubmitted: .restart
            case .barren, .failedAlike: .failingAction
            case .refused: .refusal
            case .apiError: .apiError
            }
        var finding = LoopFinding(
            severity: severity,
            pattern: pattern,
            onset: self.onset,
            lastEvidence: self.lastEvidence
        )
        finding.score = Double(self.score)
        finding.threshold = Double(self.level == 3 ? configuration.turnCritical : configuration.turnWarning)
        finding.repeatCount = Int(self.count)
        return finding
    }
}
