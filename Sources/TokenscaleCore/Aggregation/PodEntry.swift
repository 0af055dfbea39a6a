/// Everything kept of one pod, without its sessions.
struct PodEntry: Sendable {
    let id: PodID
    let key: Hash128
    /// The number of its namespace in the shard's ``NamespaceTable``.
    let namespace: Int
    var uid: String?
    var node: String?
    var workload: String?
    var labels: [String: String] = [:]
    var attribution: AttributionSource
    var firstSeen: Timestamp
    var lastArrival: Timestamp
    var lastSample: Timestamp = .zero
    var clock = ClockOffset()
    /// Sees loops over the pod's sessions.
    var detector = WorkloadDetector()
    /// Slots of its sessions.
    var sessions: [Int] = []
    /// The pod's part of the ledger, one per model.
    var counters: [ModelCounter] = []

    init(id: PodID, key: Hash128, namespace: Int, attribution: AttributionSource, arrival: Timestamp) {
        self.id = id
        self.key = key
        self.namespace = namespace
        self.attribution = attribution
        self.firstSeen = arrival
        self.lastArrival = arrival
    }

    /// `now` may be earlier than it was: our clock was set back.
    mutating func forgetFuture(after now: Timestamp) {
        self.lastArrival.limit(to: now)
        self.lastSample.limit(to: now)
    }

    static let vacant = PodEntry(id: .unattributed, key: .absent, namespace: 0, attribution: .none, arrival: .zero)
}

/// Tokens of one model in one pod since the pod was first seen. Outlives its sessions.
struct ModelCounter: Sendable {
    let model: Int
    var total = TokenCounts()
    /// 0 until the first snapshot that shows it.
    var birthSequence: UInt64 = 0
    var created: Timestamp
}
