/// A failure, to be compared with later ones.
struct FailureMark {
    var tool: UInt32 = 0
    var errorType: UInt32 = 0
    var errorText: UInt32 = 0
    var file: UInt32 = 0
    var command: UInt32 = 0
    var inputByteCount: Int32 = 0
    var round: UInt32 = 0
    var learning: Float = 0
}

/// A small result, to be compared with later ones of the same tool.
struct ResultMark {
    var tool: UInt32 = 0
    var command: UInt32 = 0
    var resultByteCount: Int32 = -2
    var round: UInt32 = 0
    var learning: Float = 0
}

/// The table's left side: which kind of evidence a tool call is.
extension SessionDetector {
    mutating func takeResult(
        _ observation: Observation,
        _ configuration: borrowing DetectionConfiguration
    ) {
        let index = self.round(of: observation, configuration)
        self.rounds[index].hasTool = true
        self.turn.lastHadTool = true
        let isFailure = observation.outcome.isFailure
        if isFailure {
            self.turn.failureCount &+= 1
            if self.episode.isOpen { self.episode.failureCount &+= 1 }
        } else {
            self.turn.successCount &+= 1
        }
        self.turn.sign(observation)
        self.turn.lastWasDenied = false
        // What runs in the background wakes the model when it ends; an answer to that needs no tool.
        let isAsynchronous = observation.tool == .agent && observation.durationMilliseconds < 5000
        if observation.startsBackground || isAsynchronous { self.backgroundCredit = min(60, self.backgroundCredit + 4) }
        // One failing call makes its parallel siblings fail: only the first failure of a round is evidence.
        if isFailure, self.rounds[index].hasFailure { return }
        if isFailure { self.rounds[index].hasFailure = true }
        let (kind, factor) = self.classify(observation, configuration)
        self.rounds[index].add(kind, self.weight(kind, configuration) * factor, observation)
        let isSizeOnlyEdit = kind == .repeatedEdit && !self.hasDetails
        if kind == .commit || kind == .newEdit { self.turn.hasProgress = true }
        if kind == .newAction || kind == .changedOutcome || kind == .changedVerdict { self.turn.learnedCount &+= 1 }
        if kind == .commit || kind == .newEdit || isSizeOnlyEdit {
            self.progress(at: observation.time, isCommit: kind == .commit)
        }
        self.failureStreak = isFailure ? self.failureStreak &+ 1 : 0
        self.planStreak = observation.tool == .todo ? self.planStreak &+ 1 : 0
    }

    private mutating func classify(
        _ observation: Observation,
        _ configuration: borrowing DetectionConfiguration
    ) -> (EvidenceKind, Float) {
        if observation.isCommit { return (.commit, 1) }
        // A call that fails before a subagent begins is like that of any tool.
        let hasChild = self.childSignature != 0 || !observation.outcome.isFailure
        if observation.tool == .agent, hasChild { return self.classifyChild(observation) }
        if observation.tool == .agent { self.closeLane() }
        self.signChild(observation)
        guard observation.action != 0 else { return (.neutral, 0) }
        let (recalled, isKnown) = self.memory.recall(observation.action)
        var record = recalled
        let (kind, factor) =
            isKnown
            ? self.classifyKnown(observation, record, configuration) : self.classifyNew(observation, configuration)
        if !isKnown, kind == .sameTinyResult || kind == .sameTinyOutput {
            self.blurredTools |= 1 << UInt32(observation.tool.rawValue)
        }
        self.verify(observation, record, configuration)
        self.note(observation)
        if kind == .repeatedEdit { self.lastRepeatedEditRound = self.roundCount }
        self.remember(&record, observation, observation.outcome, kind)
        self.waitCount = (self.waitCount << 1 | (observation.isWait ? 1 : 0)) & 0x3f
        if observation.tool.isEdit, kind == .newEdit { return self.countEdit(observation, configuration) }
        // Several subagents at once may each do it once.
        if isKnown, record.occurrenceCount <= self.laneCountMax + 1, self.laneCountMax > 1 {
            return (.neutral, 0)
        }
        return (kind, factor)
    }

    /// How much of a repetition's weight counts: little when much was learnt since the action was last taken. What
    /// fails again is no procedure: it keeps more of its weight.
    func staleness(
        since round: UInt32,
        _ learning: Float,
        isFailure: Bool,
        _ configuration: borrowing DetectionConfiguration
    ) -> Float {
        let between = Float(self.roundCount &- round) - 1
        guard between > 0 else { return 1 }
        let learnt = max(0, self.learning - learning) / between
        if isFailure { return max(configuration.learnedFloorOfFailures, 1 - learnt) }
        return max(configuration.learnedFloor, 1 - configuration.learnedSlope * learnt)
    }

    /// A look again after a pause is what a person does who waits for something.
    private func isPaced(
        _ observation: Observation,
        _ record: ActionRecord,
        _ configuration: borrowing DetectionConfiguration
    ) -> Bool {
        guard !observation.outcome.isFailure else { return false }
        let pause = UInt32(truncatingIfNeeded: observation.time.second) &- record.second
        let rounds = max(1, self.roundCount &- record.round)
        return Float(pause) >= configuration.paceSeconds * Float(rounds)
    }

    private func classifyKnown(
        _ observation: Observation,
        _ record: ActionRecord,
        _ configuration: borrowing DetectionConfiguration
    ) -> (EvidenceKind, Float) {
        let (likeness, isNewest) = record.likeness(to: observation.outcome)
        let isFailure = observation.outcome.isFailure
        let isWaiting = observation.isWait || self.waitCount.nonzeroBitCount >= 3
        if observation.tool == .todo { return (self.planStreak >= 3 ? .planning : .neutral, 1) }
        if isWaiting {
            if likeness == .different { return (.waitChangedOutcome, 1) }
            return isFailure ? (.waitFailure, observation.timeLost) : (.waitSameOutcome, 1)
        }
        // Edits that were made before bring verdicts that were seen before: no news.
        let isRedone = self.editCount == record.editCount && self.lastRepeatedEditRound > record.round
        if record.changesVerdict(observation.outcome) { return isRedone ? (.neutral, 0) : (.changedVerdict, 1) }
        if record.isUndecided { return isRedone ? (.neutral, 0) : (.experiment, 1) }
        if likeness == .different { return (.changedOutcome, 1) }
        if observation.tool.isEdit, !isFailure { return (.repeatedEdit, 1) }
        if self.editCount != record.editCount { return (.sameOutcomeAfterEdit, 1) }
        let stale =
            self.staleness(since: record.round, record.learning, isFailure: isFailure, configuration)
            * (isNewest ? 1 : configuration.olderOutcomeFactor)
            * (self.isPaced(observation, record, configuration) ? configuration.pacedFactor : 1)
        // The very same call fails, with nothing achieved in between.
        if isFailure, self.failureStreak > 0 {
            if self.hasDetails || likeness == .exact && !observation.tool.isSearch { return (.sameFailure, stale) }
            return (.similarFailure, 0.7 * stale)
        }
        // Without details an action is only a size: a command that ran for a while may have done other work.
        if !self.hasDetails, !isFailure, observation.tool == .bash,
            observation.durationMilliseconds >= configuration.quickMilliseconds
        {
            return (.sameOutcome, 0.07)
        }
        if !self.hasDetails, !isFailure {
            if self.laneCountMax > 1 { return (.sameOutcome, stale / Float(self.laneCountMax * 2)) }
            if observation.tool == .bash, observation.outcome.resultByteCount < 4 { return (.sameOutcome, 0.15) }
            if observation.outcome.resultByteCount > 4096 { return (.sameOutcome, 0.05) }
            if self.blurredTools & (1 << UInt32(observation.tool.rawValue)) != 0 {
                return (likeness == .exact ? .sameOutcome : .nearOutcome, 0.3 * stale)
            }
            if observation.tool == .mcp || observation.tool == .other {
                return (likeness == .exact ? .sameOutcome : .nearOutcome, configuration.foreignFactor * stale)
            }
        }
        if likeness != .exact, !isFailure, observation.tool == .mcp || observation.tool == .other {
            return (.nearOutcome, configuration.foreignFactor * stale)
        }
        return (likeness == .exact || isFailure ? .sameOutcome : .nearOutcome, stale)
    }

    private func classifyNew(
        _ observation: Observation,
        _ configuration: borrowing DetectionConfiguration
    ) -> (EvidenceKind, Float) {
        if observation.outcome.isFailure { return self.classifyNewFailure(observation, configuration) }
        if observation.tool.isEdit { return (.newEdit, 1) }
        if observation.isWait { return (.newWait, 1) }
        if observation.tool == .todo { return (self.planStreak >= 3 ? .planning : .neutral, 1) }
        let tool = UInt32(truncatingIfNeeded: observation.toolName)
        let command = observation.command
        let size = observation.outcome.resultByteCount
        let isTiny = size >= 0 && size <= configuration.tinyResultBytes
        if size >= Self.cutOffBytes, self.results.contains(where: { $0.resultByteCount == size }) {
            return (.neutral, 0)
        }
        // A command or a foreign tool may have done something and just says so; a search that finds nothing, did not.
        let mayAct = observation.tool == .bash || observation.tool == .mcp || observation.tool == .other
        let tolerance: Int32 = mayAct ? 0 : 3
        guard isTiny,
            let twin = self.results.first(where: {
                $0.tool == tool && $0.command == command && abs($0.resultByteCount - size) <= tolerance
            })
        else { return (.newAction, 1) }
        let stale = self.staleness(since: twin.round, twin.learning, isFailure: false, configuration)
        if !mayAct { return (.sameTinyResult, stale) }
        return (
            .sameTinyOutput, observation.durationMilliseconds < configuration.quickMilliseconds ? stale : 0.4 * stale
        )
    }

    private func classifyNewFailure(
        _ observation: Observation,
        _ configuration: borrowing DetectionConfiguration
    ) -> (EvidenceKind, Float) {
        let tool = UInt32(truncatingIfNeeded: observation.toolName)
        let (file, text, command) = (observation.file, observation.errorText, observation.command)
        let errorType = observation.errorType
        let size = Int(observation.inputByteCount)
        guard let last = self.failures.first(where: { $0.tool == tool && $0.errorType == errorType }) else {
            return (.newFailure, 1)
        }
        if observation.isWait { return (.waitFailure, observation.timeLost) }
        let isNear = self.failures.contains {
            $0.tool == tool && $0.errorType == errorType && abs(Int($0.inputByteCount) - size) * 5 <= max(size, 1)
        }
        let isSameCause = self.failures.contains {
            $0.tool == tool && $0.errorType == errorType
                && (file != 0 && $0.file == file || text != 0 && $0.errorText == text)
        }
        let isStreak = self.failureStreak > 0
        let factor = self.staleness(since: last.round, last.learning, isFailure: true, configuration)
        if observation.tool == .bash {
            let isSameCommand = self.failures.contains { command != 0 && $0.command == command && $0.tool == tool }
            if self.hasDetails { return (isSameCause && isSameCommand ? .similarFailure : .otherFailure, factor) }
            return (isNear ? .similarFailure : .otherFailure, 0.7 * factor)
        }
        if self.hasDetails { return (isSameCause && isStreak ? .sameFailure : .similarFailure, factor) }
        return (isStreak && !observation.tool.isSearch ? .sameFailure : .similarFailure, factor)
    }

    /// Results of this size and more that are equally long were cut off: only their beginning was seen.
    private static let cutOffBytes: Int32 = 16_384

    private mutating func note(_ observation: Observation) {
        guard observation.outcome.isFailure else {
            self.results.push(
                ResultMark(
                    tool: UInt32(truncatingIfNeeded: observation.toolName),
                    command: observation.command,
                    resultByteCount: observation.outcome.resultByteCount,
                    round: self.roundCount,
                    learning: self.learning
                )
            )
            return
        }
        self.failures.push(
            FailureMark(
                tool: UInt32(truncatingIfNeeded: observation.toolName),
                errorType: observation.errorType,
                errorText: observation.errorText,
                file: observation.file,
                command: observation.command,
                inputByteCount: observation.inputByteCount,
                round: self.roundCount,
                learning: self.learning
            )
        )
    }

    mutating func remember(
        _ record: inout ActionRecord,
        _ observation: Observation,
        _ outcome: Outcome,
        _ kind: EvidenceKind
    ) {
        record.second = UInt32(truncatingIfNeeded: observation.time.second)
        record.add(outcome)
        record.learning = self.learning + kind.learning
        record.round = self.roundCount
        record.editCount = self.editCount &+ (kind == .newEdit ? 1 : 0)
        record.occurrenceCount = min(.max - 1, record.occurrenceCount) + 1
        record.failureCount = outcome.isFailure ? min(.max - 1, record.failureCount) + 1 : 0
        self.memory.store(record)
    }

    private mutating func countEdit(
        _ observation: Observation,
        _ configuration: borrowing DetectionConfiguration
    ) -> (EvidenceKind, Float) {
        self.churnCount = observation.file == self.churnFile ? min(.max - 1, self.churnCount) + 1 : 1
        self.churnFile = observation.file
        let between = Float(self.roundCount &- self.churnRound) - 1
        let learnt = between > 0 ? max(0, self.learning - self.churnLearning) / between : 0
        self.churnRound = self.roundCount
        self.churnLearning = self.learning
        // Edits of one file without end, and nothing learnt in between, are no progress any more.
        if self.churnCount >= configuration.churnEdits { return (.repeatedEdit, max(0, 1 - learnt)) }
        self.churnLearning += EvidenceKind.newEdit.learning
        self.editCount &+= 1
        if self.episode.isOpen { self.episode.editCount &+= 1 }
        return (.newEdit, 1)
    }

    /// The verification streak: one command, or one program with other arguments, keeps failing whatever else is done.
    /// A failure that reports more or less than the one before is being worked off and does not count.
    private mutating func verify(
        _ observation: Observation,
        _ record: ActionRecord,
        _ configuration: borrowing DetectionConfiguration
    ) {
        guard observation.tool == .bash || observation.tool == .mcp else { return }
        guard observation.outcome.isFailure else {
            if observation.action == self.verificationAction { self.verification = 0 }
            if observation.action == self.verificationAction || observation.command == self.verificationCommand {
                self.relatedFailures = 0
            }
            return
        }
        if record.failureCount > 0 {
            // Claude Code tells no result size of a failure: then every failure looks the same and says less.
            let size = observation.outcome.resultByteCount
            let likeness = record.likeness(to: observation.outcome).likeness
            if likeness == .exact, 0..<Self.cutOffBytes ~= size {
                self.verification += configuration.verificationSame
            } else if likeness != .different || size < 0 {
                self.verification += configuration.verificationChanged
            }
            self.verificationAction = observation.action
        } else {
            let isRelated = self.failures.contains {
                $0.command == observation.command && $0.errorType == observation.errorType
            }
            guard observation.command != 0, isRelated else { return }
            self.relatedFailures += configuration.verificationRelated * (observation.isWait ? 2 : 1)
        }
        self.verificationCommand = observation.command
        self.verificationIsDenied = false
    }

    private mutating func signChild(_ observation: Observation) {
        guard observation.agent != 0 || self.laneCount == 1 else { return }
        let mark = KeyedHash.mix(observation.toolName ^ KeyedHash.primes.0, UInt64(observation.errorType) &+ 7)
        self.childSignature &+= UInt32(truncatingIfNeeded: mark)
        if observation.outcome.isFailure { self.childFailed = true }
    }

    /// A subagent finished: did it do and fail at the same as one of the last four?
    private mutating func classifyChild(_ observation: Observation) -> (EvidenceKind, Float) {
        let signature = self.childSignature
        let isRepeat = signature != 0 && self.childFailed && self.children.contains { $0 == signature }
        let failed = self.childFailed
        self.children.push(signature)
        self.childSignature = 0
        self.childFailed = false
        self.closeLane()
        self.stagnantRounds *= 0.5
        self.stagnantTokens *= 0.5
        if isRepeat { return (.childRepeats, 1) }
        if observation.outcome.isFailure { return (.newFailure, 1) }
        return (failed ? .neutral : .newAction, 1)
    }
}
