package import TokenscaleCore

/// A fleet whose sessions get stuck and recover: a function of tick and seed, so that test and subject agree on it.
package enum CrashHistory {
    package static let podCount = 5

    /// No holds: what a restart resets must not matter to the comparison with an uninterrupted run.
    package static var policy: AlertPolicy {
        var policy = AlertPolicy()
        policy.clearSeconds = 0
        policy.absentSeconds = 0
        policy.restartGraceSeconds = 0
        policy.groupMinimum = 100
        policy.repeatSeconds = 40
        return policy
    }

    /// - Parameter isOver: Everybody is well.
    package static func snapshot(tick: Int, seed: UInt64, isOver: Bool = false) -> Snapshot {
        var snapshot = Snapshot()
        snapshot.time = Timestamp(seconds: 1_795_255_320 + Int64(tick))
        for index in 0..<Self.podCount {
            var pod = PodSnapshot(id: PodID(namespace: "agents", name: "pod-\(index)"))
            var session = SessionSnapshot(id: "session-\(index)")
            session.isLive = true
            session.finding = isOver ? nil : Self.finding(pod: index, tick: tick, seed: seed, time: snapshot.time)
            pod.sessions = [session]
            snapshot.pods.append(pod)
        }
        return snapshot
    }

    /// Each pod lives in stretches of eight ticks: well, stuck, or badly stuck.
    private static func finding(pod: Int, tick: Int, seed: UInt64, time: Timestamp) -> LoopFinding? {
        let stretch = UInt64((tick + pod * 3) / 8)
        let dice = KeyedHash.mix(seed &+ UInt64(pod) &* 0x9e37_79b9_7f4a_7c15, stretch &* 2 &+ 1) % 4
        guard dice > 0 else { return nil }
        var finding = LoopFinding(
            severity: dice == 3 ? .critical : .warning,
            pattern: .failingAction,
            onset: time.advanced(bySeconds: -60),
            lastEvidence: time
        )
        finding.repeatCount = tick
        finding.tool = .bash
        return finding
    }
}
