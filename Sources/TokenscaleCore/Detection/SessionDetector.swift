/// Decides whether one session is stuck. A value of at most 2 KiB with all it owns; O(1) per event.
///
/// Events may come late, twice, or out of order within ``DetectionConfiguration/holdSeconds``.
package struct SessionDetector: Sendable {
    // Evidence.
    var stuck = EvidenceSum()
    var provider = EvidenceSum()
    var context = EvidenceSum()
    var burntTokens: Float = 0
    var stagnantRounds: Float = 0
    var stagnantTokens: Float = 0
    var verification: Float = 0
    var episode = Episode()
    var metrics = MetricsEvidence()

    // Memory.
    var memory = ActionMemory()
    var rounds: [Round] = []
    var failures = LastFour(repeating: FailureMark())
    var results = LastFour(repeating: ResultMark())
    var learning: Float = 0
    var roundCount: UInt32 = 0
    var editCount: UInt16 = 0
    var failureStreak: UInt16 = 0
    var planStreak: UInt16 = 0
    var churnFile: UInt32 = 0
    var churnCount: UInt16 = 0
    var waitCount: UInt8 = 0
    var backgroundCredit: UInt8 = 0
    var laneCount: UInt8 = 0
    /// The most subagents in flight since there were none.
    var laneCountMax: UInt8 = 0
    var hasDetails = false
    /// The session tells of prompts or tools. One that tells of requests only (an exporter or a filter drops the rest)
    /// cannot show that it called no tool, nor that it achieved something.
    var tellsWork = false
    /// Tools whose different calls return results of the same size: without details such a size tells nothing.
    var blurredTools: UInt32 = 0
    var verificationAction: UInt64 = 0
    var verificationCommand: UInt32 = 0
    var relatedFailures: Float = 0
    var verificationIsDenied = false
    var lastRepeatedEditRound: UInt32 = 0
    var churnRound: UInt32 = 0
    var churnLearning: Float = 0
    var lastTextLength: Int32 = -1
    var lastTextTokens: Int32 = -1
    /// Length of the answer of the turn before, when that was all of it.
    var echoLength: Int32 = -1
    var echoTokens: Int32 = -1
    var childSignature: UInt32 = 0
    var childFailed = false
    var children = LastFour<UInt32>(repeating: 0)
    var lastCompactionRound: UInt32 = .max
    var lastStatus: Int16 = 0
    /// Whose requests failed: those of another agent succeed meanwhile.
    var lastErrorIsSubagent = false
    var lastTime: Timestamp = .zero
    var lastProgress: Timestamp = .zero
    var turn = Turn()
    var order = EventOrder()

    /// Filled while somebody wants an explanation; `nil` costs nothing.
    package var trail: [EvidenceEntry]?

    package init() {}

    /// Takes one event of the session.
    ///
    /// - Parameters:
    ///   - session: Keyed hash of `session.id`, to tell sessions of a workload apart.
    ///   - arrival: Now; bounds how long an event that overtook another is held back.
    ///   - workload: The accumulator of the pod (or workload) the session runs in.
    package mutating func observe(
        _ event: borrowing AgentEvent,
        session: UInt64,
        arrival: Timestamp,
        workload: inout WorkloadDetector,
        configuration: borrowing DetectionConfiguration
    ) {
        let observation = Observation(event, configuration: configuration)
        let tokens = event.tokens
        let cost = max(0, event.costMicroUSD)
        self.metrics.hasEvents = true
        let mark = KeyedHash.mix(
            UInt64(bitPattern: event.time.nanoseconds) ^ event.toolUse,
            observation.request ^ UInt64(event.kind.rawValue) &+ KeyedHash.primes.0
        )
        switch self.order.admit(event.sequence, event.time, mark: mark) {
        case .drop: return
        case .hold:
            self.order.hold(
                HeldEvent(
                    sequence: event.sequence,
                    arrival: arrival,
                    observation: observation,
                    tokens: tokens,
                    costMicroUSD: cost
                )
            )
        case .take: self.take(observation, tokens, cost, session, &workload, configuration)
        }
        if !self.order.held.isEmpty {
            self.advance(to: arrival, session: session, workload: &workload, configuration: configuration)
        }
    }

    /// Lets time pass: releases events that were held back too long. Call before a snapshot, about once a second.
    package mutating func advance(
        to now: Timestamp,
        session: UInt64,
        workload: inout WorkloadDetector,
        configuration: borrowing DetectionConfiguration
    ) {
        while let event = self.order.release(at: now, holdSeconds: configuration.holdSeconds) {
            self.take(event.observation, event.tokens, event.costMicroUSD, session, &workload, configuration)
        }
    }

    mutating func take(
        _ observation: Observation,
        _ tokens: TokenCounts,
        _ cost: Int64,
        _ session: UInt64,
        _ workload: inout WorkloadDetector,
        _ configuration: borrowing DetectionConfiguration
    ) {
        if observation.hasDetails { self.hasDetails = true }
        workload.lastActivity = max(workload.lastActivity, observation.time)
        switch observation.kind {
        case .userPrompt, .toolDecision, .toolResult, .subagentCompleted: self.tellsWork = true
        default: break
        }
        switch observation.kind {
        case .userPrompt: self.takePrompt(observation, session, &workload, configuration)
        case .apiRequest: self.takeRequest(observation, tokens, cost, configuration)
        case .assistantResponse: self.takeResponse(observation)
        case .toolDecision: self.takeDecision(observation, configuration)
        case .toolResult: self.takeResult(observation, configuration)
        case .apiError, .apiRetriesExhausted: self.takeError(observation, &workload, configuration)
        case .apiRefusal:
            self.turn.wasRefused = true
            self.addDirect(.refusal, 1, observation, configuration)
        case .compaction: self.takeCompaction(observation, configuration)
        case .hookExecution:
            if observation.isStopHook, observation.blockingHookCount > 0 {
                self.addDirect(.blockedByHook, 1, observation, configuration)
            }
        case .subagentCompleted:
            self.closeLane()
        case .other, .permissionModeChanged, .housekeeping: break
        }
        if observation.time > self.lastTime { self.lastTime = observation.time }
        workload.update(session, self.turn, at: observation.time, configuration)
    }

    // MARK: Rounds

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
        if self.rounds.count == 4 {
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
        self.roundCount &+= 1
        if round.isMain { self.turn.roundCount &+= 1 }
        if !round.hasTool {
            guard round.isMain, !isLast, self.tellsWork else { return }
            self.judgeText(&round, configuration)
        }
        let evidence = round.meanEvidence
        self.learning += round.meanLearning
        self.addToBudgets(round, evidence)
        self.add(evidence, round.kind, round.tool, round.action, time, configuration)
    }

    /// A round without a tool call that did not end the turn.
    private mutating func judgeText(_ round: inout Round, _ configuration: borrowing DetectionConfiguration) {
        if self.backgroundCredit > 0 {
            self.backgroundCredit -= 1
            return
        }
        let isSame: Bool
        if round.responseLength >= 0, self.lastTextLength >= 0 {
            isSame = abs(Int(round.responseLength) - Int(self.lastTextLength)) * 10 <= Int(max(round.responseLength, 1))
        } else {
            isSame =
                round.responseLength < 0 && self.lastTextTokens > 8
                && abs(Int(round.outputTokens) - Int(self.lastTextTokens)) * 10 <= Int(round.outputTokens)
        }
        self.lastTextLength = round.responseLength
        self.lastTextTokens = round.outputTokens
        let kind: EvidenceKind = isSame ? .noToolSameLength : .noTool
        round.kind = kind
        round.evidenceCount = 1
        round.evidence = self.weight(kind, configuration) * (round.isWoken ? configuration.wakeFactor : 1)
    }

    func weight(_ kind: EvidenceKind, _ configuration: borrowing DetectionConfiguration) -> Float {
        let weight = configuration[kind]
        return self.hasDetails ? weight.detailed : weight.sizesOnly
    }

    // MARK: Adding up

    mutating func addDirect(
        _ kind: EvidenceKind,
        _ factor: Float,
        _ observation: Observation,
        _ configuration: borrowing DetectionConfiguration
    ) {
        self.add(
            self.weight(kind, configuration) * factor,
            kind,
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
        if evidence > 0 {
            if !self.episode.isOpen {
                self.episode = Episode()
                self.episode.onset = time
            }
            self.episode.lastEvidence = time
            self.episode.repeatCount &+= 1
            let mark = UInt32(truncatingIfNeeded: action)
            if mark == self.episode.lastAction, self.episode.repeatCount > 1 { self.episode.sameActionCount &+= 1 }
            self.episode.lastAction = mark
            if kind.isHard { self.episode.hardEvidence += evidence }
            if evidence >= self.episode.strongest {
                self.episode.strongest = evidence
                self.episode.kind = kind
                self.episode.tool = tool
                self.episode.action = action
            }
        }
        let isHard = self.episode.hardEvidence >= configuration.warningScore / 2
        switch kind.pattern {
        case .apiError:
            self.provider.add(evidence, round: self.roundCount, mayBeCritical: true, configuration)
        case .compaction:
            self.context.add(evidence, round: self.roundCount, mayBeCritical: true, configuration)
        default:
            let mayBeCritical = isHard || self.stuck.score + evidence >= configuration.scoreLimit
            self.stuck.add(evidence, round: self.roundCount, mayBeCritical: mayBeCritical, configuration)
        }
        if self.trail != nil {
            self.trail?.append(
                EvidenceEntry(time: time, kind: kind, evidence: evidence, score: self.stuck.score, tool: tool)
            )
        }
        if self.stuck.score == 0, self.provider.score == 0, self.context.score == 0 { self.episode = Episode() }
    }

    private mutating func addToBudgets(_ round: Round, _ evidence: Float) {
        let lanes = max(1, Float(self.laneCount))
        self.stagnantRounds += 1 / lanes
        self.stagnantTokens += round.weightedTokens
        if evidence > 0 {
            self.burntTokens += round.weightedTokens * (round.kind == .waitSameOutcome ? 0.5 : 1)
        } else if evidence < 0 {
            self.burntTokens = max(0, self.burntTokens - 0.5 * round.weightedTokens)
        }
        if self.context.level > 0, self.roundCount &- self.lastCompactionRound > 3 * 8 { self.context.clear() }
        if self.episode.isOpen { self.episode.roundCount &+= 1 }
    }

    /// Something was achieved: the budgets begin anew.
    mutating func progress(at time: Timestamp, isCommit: Bool) {
        self.lastProgress = time
        self.stagnantRounds = 0
        self.stagnantTokens = 0
        self.burntTokens = isCommit ? 0 : self.burntTokens * 0.25
        if isCommit {
            self.verification = 0
            self.relatedFailures = 0
            self.churnCount = 0
        }
    }
}
