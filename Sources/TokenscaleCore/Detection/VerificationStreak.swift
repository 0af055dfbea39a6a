/// The verification streak: one command, or one program with other arguments, keeps failing whatever else is done; or
/// the rules keep denying.
///
/// A sum of its own beside the session's, because edits in between clear that one: it falls only when the command
/// succeeds, a person asks for something else, or work is committed and the command does not fail just as before
/// (``commit()``).
struct VerificationStreak {
    /// Of one exact action.
    private var exact: Float = 0
    /// Of one program with other arguments.
    private var related: Float = 0
    private var action: UInt32 = 0
    private var command: UInt32 = 0
    private var isDenied = false
    /// The last failure told its size: whether the next one is the same will be known.
    private var tellsSize = false
    /// Commits since the command last failed.
    private var commitCount: UInt8 = 0
    /// The failures and denials that counted.
    var tally = Tally()

    var score: Float { self.exact + self.related }

    var pattern: LoopPattern {
        if self.isDenied { return .permissionDenied }
        return self.related > self.exact ? .failingAction : .verificationFailure
    }

    /// Work was committed. Whether that helped, the next failure tells, if it tells its size: the sum stays until then,
    /// so that a loop that commits in every lap is one finding. A success of the program, another check's failure or a
    /// third commit ends the waiting.
    mutating func commit() {
        self.related = 0
        self.commitCount += 1
        if !self.tellsSize || self.commitCount == 3 { self.clear() }
    }

    mutating func clear() {
        self.tellsSize = false
        self.commitCount = 0
        self.exact = 0
        self.related = 0
        self.tally = Tally()
    }

    /// The rules denied the same call again, or one call after the other.
    mutating func deny(_ decision: Observation, _ configuration: borrowing DetectionConfiguration) {
        if self.commitCount > 0 { self.clear() }
        self.tally.add(decision.tool, at: decision.time)
        self.exact += configuration.verificationSame
        self.tellsSize = false
        self.isDenied = true
    }

    /// - Parameters:
    ///   - record: What is remembered of the call, without this outcome.
    ///   - failures: The last failures of the session, without this one.
    mutating func take(
        _ call: Observation,
        _ record: ActionRecord,
        _ failures: LastFour<FailureMark>,
        _ configuration: borrowing DetectionConfiguration
    ) {
        guard call.tool == .bash || call.tool == .mcp else { return }
        guard call.outcome.isFailure else {
            let isProgram = call.command == self.command
            if call.actionMark == self.action || isProgram && self.commitCount > 0 { self.exact = 0 }
            if call.actionMark == self.action || isProgram { self.related = 0 }
            if self.score == 0 { self.clear() }
            return
        }
        if record.failureCount > 0 {
            if self.commitCount > 0, call.actionMark != self.action || !Self.isSame(call, record) { self.clear() }
            self.commitCount = 0
            let weight = Self.weight(call, record, configuration)
            if weight > 0 { self.tally.add(call.tool, at: call.time) }
            self.exact += weight
            self.tellsSize = call.outcome.tellsSize
            self.action = call.actionMark
        } else {
            let isRelated = failures.contains { $0.command == call.command && $0.errorType == call.errorType }
            guard call.command != 0, isRelated else { return }
            self.tally.add(call.tool, at: call.time)
            self.related += configuration.verificationRelated * (call.isWait ? 2 : 1)
        }
        self.command = call.command
        self.isDenied = false
    }

    private static func isSame(_ call: Observation, _ record: ActionRecord) -> Bool {
        call.outcome.tellsSize && record.likeness(to: call.outcome).likeness == .exact
    }

    /// A failure that reports more or less than the one before is being worked off and does not count. Claude Code
    /// tells no result size of a failure: then every failure looks the same and says less.
    private static func weight(
        _ call: Observation,
        _ record: ActionRecord,
        _ configuration: borrowing DetectionConfiguration
    ) -> Float {
        if Self.isSame(call, record) { return configuration.verificationSame }
        let isAlike = record.likeness(to: call.outcome).likeness != .different
        return isAlike || call.outcome.resultByteCount < 0 ? configuration.verificationChanged : 0
    }
}
