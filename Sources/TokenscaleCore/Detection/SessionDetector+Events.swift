/// What each kind of event means.
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
        if self.echoes(observation, configuration) {
            // A program, not a person, asks the same again and gets the same answer.
            self.addDirect(.noToolSameLength, 1, observation, configuration)
        } else if completed || observation.length != self.turn.promptLength {
            // A person, or a scheduler, asked for something else: what was repeated before does not count against it.
            self.stuck.clear()
            self.episode = Episode()
            self.memory.removeAll()
            self.verification = 0
            self.relatedFailures = 0
            self.churnCount = 0
            self.burntTokens = 0
        }
        self.stagnantRounds = 0
        self.stagnantTokens = 0
        self.laneCount = 0
        self.laneCountMax = 0
        self.blurredTools = 0
        self.lastTextLength = -1
        self.lastTextTokens = -1
        self.turn = Turn()
        self.turn.promptLength = observation.length
        self.turn.isOpen = true
    }

    /// The turn before was one answer without a tool, as long as the answer before it, to a prompt as long as this one,
    /// which comes at once.
    private mutating func echoes(_ prompt: Observation, _ configuration: borrowing DetectionConfiguration) -> Bool {
        let length = self.turn.responseLength
        let previous = self.echoLength
        let isBare = self.turn.requestCount == 1 && self.turn.successCount + self.turn.failureCount == 0
        self.echoLength = isBare ? length : -1
        // An answer of exactly as many tokens was cut off at the limit.
        let isCutOff = isBare && self.turn.outputTokens > 4_000 && self.turn.outputTokens == self.echoTokens
        self.echoTokens = isBare ? self.turn.outputTokens : -1
        guard isBare, prompt.length == self.turn.promptLength else { return false }
        if isCutOff { return true }
        guard length > 0, previous > 0 else { return false }
        guard prompt.time.seconds(since: self.lastTime) < Double(configuration.wakeSeconds) else { return false }
        return abs(Int(length) - Int(previous)) * 10 <= Int(length)
    }

    mutating func takeRequest(
        _ observation: Observation,
        _ tokens: TokenCounts,
        _ cost: Int64,
        _ configuration: borrowing DetectionConfiguration
    ) {
        if self.episode.isOpen {
            self.episode.tokens += tokens
            self.episode.costMicroUSD = self.episode.costMicroUSD.addingClamped(cost)
        }
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
        if self.provider.score > 0, self.lastErrorIsSubagent == (observation.querySource == .subagent) {
            self.provider.add(
                self.weight(.newAction, configuration) * 2,
                round: self.roundCount,
                mayBeCritical: true,
                configuration
            )
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
            if observation.tool == .agent { self.openLane() }
            return
        }
        guard observation.isAccepted == .no else { return }
        let index = self.round(of: observation, configuration)
        self.rounds[index].hasTool = true
        self.turn.lastHadTool = true
        self.turn.rejectCount &+= 1
        switch observation.decisionSource {
        case .userReject, .userAbort, .userTemporary, .userPermanent:
            self.rounds[index].add(.person, self.weight(.person, configuration), observation)
        case .config, .hook, .unknown:
            let (known, isKnown) = self.memory.recall(observation.action ^ KeyedHash.primes.2)
            var record = known
            let isStreak = self.turn.lastWasDenied
            self.turn.lastWasDenied = true
            if isKnown || isStreak {
                self.verification += configuration.verificationSame
                self.verificationIsDenied = true
            }
            let kind: EvidenceKind = isKnown || isStreak ? .deniedAgain : .newFailure
            let factor: Float =
                isKnown
                ? self.staleness(since: record.round, record.learning, isFailure: true, configuration)
                : isStreak ? 0.7 : 0.5
            self.remember(&record, observation, .none, kind)
            self.rounds[index].add(kind, self.weight(kind, configuration) * factor, observation)
        }
    }

    mutating func openLane() {
        self.laneCount = min(64, self.laneCount + 1)
        self.laneCountMax = max(self.laneCountMax, self.laneCount)
    }

    mutating func closeLane() {
        if self.laneCount > 0 { self.laneCount -= 1 }
        if self.laneCount == 0 { self.laneCountMax = 0 }
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
        let isAgain = self.provider.score > 0 && self.lastStatus == observation.statusCode
        self.lastStatus = observation.statusCode
        self.lastErrorIsSubagent = observation.querySource == .subagent
        self.episode.failureCount &+= 1
        let kind: EvidenceKind = isAgain ? .apiErrorAgain : .apiErrorFirst
        self.addDirect(kind, observation.attempts >= 8 ? 1.3 : 1, observation, configuration)
    }

    mutating func takeCompaction(
        _ observation: Observation,
        _ configuration: borrowing DetectionConfiguration
    ) {
        self.closeRounds(at: observation.time, configuration)
        let isSoon =
            self.lastCompactionRound != .max
            && self.roundCount &- self.lastCompactionRound <= configuration.compactionRounds
        if observation.success == .no {
            self.addDirect(.compactionFailed, 1, observation, configuration)
        } else if isSoon {
            self.addDirect(.compactionSoon, 1, observation, configuration)
        } else {
            self.context.clear()
        }
        self.lastCompactionRound = self.roundCount
        // What was read is forgotten by the model: reading it again is no repetition.
        self.learning += 4
    }
}
