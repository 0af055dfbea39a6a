/// One turn of a session: from a prompt to the answer without a tool call.
struct Turn {
    var promptLength: Int32 = -1
    var responseLength: Int32 = -1
    var roundCount: UInt32 = 0
    var requestCount: UInt32 = 0
    var successCount: UInt32 = 0
    var failureCount: UInt32 = 0
    var rejectCount: UInt32 = 0
    var errorCount: UInt32 = 0
    /// Of the first three calls: two attempts at the same work begin alike.
    var signature: UInt32 = 0
    /// Of the calls that failed, up to three.
    var failureSignature: UInt32 = 0
    var outputTokens: Int32 = 0
    var isOpen = false
    /// The last call was rejected by the rules.
    var lastWasDenied = false
    var wasRefused = false
    /// Files were changed or work was committed.
    var hasProgress = false
    /// Work was committed.
    var hasCommit = false
    /// New actions that succeeded.
    var learnedCount: UInt32 = 0
    var lastHadTool = false
    var lastHadResponse = false
    var sendsResponses = false

    /// The last answer needed no tool (and had text, where the sender logs answers).
    func isComplete(_ sendsResponses: Bool) -> Bool {
        self.requestCount > 0 && !self.lastHadTool && (self.lastHadResponse || !sendsResponses)
    }

    mutating func sign(_ observation: Observation) {
        if observation.outcome.isFailure, self.failureCount <= 3 {
            let mark = KeyedHash.mix(
                observation.action ^ KeyedHash.primes.2,
                UInt64(self.failureSignature) ^ UInt64(observation.errorType)
            )
            self.failureSignature = UInt32(truncatingIfNeeded: mark) | 1
        }
        guard self.successCount + self.failureCount <= 3 else { return }
        let mark = KeyedHash.mix(
            observation.action ^ KeyedHash.primes.1,
            UInt64(self.signature) ^ UInt64(observation.errorType)
        )
        self.signature = UInt32(truncatingIfNeeded: mark) | 1
    }
}
