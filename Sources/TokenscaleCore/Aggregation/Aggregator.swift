import Synchronization

/// Owns everything that ingest writes: windows, ledger, deduplication keys, session evidence; sharded by pod.
///
/// Writers take one shard's lock per run of items of one pod; the snapshot takes the locks one after the other.
package final class Aggregator: Sendable {
    /// Locks; a power of two.
    package static let shardCount = 16

    package let configuration: AggregatorConfiguration
    let hash: KeyedHash
    /// When this process began to count.
    package let startTime: Timestamp
    private let directory: PodDirectoryStore?
    let shards: [ShardBox]
    private let progress = Mutex(Progress())

    /// A shard in its own heap object: `Mutex` cannot be stored in an array.
    final class ShardBox: Sendable {
        let shard: Mutex<Shard>
        init(_ shard: consuming sending Shard) { self.shard = Mutex(shard) }
    }

    private struct Progress {
        var sequence: UInt64 = 0
        /// The provider was failing for everybody when the last snapshot was made.
        var isIncident = false
    }

    /// - Parameters:
    ///   - hash: Carries the process's secret key; the decoder must use the same.
    ///   - startTime: Now.
    ///   - directory: What the API server says of pods; `nil` without a cluster.
    package init(
        configuration: AggregatorConfiguration,
        hash: KeyedHash,
        startTime: Timestamp,
        directory: PodDirectoryStore? = nil
    ) {
        self.directory = directory
        self.configuration = configuration
        self.hash = hash
        self.startTime = startTime
        self.shards = (0..<Self.shardCount).map { _ in
            ShardBox(
                Shard(configuration: configuration, hash: hash, startTime: startTime, shardCount: Self.shardCount)
            )
        }
    }

    /// Records the items of one resource block, under one lock unless its items name different pods.
    ///
    /// Allocates nothing when pod, sessions and series are known.
    ///
    /// - Parameters:
    ///   - batch: The decoded block; its order within a session is kept.
    ///   - text: The bytes that the ranges of `batch` refer to.
    ///   - peer: Where the request came from.
    ///   - arrival: Now.
    package func record(
        _ batch: ResourceBatch,
        text: RawSpan,
        peer: PeerAddress?,
        arrival: Timestamp
    ) -> RecordOutcome {
        let directory = self.directory?.current
        var outcome = RecordOutcome()
        if batch.ignoredCount > 0 {
            outcome.ignoredCount = batch.ignoredCount
            self.shards[0].shard.withLock { $0.statistics.outcome.ignoredCount += batch.ignoredCount }
        }
        var run = Run()
        while run.next(in: batch, text: text, hash: self.hash) {
            self.record(run, of: batch, text: text, peer: peer, directory: directory, arrival: arrival, to: &outcome)
        }
        return outcome
    }

    /// Counts items that were refused before they came here, for their size.
    package func countItems(overLimit count: Int) {
        self.shards[0].shard.withLock { shard in
            shard.statistics.outcome.limitedCount += count
            shard.statistics.limitedItemCount += Int64(count)
        }
    }

    /// Takes in the depth of a queue that was pushed or scraped.
    ///
    /// - Returns: `false` if the limit for new queues is reached.
    package func recordQueueDepth(
        namespace: String,
        queue: String,
        pod: String?,
        depth: Double,
        source: QueueSource,
        time: Timestamp,
        arrival: Timestamp
    ) -> Bool {
        let snapshot = QueueSnapshot(
            namespace: namespace,
            queue: queue,
            pod: pod,
            depth: depth,
            source: source,
            time: Swift.min(time, arrival),
            isStale: false
        )
        // A pod's queue lies in the pod's shard, where its OTLP gauges go: however it is reported, it is one queue.
        let key = pod.map { self.key(of: PodID(namespace: namespace, name: $0)) } ?? self.hash.hash128(namespace)
        return self.shard(of: key).shard.withLock { $0.recordQueue(snapshot) }
    }

    /// Our own clock was set by `seconds`, to `now`. Totals stay as they are; pods with sessions are unknown for 80 s.
    package func clockWasSet(at now: Timestamp, by seconds: Double) {
        for box in self.shards { box.shard.withLock { $0.clockWasSet(at: now, by: seconds) } }
    }

    /// Copies everything into one immutable value. Called once a second.
    package func snapshot(now: Timestamp) -> Snapshot {
        var result = Snapshot()
        let progress = self.progress.withLock { progress in
            progress.sequence += 1
            return progress
        }
        var health = ProviderHealth(at: now, configuration: self.configuration.detection)
        result.sequence = progress.sequence
        result.time = now
        result.startTime = self.startTime
        var queues: [QueueSnapshot] = []
        for box in self.shards {
            let part = box.shard.withLock { shard in
                shard.snapshot(
                    now: now,
                    sequence: progress.sequence,
                    isIncident: progress.isIncident,
                    health: &health
                )
            }
            result.workloadFindings += part.workloadFindings
            result.pods += part.pods
            result.counters += part.counters
            queues += part.queues
            result.statistics.add(part.statistics)
        }
        result.pods.sort { $0.id < $1.id }
        result.counters.sort { ($0.pod, $0.model) < ($1.pod, $1.model) }
        result.queues = queues.sorted {
            ($0.namespace, $0.queue, $0.pod ?? "") < ($1.namespace, $1.queue, $1.pod ?? "")
        }
        result.workloadFindings.sort { ($0.namespace, $0.workload) < ($1.namespace, $1.workload) }
        if let finding = health.finding() {
            result.workloadFindings.append(WorkloadFinding(namespace: "", workload: "provider", finding: finding))
        }
        let isIncident = health.isIncident
        self.progress.withLock { $0.isIncident = isIncident }
        return result
    }

    private func shard(of key: Hash128) -> ShardBox {
        self.shards[Int(truncatingIfNeeded: key.high >> 7) & (Self.shardCount - 1)]
    }

    /// Records the items of one pod.
    private func record(
        _ run: Run,
        of batch: ResourceBatch,
        text: RawSpan,
        peer: PeerAddress?,
        directory: PodDirectory?,
        arrival: Timestamp,
        to outcome: inout RecordOutcome
    ) {
        let attribution = self.attribute(run, text: text, peer: peer, directory: directory)
        let part = self.shard(of: attribution.key).shard.withLock { shard in
            let part =
                attribution.isRefused
                ? Shard.refuse(run)
                : shard.record(run, attribution: attribution, of: batch, text: text, arrival: arrival)
            shard.statistics.outcome += part
            shard.attributionCounts[Int(attribution.source.rawValue)] += Int64(run.count)
            return part
        }
        outcome += part
    }
}
