/// What was spent since an onset, for the alert's text.
///
/// In 24 bytes, because a session has four: counts stop at 4,294,967,295.
struct Expense {
    private(set) var roundCount: UInt32 = 0
    private var input: UInt32 = 0
    private var output: UInt32 = 0
    private var cacheRead: UInt32 = 0
    private var cacheCreation: UInt32 = 0
    private var microUSD: UInt32 = 0

    var tokens: TokenCounts {
        TokenCounts(
            input: Int64(self.input),
            output: Int64(self.output),
            cacheRead: Int64(self.cacheRead),
            cacheCreation: Int64(self.cacheCreation)
        )
    }

    var costMicroUSD: Int64 { Int64(self.microUSD) }

    mutating func passRound() { self.roundCount = self.roundCount.nextClamped }

    mutating func add(_ tokens: TokenCounts, costMicroUSD: Int64) {
        self.input = self.input.addingClamped(tokens.input)
        self.output = self.output.addingClamped(tokens.output)
        self.cacheRead = self.cacheRead.addingClamped(tokens.cacheRead)
        self.cacheCreation = self.cacheCreation.addingClamped(tokens.cacheCreation)
        self.microUSD = self.microUSD.addingClamped(costMicroUSD)
    }
}

extension UInt32 {
    fileprivate func addingClamped(_ count: Int64) -> UInt32 {
        UInt32(clamping: Int64(self) + Int64(UInt32(clamping: count)))
    }
}
