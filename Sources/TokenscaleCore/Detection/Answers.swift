/// Answers without a tool call: the model talks, and is called again.
struct Answers {
    // Of the round before; -1 when there was none or the sender does not tell.
    private var length: Int32 = -1
    private var tokens: Int32 = -1

    // Of the turn before, when a lone answer was all of it.
    private var turnLength: Int32 = -1
    private var turnTokens: Int32 = -1

    /// Wakings to come: what runs in the background calls the model when it ends, and needs no tool then.
    private var wakingCount: UInt8 = 0

    mutating func expectWakings() { self.wakingCount = min(60, self.wakingCount + 4) }

    mutating func beginTurn() {
        self.length = -1
        self.tokens = -1
    }

    /// A round without a tool call that did not end the turn.
    mutating func judge(_ round: Round, _ configuration: borrowing DetectionConfiguration) -> Judgement? {
        if self.wakingCount > 0 {
            self.wakingCount -= 1
            return nil
        }
        let isSame: Bool
        if round.responseLength >= 0, self.length >= 0 {
            isSame = Self.areAlike(round.responseLength, self.length)
        } else {
            isSame = round.responseLength < 0 && self.tokens > 8 && Self.areAlike(round.outputTokens, self.tokens)
        }
        self.length = round.responseLength
        self.tokens = round.outputTokens
        return Judgement(isSame ? .noToolSameLength : .noTool, round.isWoken ? configuration.wakeFactor : 1)
    }

    /// The turn before `prompt` was one answer without a tool, as long as the answer before it, to a prompt as long as
    /// this one: somebody asks the same again and gets the same answer. A prompt that comes at once is a program's.
    mutating func echo(
        _ prompt: Observation,
        after turn: Turn,
        at lastTime: Timestamp,
        _ configuration: borrowing DetectionConfiguration
    ) -> EvidenceKind? {
        let isBare = turn.requestCount == 1 && turn.successCount + turn.failureCount == 0
        let (length, tokens) = (self.turnLength, self.turnTokens)
        self.turnLength = isBare ? turn.responseLength : -1
        self.turnTokens = isBare ? turn.outputTokens : -1
        guard isBare, prompt.length == turn.promptLength else { return nil }
        // An answer of exactly as many tokens was cut off at the limit.
        if turn.outputTokens > 4_000, turn.outputTokens == tokens { return .noToolSameLength }
        guard turn.responseLength > 0, length > 0 else { return nil }
        guard Self.areAlike(turn.responseLength, length) else { return nil }
        let isProgram = prompt.time.seconds(since: lastTime) < Double(configuration.wakeSeconds)
        return isProgram ? .noToolSameLength : .sameAnswerLater
    }

    /// Within a tenth of the newer one.
    private static func areAlike(_ newer: Int32, _ older: Int32) -> Bool {
        abs(Int(newer) - Int(older)) * 10 <= max(Int(newer), 1)
    }
}
