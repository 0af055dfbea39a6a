/// Decides whether one session is stuck. A value of at most 2 KiB with all it owns; O(1) per event.
///
/// Events may come late, twice, or out of order within ``DetectionConfiguration/holdSeconds``. Each becomes an
/// ``Observation``; the observations of one model request and of the calls it asked for make a ``Round``; a round is
/// judged once (``Judgement``, ``EvidenceRow``) and its evidence adds up.
package struct SessionDetector: Sendable {
    // What has added up. Each sum says of itself when it falls.
    var stuck = EvidenceSum()
    var requestFailures = RequestFailures()
    var compactions = Compactions()
    var verification = VerificationStreak()
    var polls = PollStreak()
    var budgets = Budgets()
    var episode = Episode()
    /// One while the session sends metrics and no events, else none: apart, because what else is here is idle then.
    var metrics: [MetricsEvidence] = []

    // What is remembered, to be compared with.
    var learning = Learning()
    var memory = ActionMemory()
    var failures = LastFour(repeating: FailureMark())
    var results = LastFour(repeating: ResultMark())
    var edits = EditHistory()
    var subagents = Subagents()
    var answers = Answers()
    var reads = FileReads()
    var waits = WaitHistory()
    var failureStreak: UInt16 = 0
    var planStreak: UInt16 = 0
    /// Tools whose different calls return results of the same size: without details such a size tells nothing.
    var blurredTools: UInt32 = 0

    // What the session tells of itself.
    /// It sends events: they tell more than metrics.
    var hasEvents = false
    var hasDetails = false
    /// The session tells of prompts or tools. One that tells of requests only (an exporter or a filter drops the rest)
    /// cannot show that it called no tool, nor that it achieved something.
    var tellsWork = false

    // Where it is.
    var rounds: [Round] = []
    var turn = Turn()
    var lastTime: Timestamp = .zero
    var lastProgress: Timestamp = .zero
    private var order = EventOrder()

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
        if !self.hasEvents {
            self.hasEvents = true
            self.metrics = []
        }
        let mark = KeyedHash.mix(
            UInt64(bitPattern: event.time.nanoseconds) ^ event.toolUse,
            observation.request ^ UInt64(event.kind.rawValue) &+ KeyedHash.primes.0
        )
        switch self.order.admit(event.sequence, event.time, mark: UInt32(truncatingIfNeeded: mark)) {
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

    private mutating func take(
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
        case .apiRefusal: self.takeRefusal(observation, configuration)
        case .compaction: self.takeCompaction(observation, configuration)
        case .hookExecution: self.takeHook(observation, configuration)
        case .subagentCompleted: self.takeCompletion(observation, configuration)
        case .other, .permissionModeChanged, .housekeeping: break
        }
        if observation.time > self.lastTime { self.lastTime = observation.time }
        workload.update(session, self.turn, at: observation.time, configuration)
    }
}
