/// A failure, to be compared with later ones.
struct FailureMark {
    private var tool: UInt32 = 0
    private(set) var errorType: UInt32 = 0
    private var errorText: UInt32 = 0
    private var file: UInt32 = 0
    private(set) var command: UInt32 = 0
    private var inputByteCount: Int32 = 0
    private(set) var learning = Learning.Mark()

    init() {}

    init(_ call: Observation, _ learning: Learning) {
        self.tool = call.toolMark
        self.errorType = call.errorType
        self.errorText = call.errorText
        self.file = call.file
        self.command = call.command
        self.inputByteCount = call.inputByteCount
        self.learning = learning.mark()
    }

    /// The same tool failed with the same type of error.
    func isOfSameKind(as call: Observation) -> Bool {
        self.tool == call.toolMark && self.errorType == call.errorType
    }

    /// At the same file or with the same text.
    func hasSameCause(as call: Observation) -> Bool {
        call.file != 0 && self.file == call.file || call.errorText != 0 && self.errorText == call.errorText
    }

    func hasSameCommand(as call: Observation) -> Bool {
        call.command != 0 && self.command == call.command && self.tool == call.toolMark
    }

    /// Its input is as long, within a fifth.
    func isAboutAsLong(as call: Observation) -> Bool {
        abs(Int(self.inputByteCount) - Int(call.inputByteCount)) * 5 <= max(Int(call.inputByteCount), 1)
    }
}

/// A small result, to be compared with later ones of the same tool.
struct ResultMark {
    private var tool: UInt32 = 0
    private var command: UInt32 = 0
    private(set) var resultByteCount: Int32 = -2
    private(set) var learning = Learning.Mark()

    init() {}

    init(_ call: Observation, _ learning: Learning) {
        self.tool = call.toolMark
        self.command = call.command
        self.resultByteCount = call.outcome.resultByteCount
        self.learning = learning.mark()
    }

    /// The same tool gave a result of the same size for another call. What may act must give exactly the same: it says
    /// that it did something; a search may name what it did not find.
    func isTwin(of call: Observation) -> Bool {
        let tolerance = call.tool.mayAct ? 0 : 3
        return self.tool == call.toolMark && self.command == call.command
            && abs(Int(self.resultByteCount) - Int(call.outcome.resultByteCount)) <= tolerance
    }
}

/// Which of the last six calls waited.
struct WaitHistory {
    private var bits: UInt8 = 0

    /// Half of them did: the quick looks in between wait, too.
    var areMost: Bool { self.bits.nonzeroBitCount >= 3 }

    mutating func push(_ isWait: Bool) { self.bits = (self.bits << 1 | (isWait ? 1 : 0)) & 0x3f }
}

extension ToolKind {
    /// Looks for something; not finding it is ordinary.
    var isSearch: Bool {
        switch self {
        case .read, .glob, .grep, .list, .webFetch, .webSearch, .lookUp: true
        default: false
        }
    }

    /// Somebody else's: what it means is not known.
    var isForeign: Bool { self == .mcp || self == .other }

    /// May have done something and just says so; a search that finds nothing, or a question, did not.
    var mayAct: Bool { self == .bash || self.isForeign }

    /// In a set of tools.
    var bit: UInt32 { 1 << UInt32(self.rawValue) }
}
