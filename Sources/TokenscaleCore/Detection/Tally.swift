/// What a sum beside the session's added up: since when, how often, and by which tool the last time.
///
/// In 11 bytes, because a session has three: whole seconds since 1970 up to 2106, and a count that stops at 65,535.
struct Tally {
    private var onsetSecond: UInt32 = 0
    private var newestSecond: UInt32 = 0
    private(set) var count: UInt16 = 0
    private(set) var tool: ToolKind = .other

    var onset: Timestamp { Timestamp(seconds: Int64(self.onsetSecond)) }
    var newest: Timestamp { Timestamp(seconds: Int64(self.newestSecond)) }

    mutating func add(_ tool: ToolKind = .other, at time: Timestamp) {
        let second = UInt32(clamping: time.second)
        if self.count == 0 { self.onsetSecond = second }
        self.newestSecond = max(self.newestSecond, second)
        self.count = min(.max - 1, self.count) + 1
        self.tool = tool
    }
}
