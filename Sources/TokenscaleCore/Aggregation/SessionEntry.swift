/// Everything kept of one session in one pod.
struct SessionEntry: Sendable {
    let id: String
    let key: Hash128
    let pod: Int
    var firstSeen: Timestamp
    /// Newest time of an item, corrected for the sender's clock.
    var lastActivity: Timestamp
    var lastArrival: Timestamp
    var models: [ModelUsage] = []
    /// ``ModelUsage/model`` of ``models``: looking through those would copy each (600 bytes).
    private(set) var modelNumbers: [Int] = []
    var turn = TurnState()
    var detector = SessionDetector()
    var hasEvents = false
    var costMicroUSD: Int64 = 0
    var requestCount: Int64 = 0
    /// The session began after this process did, or so shortly before that its window is whole.
    var beganInSight: Bool
    /// Highest value seen of each cumulative series, by resource, attributes and start time.
    var streams: [Hash128: CumulativeStream] = [:]
    /// The newest model used, as an index of the shard's names.
    var lastModel: Int?

    init(id: String, key: Hash128, pod: Int, arrival: Timestamp, beganInSight: Bool) {
        self.id = id
        self.key = key
        self.pod = pod
        self.firstSeen = arrival
        self.lastActivity = arrival
        self.lastArrival = arrival
        self.beganInSight = beganInSight
    }

    mutating func append(_ usage: ModelUsage) {
        self.modelNumbers.append(usage.model)
        self.models.append(usage)
    }

    static let vacant = SessionEntry(id: "", key: .absent, pod: 0, arrival: .zero, beganInSight: true)

    /// `now` may be earlier than it was: our clock was set back.
    mutating func forgetFuture(after now: Timestamp) {
        self.lastActivity.limit(to: now)
        self.lastArrival.limit(to: now)
    }

    /// Heard of lately, or in the middle of a turn.
    func isLive(at now: Timestamp, stalenessSeconds: Double) -> Bool {
        self.turn.isOpen || now.seconds(since: self.lastActivity) <= stalenessSeconds
    }

    /// In the middle of a turn and silent for too long: nobody knows what it does. A turn is known to be open from
    /// events, which come within seconds: a window without any would read as 0.
    func isSilent(at now: Timestamp, stalenessSeconds: Double) -> Bool {
        guard self.turn.isOpen else { return false }
        return now.seconds(since: self.lastArrival) >= stalenessSeconds
            || now.seconds(since: self.lastActivity) >= Double(TokenWindow.stableSeconds)
    }

    /// - Parameter listeningSince: When this process began: nobody is silent towards a collector that is away.
    func isExpired(at now: Timestamp, listeningSince: Timestamp, expirySeconds: Double) -> Bool {
        now.seconds(since: Swift.max(self.lastArrival, listeningSince))
            > (self.turn.isOpen ? expirySeconds : expirySeconds / 2)
    }
}

/// A cumulative series of one process: its value never falls, so the highest seen is what has been counted.
struct CumulativeStream: Equatable, Sendable {
    var value: Double
    var time: SentTime

    /// Takes a new value in.
    ///
    /// - Returns: The increment, and where its interval begins; `nil` for a repeated or older value.
    mutating func advance(to value: Double, time: SentTime) -> (increment: Double, since: SentTime)? {
        guard value > self.value else {
            self.time = Swift.max(self.time, time)
            return nil
        }
        let result = (value - self.value, Swift.min(self.time, time))
        self.value = value
        self.time = Swift.max(self.time, time)
        return result
    }
}
