/// The subagents of a session: how many are in flight, and whether a new one only does what the one before failed at.
struct Subagents {
    /// In flight now; at most 64.
    private(set) var count: UInt8 = 0
    /// The most in flight since there were none: so often may one action be taken without being a repetition.
    private(set) var countMax: UInt8 = 0
    /// Of those in flight: the call that started them has returned, and they run on in the background.
    private var backgroundCount: UInt8 = 0

    // Of the one that runs: which tools it called with which errors, in any order.
    private var signature: UInt32 = 0
    private var hasFailed = false
    private var finished = LastFour<UInt32>(repeating: 0)

    /// A call of its own has been seen: it began.
    var hasBegun: Bool { self.signature != 0 }

    mutating func start() {
        self.count = min(64, self.count + 1)
        self.countMax = max(self.countMax, self.count)
    }

    mutating func end() {
        if self.count > 0 { self.count -= 1 }
        if self.count == 0 { self.countMax = 0 }
    }

    /// The call that started one returned at once: it has not ended.
    mutating func runOn() { self.backgroundCount = min(self.count, self.backgroundCount + 1) }

    /// `subagent_completed`. Of one in the foreground the call's own result tells the end.
    ///
    /// - Returns: `nil` when none runs in the background.
    mutating func complete(_ completion: Observation) -> Judgement? {
        guard self.backgroundCount > 0 else { return nil }
        self.backgroundCount -= 1
        return self.finish(completion)
    }

    /// A prompt ends all that run; those that finished stay, to be compared with.
    mutating func forgetAll() {
        self.count = 0
        self.countMax = 0
        self.backgroundCount = 0
        self.signature = 0
        self.hasFailed = false
    }

    /// A tool call that may be a subagent's: it names one, or only one is in flight.
    mutating func note(_ call: Observation) {
        guard call.agent != 0 || self.count == 1 else { return }
        let mark = KeyedHash.mix(call.toolName ^ KeyedHash.primes.0, UInt64(call.errorType) &+ 7)
        self.signature &+= UInt32(truncatingIfNeeded: mark)
        if call.outcome.isFailure { self.hasFailed = true }
    }

    /// One finished: did it do and fail at the same as one of the last four?
    mutating func finish(_ call: Observation) -> Judgement {
        let (signature, hadFailure) = (self.signature, self.hasFailed)
        let isRepeat = signature != 0 && hadFailure && self.finished.contains { $0 == signature }
        self.finished.push(signature)
        self.signature = 0
        self.hasFailed = false
        self.end()
        if isRepeat { return Judgement(.childRepeats) }
        if call.outcome.isFailure { return Judgement(.newFailure) }
        return Judgement(hadFailure ? .neutral : .newAction)
    }
}
