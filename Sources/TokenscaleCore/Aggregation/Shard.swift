/// One sixteenth of the pods, with everything that ingest writes about them. Guarded by its lock in ``Aggregator``.
struct Shard: Sendable {
    let configuration: AggregatorConfiguration
    let hash: KeyedHash
    /// Since when rates have been watched: the start of the process, or the last time that our clock was set.
    private(set) var startTime: Timestamp
    /// Since when silence is the agents' and not ours: nobody expires by a silence that began before. A restart that
    /// took no longer than ten seconds goes on with the value of the process before.
    var listeningSince: Timestamp
    /// By how much our clock has been set since the start of the process.
    private(set) var clockSetSeconds = 0.0
    /// When it was set last, by the new time.
    private(set) var clockSetTime = Timestamp(nanoseconds: .min)
    var pods: [PodEntry] = []
    var podIndex = SlotIndex()
    var sessions: [SessionEntry] = []
    var sessionIndex = SlotIndex()
    var namespaces: NamespaceTable
    /// Where the search for a pod or session that makes room for another goes on.
    var podHand = 0
    var sessionHand = 0
    var recent: RecentKeys
    var retired: RetiredStreams
    var queues: [Hash128: QueueSnapshot] = [:]
    var modelNames: [String] = []
    private var modelIndex: [UInt64: Int] = [:]
    /// The model asked for last: most items of a run name the same.
    private var lastModel: (key: UInt64, index: Int) = (0, 0)
    var statistics = AggregatorStatistics()
    /// Items by ``AttributionSource``, in the order of its raw values.
    var attributionCounts = [Int64](repeating: 0, count: AttributionSource.allCases.count)

    init(configuration: AggregatorConfiguration, hash: KeyedHash, startTime: Timestamp, shardCount: Int) {
        self.configuration = configuration
        self.hash = hash
        self.startTime = startTime
        self.listeningSince = startTime
        self.namespaces = NamespaceTable(
            podLimit: Swift.max(1, configuration.podLimit / shardCount),
            sessionLimit: Swift.max(1, configuration.sessionLimit / shardCount)
        )
        self.recent = RecentKeys(
            seconds: configuration.deduplicationSeconds,
            keyLimit: Swift.max(1, configuration.deduplicationKeyLimit / shardCount)
        )
        self.retired = RetiredStreams(countMax: Self.retiredStreamCountMax)
    }

    /// Our own clock was set: what was learnt of the senders' clocks is void, and what the windows hold is of other
    /// seconds. Rates are not known until both have been learnt anew. What we heard last we did not hear in the future.
    mutating func clockWasSet(at now: Timestamp, by seconds: Double) {
        self.startTime = now.advanced(bySeconds: ClockOffset.proofSeconds)
        self.listeningSince = self.startTime
        self.clockSetSeconds += seconds
        self.clockSetTime = now
        for slot in self.podIndex.slots {
            self.pods[slot].clock = ClockOffset()
            self.pods[slot].forgetFuture(after: now)
        }
        for slot in self.sessionIndex.slots {
            self.sessions[slot].beganInSight = false
            self.sessions[slot].forgetFuture(after: now)
        }
        for key in self.queues.keys { self.queues[key]?.time.limit(to: now) }
    }

    // MARK: Names

    /// The index of a model's name. Names beyond the limit share the index of `other`.
    mutating func model(_ model: IdentityText, text: RawSpan) -> Int {
        let key = model.isAbsent ? 1 : model.fingerprint.low
        if key == self.lastModel.key { return self.lastModel.index }
        let index =
            self.modelIndex[key]
            ?? self.addModel(name: model.isAbsent ? "unknown" : self.name(model.range, text: text), key: key)
        self.lastModel = (key, index)
        return index
    }

    private mutating func addModel(name: String, key: UInt64) -> Int {
        // A cut name that the state file brought back is known by what is kept of it.
        if let index = self.modelNames.firstIndex(of: name) { return index }
        // A sender that invents model names must not fill the memory: names are few in any honest fleet.
        guard self.modelNames.count < Self.modelNameLimit else { return self.model(named: Self.otherModel) }
        self.modelNames.append(name)
        self.modelIndex[key] = self.modelNames.count - 1
        return self.modelNames.count - 1
    }

    /// The index of a name known as a string: `other`, or one from the state file.
    mutating func model(named name: String) -> Int {
        if let index = self.modelNames.firstIndex(of: name) { return index }
        self.modelNames.append(name)
        self.modelIndex[self.hash.hash64(name)] = self.modelNames.count - 1
        return self.modelNames.count - 1
    }

    static let modelNameLimit = 256
    /// About 800 forgotten sessions of Claude Code, in 0.5 MiB; twice that at most.
    private static let retiredStreamCountMax = 8192
    static let otherModel = "other"

    /// A name of bounded length. Allocates: for new identities only.
    ///
    /// A name that is cut or repaired (UTF-8 that is none; control characters, which would command the terminal of
    /// whoever reads them) ends in a fingerprint of what was sent: two names that differ never look the same, for two
    /// equal series would spoil `/metrics` and two equal sessions the state file.
    func name(_ range: TextRange, text: RawSpan) -> String {
        let limit = self.configuration.nameByteLimit
        let fingerprint = self.hash.hash64(text.extracting(range.offsets))
        if Int(range.byteCount) <= limit {
            let name = range.string(in: text)
            if self.hash.hash64(name) == fingerprint, !name.unicodeScalars.contains(where: Self.isControl) {
                return name
            }
        }
        let kept = Swift.min(Int(range.byteCount), Swift.max(0, limit - Self.fingerprintByteCount))
        let start = TextRange(offset: Int(range.offset), byteCount: kept).string(in: text)
        let shown = start.unicodeScalars.map { Self.isControl($0) ? "?" : $0 }
        return String(String.UnicodeScalarView(shown)) + "~" + String(fingerprint, radix: 16)
    }

    /// C0, DEL and C1.
    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 0x20 || 0x7f...0x9f ~= scalar.value
    }

    /// `~` and sixteen digits.
    private static let fingerprintByteCount = 17

    // MARK: Sessions

    /// The slot of a session, made if need be.
    ///
    /// - Returns: `nil` if a limit for new sessions is reached.
    mutating func session(
        _ session: IdentityText,
        text: RawSpan,
        pod: Int,
        arrival: Timestamp,
        beganInSight: Bool
    ) -> Int? {
        let idHash = session.isAbsent ? Hash128(low: 1, high: 1) : session.fingerprint
        let key = self.pods[pod].key.combined(with: idHash)
        if let slot = self.sessionIndex.slot(of: key) { return slot }
        let id = session.isAbsent ? "" : self.name(session.range, text: text)
        // A cut or repaired name is known by what is kept of it: the state file holds no more.
        let keptKey = session.isAbsent ? key : self.pods[pod].key.combined(with: self.hash.hash128(id))
        if keptKey != key, let slot = self.sessionIndex.slot(of: keptKey) { return slot }
        guard self.makeRoomForSession(of: pod) else { return nil }
        let state = SessionEntry(
            id: id,
            key: keptKey,
            pod: pod,
            arrival: arrival,
            beganInSight: beganInSight
        )
        let slot = self.sessionIndex.insert(state, key: keptKey, into: &self.sessions)
        self.pods[pod].sessions.append(slot)
        self.namespaces.addSession(of: self.pods[pod].namespace)
        return slot
    }

    /// The place of a model in a session's list, made if need be, and the model it counts for.
    mutating func usage(of model: Int, session: Int) -> (index: Int, model: Int) {
        if let index = self.sessions[session].modelNumbers.firstIndex(of: model) { return (index, model) }
        var model = model
        if self.sessions[session].models.count >= self.configuration.modelsPerSessionLimit {
            model = self.model(named: Self.otherModel)
            if let index = self.sessions[session].modelNumbers.firstIndex(of: model) { return (index, model) }
        }
        self.sessions[session].append(ModelUsage(model: model))
        return (self.sessions[session].models.count - 1, model)
    }

    /// Adds to the pod's part of the ledger.
    mutating func count(_ tokens: TokenCounts, model: Int, pod: Int, arrival: Timestamp) {
        self.countUnattributed(tokens.total, pod: pod)
        let index = self.counter(of: model, pod: pod, arrival: arrival)
        self.pods[pod].counters[index].total += tokens
    }

    /// Adds tokens of one type to the pod's part of the ledger.
    mutating func count(_ tokens: Int64, of type: TokenType, model: Int, pod: Int, arrival: Timestamp) {
        self.countUnattributed(tokens, pod: pod)
        let index = self.counter(of: model, pod: pod, arrival: arrival)
        let total = self.pods[pod].counters[index].total[type]
        self.pods[pod].counters[index].total[type] = total.addingClamped(tokens)
    }

    private mutating func countUnattributed(_ tokens: Int64, pod: Int) {
        guard self.pods[pod].key == .absent else { return }
        self.statistics.unattributedTokens = self.statistics.unattributedTokens.addingClamped(tokens)
    }

    private mutating func counter(of model: Int, pod: Int, arrival: Timestamp) -> Int {
        for index in self.pods[pod].counters.indices where self.pods[pod].counters[index].model == model {
            return index
        }
        self.pods[pod].counters.append(ModelCounter(model: model, total: TokenCounts(), created: arrival))
        return self.pods[pod].counters.count - 1
    }
}
