import Testing

@testable import TokenscaleCore

/// The sums and streaks beside the session's sum of evidence, each by its own rule.
@Suite("Detection rules")
struct RuleTests {
    private let configuration = DetectionConfiguration()

    // MARK: Polls

    @Test("a poll adds up whatever is looked at meanwhile, until its outcome changes or another is waited for")
    func polls() {
        var polls = PollStreak()
        let status = Observation.call(.bash, "status", at: 1)
        polls.take(status, .waitSameOutcome, 0.5)
        polls.take(.call(.grep, "why"), .newAction, -1.5)
        polls.take(.call(.bash, "status", at: 3), .waitSameOutcome, 0.5)
        #expect(polls.score == 1)
        #expect(polls.tally.count == 2)
        #expect(polls.tally.onset == status.time)
        #expect(polls.tally.tool == .bash)
        var changed = polls
        changed.take(status, .waitChangedOutcome, -0.3)
        #expect(changed.score == 0)
        #expect(changed.tally.count == 0)
        polls.take(.call(.bash, "logs", at: 5), .waitSameOutcome, 0.5)
        #expect(polls.score == 0.5)
        #expect(polls.tally.count == 1)
    }

    // MARK: Subagents

    private func finish(_ subagents: inout Subagents, after tools: [ToolKind], failing: Bool) -> EvidenceKind {
        subagents.start()
        for tool in tools { subagents.note(.call(tool, "x", error: failing ? "E" : nil)) }
        return subagents.finish(.call(.agent, "do")).kind
    }

    @Test("a subagent repeats the one before when it did the same and failed at it, in any order")
    func subagents() {
        var subagents = Subagents()
        #expect(self.finish(&subagents, after: [.read, .bash], failing: true) == .neutral)
        #expect(self.finish(&subagents, after: [.grep], failing: true) == .neutral)
        #expect(self.finish(&subagents, after: [.bash, .read], failing: true) == .childRepeats)
        #expect(self.finish(&subagents, after: [.read, .bash], failing: false) == .newAction)
        #expect(self.finish(&subagents, after: [.read, .bash], failing: false) == .newAction)
    }

    @Test("subagents in flight are counted until they end, at most 64")
    func subagentCount() {
        var subagents = Subagents()
        for _ in 0..<70 { subagents.start() }
        #expect(subagents.count == 64)
        for _ in 0..<63 { subagents.end() }
        #expect(subagents.count == 1)
        #expect(subagents.countMax == 64)
        subagents.end()
        subagents.end()
        #expect(subagents.count == 0)
        #expect(subagents.countMax == 0)
    }

    @Test("a subagent in the background is in flight until it is completed; one in the foreground is not ended twice")
    func backgroundSubagents() {
        var subagents = Subagents()
        subagents.start()
        subagents.start()
        subagents.runOn()
        #expect(subagents.count == 2)
        #expect(subagents.complete(.call(.other, "completed")) != nil)
        #expect(subagents.count == 1)
        #expect(subagents.complete(.call(.other, "completed")) == nil)
        #expect(subagents.count == 1)
        _ = subagents.finish(.call(.agent, "do"))
        #expect(subagents.count == 0)
    }

    @Test("what a subagent did before a prompt ended it is not the next one's")
    func subagentsForgotten() {
        var subagents = Subagents()
        subagents.start()
        subagents.note(.call(.bash, "x", error: "E"))
        #expect(subagents.hasBegun)
        subagents.forgetAll()
        #expect(!subagents.hasBegun)
        #expect(self.finish(&subagents, after: [.read], failing: false) == .newAction)
    }

    @Test("calls of several subagents that name none are nobody's")
    func unnamedSubagents() {
        var subagents = Subagents()
        subagents.start()
        subagents.start()
        subagents.note(.call(.bash, "x"))
        #expect(!subagents.hasBegun)
        subagents.note(.call(.bash, "x") { $0.agent = 7 })
        #expect(subagents.hasBegun)
    }

    // MARK: Answers without a tool

    private func answer(_ length: Int32, tokens: Int32 = 0, isWoken: Bool = false) -> Round {
        var round = Round(agent: 0, request: 0)
        round.responseLength = length
        round.outputTokens = tokens
        round.isWoken = isWoken
        return round
    }

    @Test(
        "an answer within a tenth of the one before is the same; without lengths its tokens tell",
        arguments: [
            (400, 0, 440, 0, true), (400, 0, 445, 0, false), (0, 0, 0, 0, true),
            (-1, 100, -1, 109, true), (-1, 100, -1, 120, false), (-1, 8, -1, 8, false), (400, 90, -1, 90, true),
            (-1, 90, 400, 90, false), (.max, 0, 0, 0, false),
        ] as [(Int32, Int32, Int32, Int32, Bool)]
    )
    func answers(length: Int32, tokens: Int32, nextLength: Int32, nextTokens: Int32, isSame: Bool) {
        var answers = Answers()
        #expect(answers.judge(self.answer(length, tokens: tokens), self.configuration)?.kind == .noTool)
        let next = answers.judge(self.answer(nextLength, tokens: nextTokens, isWoken: true), self.configuration)
        #expect(next?.kind == (isSame ? .noToolSameLength : .noTool))
        #expect(next?.factor == self.configuration.wakeFactor)
        answers.beginTurn()
        #expect(answers.judge(self.answer(nextLength, tokens: nextTokens), self.configuration)?.kind == .noTool)
    }

    @Test("what runs in the background wakes the model four times, at most 60 times in all")
    func wakings() {
        var answers = Answers()
        answers.expectWakings()
        for _ in 0..<4 { #expect(answers.judge(self.answer(400), self.configuration) == nil) }
        #expect(answers.judge(self.answer(400), self.configuration) != nil)
        for _ in 0..<100 { answers.expectWakings() }
        for _ in 0..<60 { #expect(answers.judge(self.answer(400), self.configuration) == nil) }
        #expect(answers.judge(self.answer(400), self.configuration) != nil)
    }

    @Test(
        "a prompt again after the same lone answer is an echo, a weaker one after a pause",
        arguments: [
            // seconds to the prompt, its length, tool calls of the turn, answers of the turns
            (2, 50, 0, 300, 300, .noToolSameLength), (30, 50, 0, 300, 300, .sameAnswerLater), (2, 51, 0, 300, 300, nil),
            (2, 50, 1, 300, 300, nil), (2, 50, 0, 300, 400, nil),
        ] as [(Int64, Int64, UInt32, Int32, Int32, EvidenceKind?)]
    )
    func echo(after pause: Int64, length: Int64, calls: UInt32, first: Int32, second: Int32, kind: EvidenceKind?) {
        var answers = Answers()
        var seen: EvidenceKind?
        for (index, response) in [first, second].enumerated() {
            var turn = Turn()
            turn.promptLength = 50
            turn.requestCount = 1
            turn.responseLength = response
            turn.successCount = calls
            let answered = Int64(index) * 100
            let prompt = Observation.event(.userPrompt, at: answered + pause) { $0.promptLength = length }
            let lastTime = Observation.event(.other, at: answered).time
            seen = answers.echo(prompt, after: turn, at: lastTime, self.configuration)
            if index == 0 { #expect(seen == nil) }
        }
        #expect(seen == kind)
    }

    // MARK: Budgets

    @Test("stale rounds burn tokens, waiting ones half, good ones give half back; edits keep a quarter")
    func burn() {
        var budgets = Budgets()
        var round = Round(agent: 0, request: 0)
        round.weightedTokens = 1_000
        let time = Timestamp(seconds: 1)
        budgets.spend(round, evidence: 2, subagentCount: 0, at: time)
        #expect(budgets.burntTokens == 1_000)
        budgets.spend(round, evidence: -1, subagentCount: 0, at: time)
        #expect(budgets.burntTokens == 500)
        budgets.spend(round, evidence: 0, subagentCount: 0, at: time)
        round.kind = .waitSameOutcome
        budgets.spend(round, evidence: 0.15, subagentCount: 0, at: time)
        #expect(budgets.burntTokens == 1_000)
        budgets.edited()
        #expect(budgets.burntTokens == 250)
        budgets.spend(round, evidence: -1, subagentCount: 0, at: time)
        #expect(budgets.burntTokens == 0)
    }

    @Test("rounds without progress count, those of parallel subagents once for all; a finished one halves them")
    func stagnation() {
        var budgets = Budgets()
        var round = Round(agent: 0, request: 0)
        round.weightedTokens = 1_000
        for second: Int64 in 1...4 {
            budgets.spend(round, evidence: 0, subagentCount: 0, at: Timestamp(seconds: second))
        }
        for _ in 0..<4 { budgets.spend(round, evidence: 0, subagentCount: 4, at: Timestamp(seconds: 9)) }
        #expect(budgets.stagnantRounds == 5)
        #expect(budgets.stagnantTokens == 8_000)
        #expect(budgets.stagnation.onset == Timestamp(seconds: 1))
        #expect(budgets.stagnation.newest == Timestamp(seconds: 9))
        budgets.subagentFinished()
        #expect(budgets.stagnantRounds == 2.5)
        #expect(budgets.stagnantTokens == 4_000)
        budgets.beginTurn()
        #expect(budgets.stagnantRounds == 0)
        #expect(budgets.stagnation.count == 0)
    }

    // MARK: Requests and compactions

    private func error(_ status: Int64, _ source: QuerySource = .main) -> Observation {
        .event(.apiError) {
            $0.statusCode = status
            $0.querySource = source
        }
    }

    @Test("a request fails again with the same status only, and only its own kind of agent's success forgives it")
    func requestFailures() {
        var failures = RequestFailures()
        #expect(failures.take(self.error(529)).kind == .apiErrorFirst)
        failures.add(1, round: 1, self.configuration)
        #expect(failures.take(self.error(500)).kind == .apiErrorFirst)
        #expect(failures.take(self.error(500, .subagent)).kind == .apiErrorAgain)
        let main = Observation.event(.apiRequest) { $0.querySource = .main }
        #expect(!failures.areRelieved(by: main))
        let subagent = Observation.event(.apiRequest) { $0.querySource = .subagent }
        #expect(failures.areRelieved(by: subagent))
        failures.add(-1, round: 2, self.configuration)
        #expect(failures.evidence.score == 0)
        #expect(!failures.areRelieved(by: subagent))
        #expect(failures.take(self.error(500, .subagent)).kind == .apiErrorFirst)
    }

    @Test(
        "a compaction within eight rounds is soon; a context that holds longer forgives",
        arguments: [(8, 1), (9, 0)]
    )
    func compactions(rounds: UInt32, count: Int) {
        var compactions = Compactions()
        let compaction = Observation.event(.compaction) { $0.success = .yes }
        #expect(compactions.take(compaction, round: 5, self.configuration) == nil)
        compactions.add(6, round: 5, self.configuration)
        let kind = compactions.take(compaction, round: 5 + rounds, self.configuration)
        #expect(kind == (count == 1 ? .compactionSoon : nil))
        #expect(compactions.evidence.score == (count == 1 ? 6 : 0))
        let failed = Observation.event(.compaction) { $0.success = .no }
        #expect(compactions.take(failed, round: 100, self.configuration) == .compactionFailed)
    }

    @Test("compactions are forgotten after 24 rounds without one")
    func compactionsForgotten() {
        var compactions = Compactions()
        _ = compactions.take(.event(.compaction), round: 1, self.configuration)
        compactions.add(6, round: 1, self.configuration)
        compactions.passRound(25, self.configuration)
        #expect(compactions.evidence.level == 1)
        compactions.passRound(26, self.configuration)
        #expect(compactions.evidence.level == 0)
    }

    // MARK: Sums and episodes

    @Test("a level once reached holds until the score falls to the clearing value; the score has a limit")
    func evidenceSum() {
        var sum = EvidenceSum()
        let steps: [(evidence: Float, score: Float, level: UInt8)] = [
            (-3, 0, 0), (5, 5, 1), (3, 8, 2), (-5, 3, 2), (-1, 2, 0), (6, 8, 2), (4, 12, 3), (90, 16, 3), (-13, 3, 3),
            (-1, 2, 0),
        ]
        for step in steps {
            sum.add(step.evidence, round: 1, mayBeCritical: true, self.configuration)
            #expect(sum.score == step.score)
            #expect(sum.level == step.level)
        }
    }

    @Test("a warning becomes critical when it may, or when it stays open for 100 rounds")
    func escalation() {
        var sum = EvidenceSum()
        sum.add(14, round: 7, mayBeCritical: false, self.configuration)
        #expect(sum.level == 2)
        sum.add(0, round: 106, mayBeCritical: false, self.configuration)
        #expect(sum.level == 2)
        sum.add(0, round: 107, mayBeCritical: false, self.configuration)
        #expect(sum.level == 3)
    }

    @Test(
        "one action that comes back is no cycle; several in turn are",
        arguments: [
            ([1, 1, 1, 1], LoopPattern.identicalAction), ([1, 2, 1, 2], .cycle), ([1, 1, 2, 2], .identicalAction),
            ([1, 2, 3, 3, 3], .identicalAction),
        ]
    )
    func episodePattern(actions: [UInt64], pattern: LoopPattern) {
        var episode = Episode()
        for (second, action) in actions.enumerated() {
            episode.add(2, .sameOutcome, .read, action, at: Timestamp(seconds: Int64(second) + 1))
        }
        #expect(episode.pattern == pattern)
        #expect(episode.onset == Timestamp(seconds: 1))
        #expect(episode.lastEvidence == Timestamp(seconds: Int64(actions.count)))
        #expect(Int(episode.repeatCount) == actions.count)
    }

    @Test("an episode is named after its strongest evidence, and only hard evidence may wake somebody")
    func episodeStrongest() {
        var episode = Episode()
        episode.add(2, .sameFailure, .bash, 1, at: Timestamp(seconds: 1))
        episode.add(0.5, .planning, .todo, 2, at: Timestamp(seconds: 2))
        #expect(episode.pattern == .failingAction)
        #expect(episode.tool == .bash)
        #expect(episode.hardEvidence == 2)
    }
}
