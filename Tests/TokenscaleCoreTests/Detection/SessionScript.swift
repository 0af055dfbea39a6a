@testable import TokenscaleCore

/// Plays short sessions to one detector, as events of Claude Code.
struct SessionScript {
    var detector = LoopDetector()
    var time: Int64 = 1_767_225_600_000
    var sequence: Int64 = 0
    var session: UInt64 = 1
    var workload: UInt64 = 9
    /// Without details, arguments leave no hash.
    var hasDetails = true
    private(set) var events: [AgentEvent] = []

    init(hasDetails: Bool = true) {
        self.hasDetails = hasDetails
        self.detector.isExplaining = true
    }

    static let hash = KeyedHash(key: 42)

    mutating func send(
        _ kind: AgentEvent.Kind,
        after seconds: Double = 2,
        _ fill: (inout AgentEvent) -> Void = { _ in }
    ) {
        var event = AgentEvent()
        event.kind = kind
        self.time += Int64(seconds * 1_000)
        event.time = Timestamp(milliseconds: self.time)
        event.sequence = self.sequence
        event.querySource = .main
        fill(&event)
        self.sequence += 1
        self.events.append(event)
        self.detector.observe(event, session: self.session, workload: self.workload, arrival: event.time)
    }

    /// The agent is begun anew, in another session of the same workload.
    mutating func restart(_ session: Int) {
        self.session = UInt64(session)
        self.sequence = 0
        self.prompt(length: 700)
    }

    mutating func prompt(length: Int64 = 50) { self.send(.userPrompt) { $0.promptLength = length } }

    mutating func request(after seconds: Double = 3, response: Int64? = nil, output: Int64 = 100) {
        self.send(.apiRequest, after: seconds) {
            $0.tokens = TokenCounts(input: 4, output: output, cacheRead: 40_000, cacheCreation: 500)
            $0.costMicroUSD = 20_000
            $0.durationMilliseconds = 2_000
        }
        guard let response else { return }
        self.send(.assistantResponse, after: 0) { $0.responseLength = response }
    }

    /// One round: a request and the call that it asked for.
    mutating func call(
        _ tool: ToolKind,
        _ arguments: String,
        input: Int64? = nil,
        result: Int64 = 200,
        error: String? = nil,
        file: String? = nil,
        duration: Int64 = 300,
        sleep: Int64 = -1,
        isCommit: Bool = false,
        asks: Bool = true
    ) {
        if asks { self.request() }
        let hasDetails = self.hasDetails
        self.send(.toolResult, after: 1) { event in
            event.tool = tool
            event.toolName = Self.hash.hash64(tool.displayName)
            event.success = error == nil ? .yes : .no
            event.errorType = error.map { Self.hash.hash64($0) } ?? 0
            event.inputByteCount = input ?? Int64(20 + arguments.utf8.count)
            event.resultByteCount = result
            event.durationMilliseconds = duration
            guard hasDetails else { return }
            event.arguments = Self.hash.hash64(arguments)
            event.file = file.map { Self.hash.hash64($0) } ?? 0
            event.command =
                tool == .bash ? Self.hash.hash64(arguments.split(separator: " ").first.map(String.init) ?? "") : 0
            event.errorTextAsSent = error.map { Self.hash.hash64($0) } ?? 0
            event.sleepSeconds = sleep
            event.isCommit = isCommit
        }
    }

    mutating func reject(_ tool: ToolKind, _ arguments: String = "", by source: AgentEvent.DecisionSource) {
        self.request()
        let hasDetails = self.hasDetails && !arguments.isEmpty
        self.send(.toolDecision, after: 0.1) {
            $0.arguments = hasDetails ? Self.hash.hash64(arguments) : 0
            $0.tool = tool
            $0.toolName = Self.hash.hash64(tool.displayName)
            $0.isAccepted = .no
            $0.decisionSource = source
        }
    }

    mutating func metric(_ kind: MetricKind, _ value: Double) {
        var point = MetricPoint()
        point.kind = kind
        point.value = value
        point.time = Timestamp(milliseconds: self.time)
        self.detector.observe(point, session: self.session)
    }

    /// What each round was taken for, the last one closed by one more request.
    mutating func kinds() -> [EvidenceKind] {
        self.request()
        return self.detector.takeTrail(session: self.session).map(\.kind)
    }

    var finding: LoopFinding? {
        self.detector.finding(session: self.session, at: Timestamp(milliseconds: self.time))
    }

    var workloadFinding: LoopFinding? {
        self.detector.finding(workload: self.workload, at: Timestamp(milliseconds: self.time))
    }
}
