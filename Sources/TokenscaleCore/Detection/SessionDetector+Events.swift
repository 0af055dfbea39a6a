/// What each kind of event means; tool calls are judged in `SessionDetector+Calls.swift`.
extension SessionDetector {
    mutating func takePrompt(
        _ observation: Observation,
        _ session: UInt64,
        _ workload: inout WorkloadDetector,
        _ configuration: borrowing DetectionConfiguration
    ) {
        if observation.isMidTurn { return }
        let completed = self.turn.isComplete(workload.sendsResponses)
        self.closeRounds(at: observation.time, configuration)
        workload.turnStarted(session, observation.length, self.turn, at: observation.time, configuration)
        if let echo = self.answers.echo(observation, after: self.turn, at: self.lastTime, configuration) {
            self.add(Judgement(echo), observation, configuration)
        } else if completed || observation.length != self.turn.promptLength {
            // A person, or a scheduler, asked for something else: what was repeated before does not count against it.
            // The last failures stay: who cannot help only words the request anew.
            self.stuck.clear()
            self.episode = Episode()
            self.memory.removeAll()
            self.verification.clear()
            self.polls.clear()
            self.edits.forgetFile()
            self.reads.clear()
            self.budgets.clear()
        }
        self.budgets.beginTurn()
        self.subagents.forgetAll()
        self.blurredTools = 0
        self.answers.beginTurn()
        self.turn = Turn()
        self.turn.promptLength = observation.length
        self.turn.isOpen = true
    }

    mutating func takeRequest(
        _ observation: Observation,
        _ tokens: TokenCounts,
        _ cost: Int64,
        _ configuration: borrowing DetectionConfiguration
    ) {
        self.spend(tokens, costMicroUSD: cost)
        switch observation.querySource {
        case .auxiliary, .compaction: return
        case .main, .subagent, .unknown: break
        }
        let index = self.round(of: observation, configuration)
        self.rounds[index].hasRequest = true
        self.rounds[index].isMain = observation.querySource != .subagent
        self.rounds[index].outputTokens = observation.outputTokens
        self.rounds[index].weightedTokens += observation.weightedTokens
        let idle = Float(observation.time.seconds(since: self.lastTime))
        let busy = Float(max(0, observation.durationMilliseconds)) / 1000
        self.rounds[index].isWoken = self.lastTime != .zero && idle - busy >= configuration.wakeSeconds
        if self.requestFailures.areRelieved(by: observation) {
            let relief = self.weight(Judgement(.newAction, 2), configuration)
            self.requestFailures.add(relief, round: self.learning.round, configuration)
        }
        self.turn.requestCount &+= 1
        self.turn.outputTokens = observation.outputTokens
        self.turn.lastHadTool = self.rounds[index].hasTool
        self.turn.lastHadResponse = false
        self.turn.isOpen = true
    }

    mutating func takeResponse(_ observation: Observation) {
        self.turn.sendsResponses = true
        self.turn.lastHadResponse = true
        self.turn.responseLength = observation.length
        for index in self.rounds.indices where self.rounds[index].agent == observation.agent {
            self.rounds[index].responseLength = observation.length
        }
    }

    mutating func takeDecision(
        _ observation: Observation,
        _ configuration: borrowing DetectionConfiguration
    ) {
        if observation.isAccepted == .yes {
            if observation.tool == .agent { self.subagents.start() }
            return
        }
        guard observation.isAccepted == .no else { return }
        let index = self.round(of: observation, configuration)
        self.rounds[index].hasTool = true
        self.turn.lastHadTool = true
        self.turn.rejectCount &+= 1
        let judgement: Judgement
        switch observation.decisionSource {
        case .userReject, .userAbort, .userTemporary, .userPermanent: judgement = Judgement(.person)
        case .config, .hook, .unknown: judgement = self.judgeDenial(observation, configuration)
        }
        self.rounds[index].add(judgement.kind, self.weight(judgement, configuration), observation)
    }

    /// The rules denied a call: again when it is the same call, or one call after the other.
    private mutating func judgeDenial(
        _ observation: Observation,
        _ configuration: borrowing DetectionConfiguration
    ) -> Judgement {
        let (known, isKnown) = self.memory.recall(observation.action ^ KeyedHash.primes.2)
        var record = known
        let isStreak = self.turn.lastWasDenied
        self.turn.lastWasDenied = true
        // Without arguments the action is the tool's name: of commands and of MCP tools that says nothing.
        let isSame = isKnown && (observation.hasDetails || observation.tool != .bash && observation.tool != .mcp)
        if isSame || isStreak { self.verification.deny(observation, configuration) }
        let kind: EvidenceKind = isSame || isStreak ? .deniedAgain : .newFailure
        let staleness =
            isKnown ? self.learning.staleness(since: record.learning, isFailure: true, configuration) : 1
        self.remember(&record, observation, .none, kind)
        return Judgement(kind, staleness)
    }

    mutating func takeError(
        _ observation: Observation,
        _ workload: inout WorkloadDetector,
        _ configuration: borrowing DetectionConfiguration
    ) {
        let isProvider = observation.statusCode <= 0 || observation.statusCode == 429 || observation.statusCode >= 500
        if isProvider { workload.lastProviderFailure = observation.time }
        // The summary of the retries follows the error itself.
        if observation.kind == .apiRetriesExhausted { return }
        self.closeRounds(at: observation.time, configuration)
        self.turn.errorCount &+= 1
        if self.episode.isOpen { self.episode.failureCount &+= 1 }
        self.add(self.requestFailures.take(observation), observation, configuration)
    }

    /// A subagent that ran in the background ended: it woke the model, and belongs to no round.
    mutating func takeCompletion(_ observation: Observation, _ configuration: borrowing DetectionConfiguration) {
        guard let judgement = self.subagents.complete(observation) else { return }
        self.budgets.subagentFinished()
        if judgement.kind == .childRepeats { self.add(judgement, observation, configuration) }
    }

    mutating func takeRefusal(_ observation: Observation, _ configuration: borrowing DetectionConfiguration) {
        self.turn.wasRefused = true
        self.add(Judgement(.refusal), observation, configuration)
    }

    mutating func takeHook(_ observation: Observation, _ configuration: borrowing DetectionConfiguration) {
        guard observation.isStopHook, observation.blockingHookCount > 0 else { return }
        self.add(Judgement(.blockedByHook), observation, configuration)
    }

    mutating func takeCompaction(
        _ observation: Observation,
        _ configuration: borrowing DetectionConfiguration
    ) {
        self.closeRounds(at: observation.time, configuration)
        if let kind = self.compactions.take(observation, round: self.learning.round, configuration) {
            self.add(Judgement(kind), observation, configuration)
        }
    }
}
