/// Tool calls: which row of the table (``EvidenceRow``) a call is taken for, and how much of the row's weight counts.
extension SessionDetector {
    mutating func takeResult(
        _ call: Observation,
        _ configuration: borrowing DetectionConfiguration
    ) {
        let index = self.round(of: call, configuration)
        self.rounds[index].hasTool = true
        self.turn.lastHadTool = true
        let isFailure = call.outcome.isFailure
        if isFailure {
            self.turn.failureCount &+= 1
            if self.episode.isOpen { self.episode.failureCount &+= 1 }
        } else {
            self.turn.successCount &+= 1
        }
        self.turn.sign(call)
        self.turn.lastWasDenied = false
        if call.startsBackground || call.leavesSubagent { self.answers.expectWakings() }
        // One failing call makes its parallel siblings fail: only the first failure of a round is evidence.
        if isFailure, self.rounds[index].hasFailure {
            if call.tool == .agent { self.subagents.end() }
            return
        }
        if isFailure { self.rounds[index].hasFailure = true }
        let judgement = self.judge(call, configuration)
        self.rounds[index].add(judgement.kind, self.weight(judgement, configuration), call)
        self.note(judgement.kind, at: call.time)
        // A message to another agent interrupts nothing.
        guard call.tool != .message else { return }
        self.failureStreak = isFailure ? self.failureStreak &+ 1 : 0
        self.planStreak = call.tool == .todo ? self.planStreak &+ 1 : 0
    }

    /// What a judged call means for the turn, the episode and the budgets.
    mutating func note(_ kind: EvidenceKind, at time: Timestamp) {
        switch kind {
        case .commit:
            self.turn.hasProgress = true
            self.turn.hasCommit = true
            if self.episode.isOpen { self.episode.commitCount &+= 1 }
            self.verification.tally.noteCommit()
            self.progress(at: time, isCommit: true)
        case .newEdit:
            self.turn.hasProgress = true
            if self.episode.isOpen { self.episode.editCount &+= 1 }
            self.verification.tally.noteEdit()
            self.progress(at: time, isCommit: false)
        // Without details it is one only by its size.
        case .repeatedEdit where !self.hasDetails: self.progress(at: time, isCommit: false)
        case .newAction, .changedOutcome, .changedVerdict: self.turn.learnedCount &+= 1
        default: break
        }
    }

    private mutating func judge(
        _ call: Observation,
        _ configuration: borrowing DetectionConfiguration
    ) -> Judgement {
        if call.isCommit { return Judgement(.commit) }
        if call.leavesSubagent {
            self.subagents.runOn()
            return Judgement(.newAction)
        }
        if call.tool == .agent {
            // A call that fails before a subagent begins is like that of any tool.
            if self.subagents.hasBegun || !call.outcome.isFailure {
                self.budgets.subagentFinished()
                return self.subagents.finish(call)
            }
            self.subagents.end()
        }
        self.subagents.note(call)
        // A message to another agent says nothing of its own: whether it helped, the other calls tell.
        guard call.action != 0, call.tool != .message || call.outcome.isFailure else { return .neutral }
        let (recalled, isKnown) = self.memory.recall(call.action)
        var record = recalled
        var judgement =
            isKnown ? self.judgeRepetition(call, record, configuration) : self.judgeNew(call, configuration)
        if !isKnown, judgement.kind == .sameTinyResult || judgement.kind == .sameTinyOutput {
            self.blurredTools |= call.tool.bit
        }
        self.verification.take(call, record, self.failures, configuration)
        if call.outcome.isFailure {
            self.failures.push(FailureMark(call, self.learning))
        } else {
            self.results.push(ResultMark(call, self.learning))
        }
        if judgement.kind == .repeatedEdit { self.edits.noteRepeat(self.learning) }
        if judgement.kind == .newEdit { judgement = self.edits.take(call, self.learning, configuration) }
        self.remember(&record, call, call.outcome, judgement.kind)
        self.waits.push(call.isWait)
        self.polls.take(call, judgement.kind, self.weight(judgement, configuration))
        // Several subagents at once may each do it once.
        let isEach = self.subagents.countMax > 1 && record.occurrenceCount <= self.subagents.countMax + 1
        return isKnown && isEach ? .neutral : judgement
    }

    mutating func remember(
        _ record: inout ActionRecord,
        _ call: Observation,
        _ outcome: Outcome,
        _ kind: EvidenceKind
    ) {
        record.second = UInt32(truncatingIfNeeded: call.time.second)
        record.add(outcome)
        record.learning = self.learning.mark(with: kind.learning)
        record.editCount = self.edits.count
        record.occurrenceCount = record.occurrenceCount.nextClamped
        record.failureCount = outcome.isFailure ? record.failureCount.nextClamped : 0
        self.memory.store(record)
    }

    // MARK: A call that was made before

    private func judgeRepetition(
        _ call: Observation,
        _ record: ActionRecord,
        _ configuration: borrowing DetectionConfiguration
    ) -> Judgement {
        let (likeness, isNewest) = record.likeness(to: call.outcome)
        let isFailure = call.outcome.isFailure
        if call.tool == .todo { return self.judgePlan() }
        if call.isWait || self.waits.areMost {
            if likeness == .different { return Judgement(.waitChangedOutcome) }
            return isFailure ? Judgement(.waitFailure, call.timeLost) : Judgement(.waitSameOutcome)
        }
        // Edits that were made before bring verdicts that were seen before: no news.
        let isRedone = self.edits.wasRedone(since: record)
        if record.changesVerdict(call.outcome) { return isRedone ? .neutral : Judgement(.changedVerdict) }
        if record.isUndecided { return isRedone ? .neutral : Judgement(.experiment) }
        if likeness == .different { return Judgement(.changedOutcome) }
        if call.tool.isEdit, !isFailure { return Judgement(.repeatedEdit) }
        if self.edits.changedFiles(since: record) { return Judgement(.sameOutcomeAfterEdit) }
        let discount =
            self.learning.staleness(since: record.learning, isFailure: isFailure, configuration)
            * (isNewest ? 1 : configuration.olderOutcomeFactor)
            * (self.isPaced(call, record, configuration) ? configuration.pacedFactor : 1)
        if isFailure, self.failureStreak > 0 {
            // The very same call fails, with nothing achieved in between.
            let isSame = self.hasDetails || likeness == .exact && !call.tool.isSearch
            return Judgement(isSame ? .sameFailure : .similarFailure, discount)
        }
        let kind: EvidenceKind = likeness == .exact || isFailure ? .sameOutcome : .nearOutcome
        if isFailure { return Judgement(kind, discount) }
        if !self.hasDetails { return self.judgeSize(call, kind, discount, configuration) }
        return Judgement(
            kind,
            kind == .nearOutcome && call.tool.isForeign ? configuration.foreignFactor * discount : discount
        )
    }

    /// A success without details: the action is only a tool and a size, and sizes collide.
    private func judgeSize(
        _ call: Observation,
        _ kind: EvidenceKind,
        _ discount: Float,
        _ configuration: borrowing DetectionConfiguration
    ) -> Judgement {
        // A command that ran for a while or printed nothing did some work; long results are of one size by chance.
        let size = call.outcome.resultByteCount
        let isQuick = call.durationMilliseconds < configuration.quickMilliseconds
        if call.tool == .bash && !(isQuick && size >= 4) || size > configuration.collidingResultBytes {
            return Judgement(.sameOutcome, configuration.collisionFactor)
        }
        if self.subagents.countMax > 1 {
            return Judgement(.sameOutcome, discount / Float(self.subagents.countMax * 2))
        }
        let isBlurred = self.blurredTools & call.tool.bit != 0
        return Judgement(
            kind,
            discount * (isBlurred ? configuration.blurredFactor : 1)
                * (call.tool.isForeign ? configuration.foreignFactor : 1)
        )
    }

    /// A look again after a pause is what a person does who waits for something.
    private func isPaced(
        _ call: Observation,
        _ record: ActionRecord,
        _ configuration: borrowing DetectionConfiguration
    ) -> Bool {
        guard !call.outcome.isFailure else { return false }
        // Signed: an event that comes late lies before the one that overtook it.
        let pause = Int32(bitPattern: UInt32(truncatingIfNeeded: call.time.second) &- record.second)
        return Float(pause) >= configuration.paceSeconds * Float(max(1, self.learning.rounds(since: record.learning)))
    }

    private func judgePlan() -> Judgement { Judgement(self.planStreak >= 3 ? .planning : .neutral) }

    // MARK: A new call

    private mutating func judgeNew(
        _ call: Observation,
        _ configuration: borrowing DetectionConfiguration
    ) -> Judgement {
        if call.outcome.isFailure { return self.judgeNewFailure(call, configuration) }
        if call.tool.isEdit { return Judgement(.newEdit) }
        if call.isWait { return Judgement(.newWait) }
        if call.tool == .todo { return self.judgePlan() }
        let isReread = call.tool == .read && call.file != 0 && self.reads.note(call.file)
        let size = call.outcome.resultByteCount
        if call.outcome.isCutOff, self.results.contains(where: { $0.resultByteCount == size }) { return .neutral }
        let isTiny = size >= 0 && size <= configuration.tinyResultBytes
        guard isTiny, let twin = self.results.first(where: { $0.isTwin(of: call) }) else {
            guard isReread else { return Judgement(.newAction) }
            return self.subagents.countMax > 1 ? .neutral : Judgement(.reread)
        }
        let staleness = self.learning.staleness(since: twin.learning, isFailure: false, configuration)
        return Judgement(call.tool.mayAct ? .sameTinyOutput : .sameTinyResult, staleness)
    }

    private func judgeNewFailure(
        _ call: Observation,
        _ configuration: borrowing DetectionConfiguration
    ) -> Judgement {
        let kin = { (mark: FailureMark) in mark.isOfSameKind(as: call) }
        guard let last = self.failures.first(where: kin) else { return Judgement(.newFailure) }
        if call.isWait { return Judgement(.waitFailure, call.timeLost) }
        let hasCause = self.failures.contains { $0.isOfSameKind(as: call) && $0.hasSameCause(as: call) }
        let isStreak = self.failureStreak > 0
        let staleness = self.learning.staleness(since: last.learning, isFailure: true, configuration)
        switch (call.tool, self.hasDetails) {
        case (.bash, true):
            let hasCommand = self.failures.contains { $0.hasSameCommand(as: call) }
            return Judgement(hasCause && hasCommand ? .similarFailure : .otherFailure, staleness)
        case (.bash, false):
            let isNear = self.failures.contains { $0.isOfSameKind(as: call) && $0.isAboutAsLong(as: call) }
            return Judgement(isNear ? .similarFailure : .otherFailure, staleness)
        case (_, true): return Judgement(hasCause && isStreak ? .sameFailure : .similarFailure, staleness)
        case (_, false):
            return Judgement(isStreak && !call.tool.isSearch ? .sameFailure : .similarFailure, staleness)
        }
    }
}
