import TokenscaleCore

/// Snapshots written down by hand.
enum AlertFixtures {
    static let start = Timestamp(seconds: 1_795_255_320)  // 2026-11-21T10:02:00Z

    static func finding(
        _ severity: LoopSeverity = .warning,
        pattern: LoopPattern = .failingAction,
        cost: Int64 = 14_000_000,
        onset: Timestamp = start
    ) -> LoopFinding {
        var finding = LoopFinding(
            severity: severity,
            pattern: pattern,
            onset: onset,
            lastEvidence: onset.advanced(bySeconds: 41 * 60)
        )
        finding.score = 12.6
        finding.threshold = 12
        finding.roundCount = 40
        finding.repeatCount = 37
        finding.failureCount = 37
        finding.tokens = TokenCounts(input: 100_000, output: 50_000, cacheRead: 1_700_000, cacheCreation: 50_000)
        finding.costMicroUSD = cost
        finding.requestsPerMinute = 6
        finding.tool = .bash
        finding.fingerprint = 0x9a41
        return finding
    }

    static func session(_ id: String, _ finding: LoopFinding?, isLive: Bool = true) -> SessionSnapshot {
        var session = SessionSnapshot(id: id)
        session.isLive = isLive
        session.finding = finding
        session.isStuck = (finding?.severity ?? .info) >= .warning
        session.rate = TokenCounts(input: 10, output: 20, cacheRead: 30, cacheCreation: 40)
        return session
    }

    static func pod(_ name: String, workload: String? = "fixer", _ sessions: [SessionSnapshot]) -> PodSnapshot {
        var pod = PodSnapshot(id: PodID(namespace: "agents", name: name))
        pod.workload = workload
        pod.sessions = sessions
        return pod
    }

    static func snapshot(at seconds: Double, _ pods: [PodSnapshot] = []) -> Snapshot {
        var snapshot = Snapshot()
        snapshot.time = start.advanced(bySeconds: seconds)
        snapshot.pods = pods
        return snapshot
    }

    /// One pod `fixer-0` with one session `s`.
    static func single(at seconds: Double, _ finding: LoopFinding?, isLive: Bool = true) -> Snapshot {
        Self.snapshot(at: seconds, [Self.pod("fixer-0", [Self.session("s", finding, isLive: isLive)])])
    }

    /// `count` stuck sessions, `perPod` in each pod of one workload.
    static func crowd(
        at seconds: Double,
        count: Int,
        perPod: Int,
        severity: LoopSeverity = .warning
    ) -> Snapshot {
        var pods: [PodSnapshot] = []
        for index in stride(from: 0, to: count, by: perPod) {
            let sessions = (index..<min(count, index + perPod)).map { number in
                Self.session("session-\(1000 + number)", Self.finding(severity, cost: Int64(number) * 1_000_000))
            }
            pods.append(Self.pod("fixer-\(1000 + index)", sessions))
        }
        return Self.snapshot(at: seconds, pods)
    }
}

extension AlertTransition {
    /// `fired session warning`: enough to compare sequences.
    var brief: String { "\(self.kind.rawValue) \(self.alert.subject.scope.rawValue) \(self.alert.severity.rawValue)" }
}
