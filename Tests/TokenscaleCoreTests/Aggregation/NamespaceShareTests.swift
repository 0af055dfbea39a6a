import Testing

@testable import TokenscaleCore

@Suite("Fair shares: a namespace cannot take the room of others")
struct NamespaceShareTests {
    private static func body(
        _ namespace: String,
        _ pod: String,
        _ session: String,
        _ test: TestAggregator
    )
        -> BatchBuilder
    {
        var body = BatchBuilder(namespace: namespace, pod: pod)
        body.event(.userPrompt, session: session, at: test.now, sequence: test.now.nanoseconds)
        return body
    }

    @Test("who invents sessions is refused beyond its share; others get theirs, also later")
    func inventedSessions() {
        var configuration = AggregatorConfiguration()
        configuration.sessionLimit = 16 * 20
        configuration.sessionsPerPodLimit = 1_000_000
        var test = TestAggregator(configuration: configuration)
        for index in 0..<3_000 {
            test.advance(0.001)
            test.record(Self.body("evil", "pod-\(index % 64)", "s-\(index)", test))
        }
        #expect(test.snapshot().statistics.limitedSessionCount >= 2_600)
        for index in 0..<60 {
            test.advance(0.001)
            let outcome = test.record(Self.body("good", "pod-\(index % 64)", "s-\(index)", test))
            #expect(outcome.acceptedCount == 1, "session \(index)")
        }
        let statistics = test.snapshot().statistics
        #expect(statistics.displacedSessionCount == 60)
        #expect(statistics.sessionCount == 320)
        // What was taken in stays, whatever the other one does.
        for index in 0..<3_000 {
            test.advance(0.001)
            test.record(Self.body("evil", "pod-\(index % 64)", "again-\(index)", test))
        }
        let kept = test.snapshot().pods.filter { $0.id.namespace == "good" }.reduce(0) { $0 + $1.sessions.count }
        #expect(kept == 60)
    }

    @Test("who invents pods is refused beyond its share; others get theirs")
    func inventedPods() {
        var configuration = AggregatorConfiguration()
        configuration.podLimit = 16 * 25
        var test = TestAggregator(configuration: configuration)
        for index in 0..<2_000 {
            test.advance(0.001)
            test.record(Self.body("evil", "pod-\(index)", "s", test))
        }
        for index in 0..<60 {
            test.advance(0.001)
            #expect(test.record(Self.body("good", "pod-\(index)", "s", test)).acceptedCount == 1, "pod \(index)")
        }
        let snapshot = test.snapshot()
        #expect(snapshot.pods.count == 400)
        #expect(snapshot.pods.count { $0.id.namespace == "good" } == 60)
        #expect(snapshot.statistics.displacedPodCount == 60)
        #expect(snapshot.statistics.sessionCount == 400, "sessions go with their pods")
    }

    @Test("the one that was silent longest makes room, if there are few")
    func longestSilent() {
        var configuration = AggregatorConfiguration()
        configuration.sessionLimit = 16 * 8
        var test = TestAggregator(configuration: configuration)
        for index in 0..<8 {
            test.advance(1)
            test.record(Self.body("evil", "pod", "s-\(index)", test))
        }
        test.record(Self.body("evil", "pod", "s-0", test))
        // A pod of another namespace in the same shard.
        let shard = Self.shard(of: PodID(namespace: "evil", name: "pod"))
        let pod = (0...).lazy.map { "pod-\($0)" }.first { Self.shard(of: PodID(namespace: "good", name: $0)) == shard }
        test.record(Self.body("good", pod ?? "", "s", test))
        let kept = test.snapshot().pods.first { $0.id.namespace == "evil" }?.sessions.map(\.id)
        #expect(kept == ["s-0", "s-2", "s-3", "s-4", "s-5", "s-6", "s-7"])
    }

    private static func shard(of pod: PodID) -> UInt64 {
        let hash = TestAggregator.hash
        return hash.hash128(pod.namespace).combined(with: hash.hash128(pod.name)).high >> 7 & 15
    }

    @Test("equals a model that counts anew at every step", arguments: 0..<20)
    func model(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let limit = Int.random(in: 3...24, using: &random)
        // One limit at a time.
        let (podLimit, sessionLimit) = seed % 2 == 0 ? (limit, 1_000) : (1_000, limit)
        var configuration = AggregatorConfiguration()
        configuration.podLimit = 16 * podLimit
        configuration.sessionLimit = 16 * sessionLimit
        // All pods in one shard: its limit is the model's.
        var pods: [PodID] = []
        for namespace in 0..<6 {
            let names = (0...).lazy.map { PodID(namespace: "ns-\(namespace)", name: "pod-\($0)") }
            pods += Array(names.filter { Self.shard(of: $0) == 3 }.prefix(limit + 2))
        }
        var test = TestAggregator(configuration: configuration)
        var model = ShareModel(podLimit: podLimit, sessionLimit: sessionLimit)
        for _ in 0..<400 {
            test.advance(Double.random(in: 0.1...60, using: &random))
            let pod = try #require(pods.randomElement(using: &random))
            let session = "s-\(Int.random(in: 0..<4, using: &random))"
            model.forgetExpired(test.snapshot())
            let expected = model.take(pod, session)
            let outcome = test.record(Self.body(pod.namespace, pod.name, session, test))
            #expect((outcome.acceptedCount == 1) == expected, "seed \(seed): \(pod) \(session)")
            if let fault = model.adopt(test.snapshot()) {
                Issue.record("seed \(seed): \(fault)")
                return
            }
        }
        let statistics = test.snapshot().statistics
        let refusedCount = statistics.limitedPodCount + statistics.limitedSessionCount
        let displacedCount = statistics.displacedPodCount + statistics.displacedSessionCount
        #expect(refusedCount > 10 && displacedCount > 0, "seed \(seed): \(refusedCount) and \(displacedCount)")
    }
}

/// Knows nothing but sets of names.
private struct ShareModel {
    private let podLimit: Int
    private let sessionLimit: Int
    private var sessions: [PodID: Set<String>] = [:]
    /// Namespaces of which exactly one pod, or one session, has to go.
    private var podPayers: Set<String> = []
    private var sessionPayers: Set<String> = []

    init(podLimit: Int, sessionLimit: Int) {
        self.podLimit = podLimit
        self.sessionLimit = sessionLimit
    }

    private func podCounts() -> [String: Int] {
        self.sessions.keys.reduce(into: [:]) { $0[$1.namespace, default: 0] += 1 }
    }

    private func sessionCounts() -> [String: Int] {
        self.sessions.reduce(into: [:]) { if !$1.value.isEmpty { $0[$1.key.namespace, default: 0] += $1.value.count } }
    }

    /// `nil`: room; empty: refused; else those who may have to pay.
    private func payers(_ counts: [String: Int], _ limit: Int, for namespace: String) -> Set<String>? {
        guard counts.values.reduce(0, +) >= limit else { return nil }
        let share = limit / Set(counts.keys).union([namespace]).count
        guard counts[namespace, default: 0] < share else { return [] }
        return Set(counts.filter { $0.value == counts.values.max() }.keys)
    }

    /// - Returns: Is the item taken?
    mutating func take(_ pod: PodID, _ session: String) -> Bool {
        self.podPayers = []
        self.sessionPayers = []
        if self.sessions[pod] == nil {
            if let payers = self.payers(self.podCounts(), self.podLimit, for: pod.namespace) {
                guard !payers.isEmpty else { return false }
                self.podPayers = payers
            }
            self.sessions[pod] = []
        }
        guard self.sessions[pod]?.contains(session) == false else { return true }
        if let payers = self.payers(self.sessionCounts(), self.sessionLimit, for: pod.namespace) {
            guard !payers.isEmpty else { return false }
            self.sessionPayers = payers
        }
        self.sessions[pod]?.insert(session)
        return true
    }

    mutating func forgetExpired(_ snapshot: Snapshot) {
        let known = Dictionary(uniqueKeysWithValues: snapshot.pods.map { ($0.id, Set($0.sessions.map(\.id))) })
        for (pod, names) in self.sessions {
            self.sessions[pod] = known[pod].map { names.intersection($0) }
        }
    }

    /// Takes over who was chosen to go, if it was one of those who had to.
    mutating func adopt(_ snapshot: Snapshot) -> String? {
        let actual = Dictionary(uniqueKeysWithValues: snapshot.pods.map { ($0.id, Set($0.sessions.map(\.id))) })
        let lostPods = self.sessions.keys.filter { actual[$0] == nil }
        guard lostPods.count == (self.podPayers.isEmpty ? 0 : 1),
            lostPods.allSatisfy({ self.podPayers.contains($0.namespace) })
        else { return "\(lostPods) are gone, of \(self.podPayers)" }
        for pod in lostPods { self.sessions[pod] = nil }
        let lostSessions = self.sessions.filter { actual[$0.key] != $0.value }
        let lostCount = lostSessions.reduce(0) { $0 + $1.value.count - (actual[$1.key]?.count ?? 0) }
        guard lostCount == (self.sessionPayers.isEmpty ? 0 : 1),
            lostSessions.keys.allSatisfy({ self.sessionPayers.contains($0.namespace) })
        else { return "\(lostSessions) have lost sessions, of \(self.sessionPayers)" }
        self.sessions = actual
        return nil
    }
}
