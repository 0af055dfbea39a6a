import TokenscaleCore

/// Something the detector told, or took back, while a recording was played to it.
struct DetectedAlert {
    var index: Int
    var time: Timestamp
    /// `nil`: resolved.
    var severity: LoopSeverity?
    /// The session, or the workload for findings over several sessions.
    var subject: String
    var isWorkload: Bool
    var finding: LoopFinding?
}

/// Plays a recording to the detector that ships in the collector and notes what it says.
struct DetectionRun {
    private(set) var alerts: [DetectedAlert] = []
    private(set) var trail: [(item: RecordedItem, entry: EvidenceEntry)] = []
    /// Tokens and cost of sessions after their first warning: what a stop there would have saved.
    private(set) var savedTokens: Int64 = 0
    private(set) var savedMicroUSD: Int64 = 0
    private(set) var totalTokens: Int64 = 0
    private(set) var sessionCount = 0
    private(set) var start: Timestamp = .zero
    private(set) var end: Timestamp = .zero

    private var levels: [UInt64: LoopSeverity] = [:]
    private var stuckSessions: Set<UInt64> = []
    private var stuckWorkloads: Set<UInt64> = []

    init(_ recording: Recording, configuration: DetectionConfiguration = .init(), isExplaining: Bool = false) {
        var detector = LoopDetector(configuration: configuration)
        detector.isExplaining = isExplaining
        var sessions: Set<UInt64> = []
        // The newest item of each session in an export that is not whole yet: what one point says, the next takes back.
        var waiting: [RecordedItem] = []
        self.start = recording.items.first?.time ?? .zero
        for (number, item) in recording.items.enumerated() {
            sessions.insert(item.session)
            self.end = max(self.end, item.time)
            switch item.content {
            case .event(let event):
                detector.observe(event, session: item.session, workload: item.workload, arrival: event.time)
                self.count(event, item)
            case .point(let point): detector.observe(point, session: item.session)
            }
            if isExplaining {
                self.trail += detector.takeTrail(session: item.session).map { (item, $0) }
            }
            waiting.removeAll { $0.session == item.session }
            waiting.append(item)
            if number + 1 < recording.items.count, recording.items[number + 1].isExported(with: item) { continue }
            for item in waiting {
                let session = detector.finding(session: item.session, at: item.time)
                self.note(session, item, key: item.session, isWorkload: false)
                let workload = detector.finding(workload: item.workload, at: item.time)
                self.note(workload, item, key: ~item.workload, isWorkload: true)
            }
            waiting.removeAll(keepingCapacity: true)
        }
        self.sessionCount = sessions.count
    }

    private mutating func count(_ event: AgentEvent, _ item: RecordedItem) {
        let tokens = event.kind == .apiRequest ? event.tokens.total : 0
        self.totalTokens = self.totalTokens.addingClamped(tokens)
        guard self.stuckSessions.contains(item.session) || self.stuckWorkloads.contains(item.workload) else { return }
        self.savedTokens = self.savedTokens.addingClamped(tokens)
        self.savedMicroUSD = self.savedMicroUSD.addingClamped(max(0, event.costMicroUSD))
    }

    private mutating func note(_ finding: LoopFinding?, _ item: RecordedItem, key: UInt64, isWorkload: Bool) {
        let before = self.levels[key]
        let isStuck = (finding?.severity ?? .info) >= .warning
        if isWorkload {
            if isStuck { self.stuckWorkloads.insert(item.workload) } else { self.stuckWorkloads.remove(item.workload) }
        } else {
            if isStuck { self.stuckSessions.insert(item.session) } else { self.stuckSessions.remove(item.session) }
        }
        self.levels[key] = finding?.severity
        let severity: LoopSeverity?
        switch (before, finding?.severity) {
        case (nil, let now?): severity = now
        case (let then?, let now?) where now > then: severity = now
        case (.some, nil): severity = nil
        default: return
        }
        self.alerts.append(
            DetectedAlert(
                index: item.index,
                time: item.time,
                severity: severity,
                subject: item.sessionName,
                isWorkload: isWorkload,
                finding: finding
            )
        )
    }

    /// Warnings and worse.
    var warnings: [DetectedAlert] { self.alerts.filter { ($0.severity ?? .info) >= .warning } }
}
