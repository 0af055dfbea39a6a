/// Rounds: how events are joined to them, and how their evidence adds up.
extension SessionDetector {
    /// Rounds of so many agents may be open at once; more end the oldest.
    private static let openRoundCountMax = 4

    /// The open round that `observation` belongs to; closes the one before it.
    mutating func round(
        of observation: Observation,
        _ configuration: borrowing DetectionConfiguration
    ) -> Int {
        let agent = observation.agent
        for index in self.rounds.indices where self.rounds[index].agent == agent {
            let request = self.rounds[index].request
            let isNew =
                observation.request != 0 && request != 0 && request != observation.request
                || observation.kind == .apiRequest && self.rounds[index].hasRequest
            if !isNew {
                if request == 0 { self.rounds[index].request = observation.request }
                return index
            }
            self.close(self.rounds[index], isLast: false, observation.time, configuration)
            self.rounds[index] = Round(agent: agent, request: observation.request)
            return index
        }
        if self.rounds.count == Self.openRoundCountMax {
            let oldest = self.rounds.removeFirst()
            self.close(oldest, isLast: true, observation.time, configuration)
        }
        self.rounds.append(Round(agent: agent, request: observation.request))
        return self.rounds.count - 1
    }

    mutating func closeRounds(at time: Timestamp, _ configuration: borrowing DetectionConfiguration) {
        for index in self.rounds.indices { self.close(self.rounds[index], isLast: true, time, configuration) }
        self.rounds.removeAll(keepingCapacity: true)
    }

    /// - Parameter isLast: No further request follows in this turn: an answer without a tool is then the turn's end.
    private mutating func close(
        _ round: Round,
        isLast: Bool,
        _ time: Timestamp,
        _ configuration: borrowing DetectionConfiguration
    ) {
        var round = round
        guard round.hasRequest || round.hasTool else { return }
        self.learning.passRound()
        if round.isMain { self.turn.roundCount &+= 1 }
        if !round.hasTool {
            guard round.isMain, !isLast, self.tellsWork else { return }
            if let judgement = self.answers.judge(round, configuration) {
                round.kind = judgement.kind
                round.evidenceCount = 1
                round.evidence = self.weight(judgement, configuration)
            }
        }
        let evidence = round.meanEvidence
        self.learning.add(round.meanLearning)
        self.budgets.spend(round, evidence: evidence, subagentCount: self.subagents.count, at: time)
        self.compactions.passRound(self.learning.round, configuration)
        self.episode.passRound()
        self.verification.tally.passRound()
        self.polls.tally.passRound()
        self.budgets.stagnation.passRound()
        self.add(evidence, round.kind, round.tool, round.action, time, configuration)
    }

    func weight(_ judgement: Judgement, _ configuration: borrowing DetectionConfiguration) -> Float {
        let weight = configuration[judgement.kind]
        return judgement.factor * (self.hasDetails ? weight.detailed : weight.sizesOnly)
    }

    /// Evidence of an event that belongs to no round.
    mutating func add(
        _ judgement: Judgement,
        _ observation: Observation,
        _ configuration: borrowing DetectionConfiguration
    ) {
        self.add(
            self.weight(judgement, configuration),
            judgement.kind,
            observation.tool,
            observation.action,
            observation.time,
            configuration
        )
    }

    mutating func add(
        _ evidence: Float,
        _ kind: EvidenceKind,
        _ tool: ToolKind,
        _ action: UInt64,
        _ time: Timestamp,
        _ configuration: borrowing DetectionConfiguration
    ) {
        if evidence > 0 { self.episode.add(evidence, kind, tool, action, at: time) }
        let round = self.learning.round
        switch kind.pattern {
        case .apiError: self.requestFailures.add(evidence, round: round, configuration)
        case .compaction: self.compactions.add(evidence, round: round, configuration)
        default:
            // Soft evidence alone must fill the sum to its limit before somebody is woken.
            let isHard = self.episode.hardEvidence >= configuration.warningScore / 2
            let mayBeCritical = isHard || self.stuck.score + evidence >= configuration.scoreLimit
            self.stuck.add(evidence, round: round, mayBeCritical: mayBeCritical, configuration)
        }
        if self.trail != nil {
            self.trail?.append(
                EvidenceEntry(time: time, kind: kind, evidence: evidence, score: self.stuck.score, tool: tool)
            )
        }
        let hasNothing =
            self.stuck.score == 0 && self.requestFailures.evidence.score == 0 && self.compactions.evidence.score == 0
        if hasNothing { self.episode = Episode() }
    }

    /// Counts for everything that tells what was spent since its onset.
    mutating func spend(_ tokens: TokenCounts, costMicroUSD: Int64) {
        self.episode.spend(tokens, costMicroUSD: costMicroUSD)
        self.verification.tally.spend(tokens, costMicroUSD: costMicroUSD)
        self.polls.tally.spend(tokens, costMicroUSD: costMicroUSD)
        self.budgets.stagnation.spend(tokens, costMicroUSD: costMicroUSD)
    }

    /// Something was achieved: the budgets begin anew.
    mutating func progress(at time: Timestamp, isCommit: Bool) {
        self.lastProgress = time
        self.polls.clear()
        self.reads.clear()
        guard isCommit else { return self.budgets.edited() }
        self.budgets.clear()
        self.verification.commit()
        self.edits.forgetFile()
    }
}
