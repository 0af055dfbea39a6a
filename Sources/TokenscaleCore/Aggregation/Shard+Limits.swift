/// What becomes of new pods and sessions at their limits, and how known ones are forgotten.
extension Shard {
    /// Is there room for a new pod, or could some be made? Not O(1), but for new pods at the limit only.
    mutating func makeRoomForPod(of namespace: String) -> Bool {
        switch self.namespaces.pods.answer(to: self.namespaces.number(of: namespace)) {
        case .room: return true
        case .insteadOf(let largest):
            if let slot = self.longestSilentPod(of: largest) {
                self.forget(pod: slot)
                self.statistics.displacedPodCount += 1
                return true
            }
        case .refused: break
        }
        self.statistics.limitedPodCount += 1
        return false
    }

    /// Is there room for a new session of a pod, or could some be made?
    mutating func makeRoomForSession(of pod: Int) -> Bool {
        if self.pods[pod].sessions.count < self.configuration.sessionsPerPodLimit {
            switch self.namespaces.sessions.answer(to: self.pods[pod].namespace) {
            case .room: return true
            case .insteadOf(let largest):
                if let slot = self.longestSilentSession(of: largest) {
                    self.forget(session: slot)
                    self.statistics.displacedSessionCount += 1
                    return true
                }
            case .refused: break
            }
        }
        self.statistics.limitedSessionCount += 1
        return false
    }

    /// Of so many entries of the largest namespace the one goes that was silent longest. Not of all: they would have to
    /// be kept in order, which every item would pay for. (Redis chooses what to evict in the same way.)
    private static let sampleCount = 16

    private mutating func longestSilentPod(of namespace: Int) -> Int? {
        var hand = self.podHand
        defer { self.podHand = hand }
        return Self.longestSilent(&hand, of: self.pods.count) { slot in
            guard self.podIndex.isUsed(slot: slot), self.pods[slot].namespace == namespace,
                self.pods[slot].id != .unattributed
            else { return nil }
            return self.pods[slot].lastArrival
        }
    }

    private mutating func longestSilentSession(of namespace: Int) -> Int? {
        var hand = self.sessionHand
        defer { self.sessionHand = hand }
        return Self.longestSilent(&hand, of: self.sessions.count) { slot in
            guard self.sessionIndex.isUsed(slot: slot), self.pods[self.sessions[slot].pod].namespace == namespace
            else { return nil }
            return self.sessions[slot].lastArrival
        }
    }

    /// - Parameters:
    ///   - hand: Where the last search ended.
    ///   - lastArrival: `nil` for slots that do not come into question.
    private static func longestSilent(
        _ hand: inout Int,
        of slotCount: Int,
        lastArrival: (Int) -> Timestamp?
    ) -> Int? {
        var longest: (slot: Int, lastArrival: Timestamp)?
        var seenCount = 0
        for _ in 0..<slotCount where seenCount < Self.sampleCount {
            hand = (hand + 1) % slotCount
            guard let arrival = lastArrival(hand) else { continue }
            seenCount += 1
            if arrival < longest?.lastArrival ?? .distantFuture { longest = (hand, arrival) }
        }
        return longest?.slot
    }

    /// Forgets a session. Its tokens stay in the pod's counters; its series are remembered for a while.
    mutating func forget(session slot: Int) {
        let pod = self.sessions[slot].pod
        self.pods[pod].sessions.removeAll { $0 == slot }
        for (key, stream) in self.sessions[slot].streams { self.retired.insert(stream.value, for: key) }
        let key = self.sessions[slot].key
        self.sessionIndex.remove(slot: slot, key: key, from: &self.sessions, vacant: .vacant)
        self.namespaces.removeSession(of: self.pods[pod].namespace)
    }

    /// Forgets a pod, its sessions and its counters.
    mutating func forget(pod slot: Int) {
        for session in self.pods[slot].sessions { self.forget(session: session) }
        let (key, namespace) = (self.pods[slot].key, self.pods[slot].namespace)
        self.podIndex.remove(slot: slot, key: key, from: &self.pods, vacant: .vacant)
        self.namespaces.removePod(of: namespace)
    }
}
