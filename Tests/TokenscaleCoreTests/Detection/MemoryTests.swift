import Testing

@testable import TokenscaleCore

/// What is remembered of calls, and how a call is compared with it.
@Suite("Detection memory")
struct MemoryTests {
    private let configuration = DetectionConfiguration()

    @Test(
        "a repetition is stale when little was learnt since",
        arguments: [
            // rounds between, each teaches, success keeps, failure keeps
            (0, 1, 1, 1), (4, 0, 1, 1), (4, 0.25, 0.5, 0.75), (4, 0.5, 0.1, 0.5), (4, 1, 0.1, 0.45),
        ] as [(Int, Float, Float, Float)]
    )
    func staleness(between: Int, teaching: Float, success: Float, failure: Float) {
        var learning = Learning()
        learning.pass(3, teaching: 1)
        let mark = learning.mark(with: 1)
        // The round of the mark itself; what it taught is in the mark.
        learning.pass(1, teaching: 1)
        learning.pass(between, teaching: teaching)
        #expect(learning.staleness(since: mark, isFailure: false, self.configuration) == success)
        #expect(learning.staleness(since: mark, isFailure: true, self.configuration) == failure)
    }

    @Test("the rounds between are counted over the end of the counter's range")
    func wrappedRounds() {
        var learning = Learning()
        let mark = Learning.Mark(round: .max, taught: 0)
        learning.pass(2, teaching: 0)
        #expect(learning.rounds(since: mark) == 3)
    }

    @Test("a cycle of 22 actions is remembered, one of 23 is not", arguments: [(22, true), (23, false)])
    func capacity(length: UInt64, isKnown: Bool) {
        var memory = ActionMemory()
        for action in 1...length { memory.store(memory.recall(action).record) }
        #expect(memory.count == ActionMemory.capacity)
        #expect(memory.recall(1).isKnown == isKnown)
    }

    @Test("an action recalled moves to the newest place")
    func recency() {
        var memory = ActionMemory()
        for action in 1...UInt64(ActionMemory.capacity) { memory.store(memory.recall(action).record) }
        memory.store(memory.recall(1).record)
        memory.store(memory.recall(26).record)
        #expect(memory.recall(1).isKnown)
        #expect(!memory.recall(2).isKnown)
    }

    private static func outcome(_ size: Int32, _ failure: UInt16 = 0) -> Outcome {
        Outcome(resultByteCount: size, failure: failure)
    }

    @Test(
        "outcomes are alike by verdict and size",
        arguments: [
            (outcome(200), outcome(200), .exact), (outcome(200), outcome(216), .near),
            (outcome(200), outcome(217), .different), (outcome(2_000), outcome(2_040), .near),
            (outcome(2_000), outcome(2_042), .different), (outcome(90_000), outcome(90_049), .different),
            (outcome(200), outcome(200, 1), .different), (outcome(-1, 1), outcome(-1, 3), .near),
            (outcome(0), .none, .different), (.none, .none, .different),
            (outcome(.max), outcome(.min + 2), .different),
        ] as [(Outcome, Outcome, Outcome.Likeness)]
    )
    func likeness(one: Outcome, other: Outcome, expected: Outcome.Likeness) {
        #expect(one.likeness(to: other) == expected)
        #expect(other.likeness(to: one) == expected)
    }

    @Test("of an action's last four outcomes the fifth forgets the oldest, and one seen again is kept")
    func lastOutcomes() {
        var record = ActionRecord(action: 1)
        for size: Int32 in [1_000, 2_000, 3_000, 4_000] { record.add(Self.outcome(size)) }
        #expect(record.likeness(to: Self.outcome(4_000)) == (.exact, true))
        #expect(record.likeness(to: Self.outcome(1_000)) == (.exact, false))
        record.add(Self.outcome(1_000))
        record.add(Self.outcome(5_000))
        #expect(record.likeness(to: Self.outcome(1_000)).likeness == .exact)
        #expect(record.likeness(to: Self.outcome(2_000)).likeness == .different)
    }

    @Test("a result of a few bytes is not like outcomes that never were")
    func emptyPlaces() {
        var record = ActionRecord(action: 1)
        record.add(Self.outcome(900))
        #expect(record.likeness(to: Self.outcome(0)).likeness == .different)
    }

    @Test("an action is undecided when it failed and succeeded of late")
    func undecided() {
        var record = ActionRecord(action: 1)
        record.add(Self.outcome(200))
        #expect(!record.isUndecided)
        #expect(record.changesVerdict(Self.outcome(-1, 1)))
        record.add(Self.outcome(-1, 1))
        #expect(record.isUndecided)
    }

    @Test(
        "failures are compared by tool, error, file, command and length",
        arguments: [
            // The call after `make a` of Bash failed with E at f: of the same kind, cause, command, about as long
            (Observation.call(.bash, "make b", error: "E", file: "f"), [true, true, true, true]),
            (.call(.bash, "make b", error: "F", file: "f"), [false, true, true, true]),
            (.call(.bash, "make b", error: "F", file: "g"), [false, false, true, true]),
            (.call(.bash, "test b", error: "E", file: "g"), [true, true, false, true]),
            (.call(.mcp, "make b", error: "E", file: "g"), [false, true, false, true]),
            (.call(.bash, "make everything again", error: "E", file: "f"), [true, true, true, false]),
            (.event(.toolResult), [false, false, false, false]),
        ]
    )
    func failureMark(call: Observation, expected: [Bool]) {
        let mark = FailureMark(.call(.bash, "make a", error: "E", file: "f"), Learning())
        let seen = [
            mark.isOfSameKind(as: call), mark.hasSameCause(as: call), mark.hasSameCommand(as: call),
            mark.isAboutAsLong(as: call),
        ]
        #expect(seen == expected)
    }

    @Test(
        "a twin is another call of the same tool with a result of the same size; a search may name what it misses",
        arguments: [
            (ToolKind.grep, 13, true), (.grep, 15, true), (.grep, 16, false), (.bash, 12, true), (.bash, 13, false),
        ]
    )
    func twins(tool: ToolKind, size: Int64, isTwin: Bool) {
        let mark = ResultMark(.call(tool, "find a", result: 12), Learning())
        #expect(mark.isTwin(of: .call(tool, "find b", result: size)) == isTwin)
        #expect(!mark.isTwin(of: .call(.read, "find b", result: size)))
        #expect(!ResultMark().isTwin(of: .call(tool, "find b", result: size)))
    }

    @Test("most calls wait when three of the last six do")
    func waits() {
        var waits = WaitHistory()
        for isWait in [true, true, false, false, false] { waits.push(isWait) }
        #expect(!waits.areMost)
        waits.push(true)
        #expect(waits.areMost)
        waits.push(false)
        #expect(!waits.areMost)
    }

    @Test("edits between are seen by the records of other actions, and edits made before are told apart")
    func editsBetween() {
        var edits = EditHistory()
        var learning = Learning()
        var record = ActionRecord(action: 1)
        record.editCount = edits.count
        record.learning = learning.mark()
        #expect(!edits.changedFiles(since: record))
        learning.passRound()
        edits.noteRepeat(learning)
        #expect(edits.wasRedone(since: record))
        _ = edits.take(.call(.edit, "a", file: "f"), learning, self.configuration)
        #expect(edits.changedFiles(since: record))
        #expect(!edits.wasRedone(since: record))
    }

    @Test("edits of files that are not known are not edits of one file")
    func unknownFiles() {
        var edits = EditHistory()
        for edit in 1...60 {
            let kind = edits.take(.call(.edit, "\(edit)"), Learning(), self.configuration).kind
            #expect(kind == .newEdit, "\(edit)")
        }
    }

    @Test(
        "the 40th edit in a row of one file is no progress, unless something is learnt or another file is edited",
        arguments: [(0, false, .repeatedEdit), (1, false, .repeatedEdit), (0, true, .newEdit)]
            as [(Float, Bool, EvidenceKind)]
    )
    func churn(learnt: Float, hasOther: Bool, expected: EvidenceKind) {
        var edits = EditHistory()
        var learning = Learning()
        var last = Judgement.neutral
        for edit in 1...40 {
            let file = hasOther && edit == 20 ? "g" : "f"
            last = edits.take(.call(.edit, "\(edit)", file: file), learning, self.configuration)
            if edit < 40 { #expect(last.kind == .newEdit) }
            // The round of the edit, then one that teaches.
            learning.pass(1, teaching: last.kind.learning)
            learning.pass(1, teaching: learnt)
        }
        #expect(last.kind == expected)
        #expect(last.factor == 1 - learnt)
    }

    @Test("a tally counts from its onset on, and stops at what it can hold")
    func tally() {
        var tally = Tally()
        let tokens = TokenCounts(input: 1, output: 2, cacheRead: 4_000_000_000, cacheCreation: 3)
        tally.spend(tokens, costMicroUSD: 5)
        tally.passRound()
        tally.noteEdit()
        #expect(tally.expense.tokens == .zero)
        tally.add(.bash, at: Timestamp(seconds: 60))
        for _ in 1...2 {
            tally.spend(tokens, costMicroUSD: 5)
            tally.passRound()
            tally.noteEdit()
            tally.noteCommit()
        }
        #expect(
            tally.expense.tokens == TokenCounts(input: 2, output: 4, cacheRead: 4_294_967_295, cacheCreation: 6)
        )
        #expect(tally.expense.costMicroUSD == 10)
        #expect(tally.expense.roundCount == 2)
        #expect(tally.editCount == 2)
        #expect(tally.commitCount == 2)
    }

    @Test("a file is read often from the fifth time on, beside fifteen others, until something changes")
    func reads() {
        var reads = FileReads()
        for round in 1...6 {
            let areOften = (0..<16).map { reads.note($0) }
            #expect(areOften == Array(repeating: round >= 5, count: 16), "round \(round)")
        }
        reads.clear()
        // A seventeenth file takes the place of the one that came longest ago.
        let first = (0..<17).flatMap { file in (1...4).map { _ in reads.note(file) } }
        #expect(!first.contains(true))
        let (oldest, newest) = (reads.note(0), reads.note(16))
        #expect(!oldest)
        #expect(newest)
    }
}
