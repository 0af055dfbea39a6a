import Synchronization

/// What survives a restart: ledger, windows, cumulative series and deduplication keys. Detector evidence does not: it
/// builds up again within a few rounds, and an old verdict must not outlive its reasons.
///
/// The file holds names of pods, sessions and models, numbers, and the key of the identity hash; never text of a
/// prompt, a tool's arguments, or a fingerprint of them.
extension Aggregator {
    private static let magic: [UInt8] = Array("tokenscale-state".utf8)
    private static let version: UInt64 = 3
    /// A restart that took no longer than this lost nothing that matters: restored windows count as covered.
    private static let seamlessSeconds = 10.0

    /// Serialises the state. Shard by shard: ingest waits for one shard at a time.
    package func encodeState(now: Timestamp) -> [UInt8] {
        var writer = StateWriter()
        writer.write(self.hash.key)
        writer.write(now)
        for box in self.shards { box.shard.withLock { $0.encode(to: &writer) } }
        var header = StateWriter()
        header.write(Self.version)
        header.write(Self.checksum(writer.bytes[...]))
        return Self.magic + header.bytes + writer.bytes
    }

    /// The identity key that a state file was written with: the new process must hash with the same.
    package static func key(ofState bytes: [UInt8]) throws(StateError) -> UInt64 {
        var reader = try Self.body(bytes)
        return try reader.unsigned()
    }

    /// Takes in a state file. Call before any ingest.
    ///
    /// - Throws: ``StateError``; the aggregator may then hold a part of the state and must be made anew.
    package func restore(_ bytes: [UInt8], now: Timestamp) throws(StateError) {
        var reader = try Self.body(bytes)
        let key = try reader.unsigned()
        precondition(key == self.hash.key, "a state file is restored under the key it was written with")
        let written = try reader.timestamp()
        let isSeamless = abs(now.seconds(since: written)) <= Self.seamlessSeconds
        for box in self.shards {
            let result: Result<StateReader, StateError> = box.shard.withLock { shard in
                var part = reader
                do throws(StateError) {
                    try shard.restore(from: &part, isSeamless: isSeamless, now: now)
                    return .success(part)
                } catch {
                    return .failure(error)
                }
            }
            reader = try result.get()
        }
        guard reader.isAtEnd else { throw .damaged }
    }

    private static func body(_ bytes: [UInt8]) throws(StateError) -> StateReader {
        guard bytes.starts(with: Self.magic) else { throw .notAStateFile }
        var header = StateReader(bytes[Self.magic.count...])
        let version = try header.unsigned()
        guard version == Self.version else { throw .otherVersion(found: version, supported: Self.version) }
        let checksum = try header.unsigned()
        var length = StateWriter()
        length.write(version)
        length.write(checksum)
        let body = bytes[(Self.magic.count + length.bytes.count)...]
        guard Self.checksum(body) == checksum else { throw .damaged }
        return StateReader(body)
    }

    /// FNV-1a, 64 bit: finds torn and damaged files, nothing more.
    private static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
    }
}

extension Shard {
    func encode(to writer: inout StateWriter) {
        let pods = self.podIndex.slots
        writer.write(self.listeningSince)
        writer.write(pods.count)
        for slot in pods {
            let pod = self.pods[slot]
            writer.write(pod.id.namespace)
            writer.write(pod.id.name)
            writer.write(pod.uid)
            writer.write(pod.node)
            writer.write(pod.workload)
            writer.write(Int(pod.attribution.rawValue))
            writer.write(pod.firstSeen)
            writer.write(pod.lastArrival)
            writer.write(pod.lastSample)
            writer.write(pod.labels.count)
            for (key, value) in pod.labels.sorted(by: { $0.key < $1.key }) {
                writer.write(key)
                writer.write(value)
            }
            writer.write(pod.counters.count)
            for counter in pod.counters {
                writer.write(self.modelNames[counter.model])
                writer.write(counter.total)
                writer.write(counter.created)
            }
            writer.write(pod.sessions.count)
            for session in pod.sessions { self.encode(session: session, to: &writer) }
        }
        let keys = self.recent.keys
        writer.write(keys.count)
        for key in keys { writer.write(bits: key) }
    }

    private func encode(session slot: Int, to writer: inout StateWriter) {
        let session = self.sessions[slot]
        writer.write(session.id)
        writer.write(session.firstSeen)
        writer.write(session.lastActivity)
        writer.write(session.lastArrival)
        writer.write(session.hasEvents)
        writer.write(session.turn.code)
        writer.write(session.costMicroUSD)
        writer.write(session.requestCount)
        writer.write(session.streams.count)
        for (key, stream) in session.streams {
            writer.write(key)
            writer.write(stream.value)
            writer.write(stream.time.uncorrected)
        }
        writer.write(session.models.count)
        for usage in session.models {
            writer.write(self.modelNames[usage.model])
            usage.encode(to: &writer)
        }
    }

    mutating func restore(from reader: inout StateReader, isSeamless: Bool, now: Timestamp) throws(StateError) {
        let listeningSince = try reader.timestamp()
        if isSeamless { self.listeningSince = min(now, listeningSince) }
        for _ in 0..<(try reader.count()) {
            let id = PodID(namespace: try reader.text(), name: try reader.text())
            let key =
                id == .unattributed
                ? Hash128.absent : self.hash.hash128(id.namespace).combined(with: self.hash.hash128(id.name))
            guard self.podIndex.slot(of: key) == nil else { throw .damaged }
            let namespace = self.namespaces.addPod(of: id.namespace)
            var pod = PodEntry(id: id, key: key, namespace: namespace, attribution: .none, arrival: now)
            pod.uid = try reader.optionalText()
            pod.node = try reader.optionalText()
            pod.workload = try reader.optionalText()
            pod.attribution = AttributionSource(rawValue: UInt8(clamping: try reader.signed())) ?? .none
            pod.firstSeen = try reader.timestamp()
            pod.lastArrival = try reader.timestamp()
            pod.lastSample = try reader.timestamp()
            pod.forgetFuture(after: now)
            for _ in 0..<(try reader.count()) {
                let label = try reader.text()
                pod.labels[label] = try reader.text()
            }
            for _ in 0..<(try reader.count()) {
                let model = self.model(named: try reader.text())
                let total = try reader.tokens()
                pod.counters.append(ModelCounter(model: model, total: total, created: try reader.timestamp()))
            }
            let slot = self.podIndex.insert(pod, key: key, into: &self.pods)
            for _ in 0..<(try reader.count()) { try self.restoreSession(from: &reader, pod: slot, isSeamless, now) }
        }
        for _ in 0..<(try reader.count()) {
            _ = self.recent.insert(try reader.bits(), now: now)
        }
    }

    private mutating func restoreSession(
        from reader: inout StateReader,
        pod: Int,
        _ isSeamless: Bool,
        _ now: Timestamp
    ) throws(StateError) {
        let id = try reader.text()
        let idHash = id.isEmpty ? Hash128(low: 1, high: 1) : self.hash.hash128(id)
        let key = self.pods[pod].key.combined(with: idHash)
        var session = SessionEntry(id: id, key: key, pod: pod, arrival: .zero, beganInSight: isSeamless)
        session.firstSeen = try reader.timestamp()
        session.lastActivity = try reader.timestamp()
        session.lastArrival = try reader.timestamp()
        session.forgetFuture(after: now)
        session.hasEvents = try reader.bool()
        session.turn = TurnState(code: try reader.unsigned())
        session.costMicroUSD = try reader.signed()
        session.requestCount = try reader.signed()
        for _ in 0..<(try reader.count()) {
            let stream = try reader.hash()
            let value = try reader.double()
            session.streams[stream] = CumulativeStream(value: value, time: SentTime(try reader.timestamp()))
        }
        for _ in 0..<(try reader.count()) {
            let model = self.model(named: try reader.text())
            session.append(try ModelUsage(model: model, from: &reader))
            session.lastModel = model
        }
        guard self.sessionIndex.slot(of: key) == nil else { throw .damaged }
        self.pods[pod].sessions.append(self.sessionIndex.insert(session, key: key, into: &self.sessions))
        self.namespaces.addSession(of: self.pods[pod].namespace)
    }
}
