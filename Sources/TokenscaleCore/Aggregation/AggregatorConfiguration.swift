/// Limits and times of the aggregator. Every field is a setting of the operator.
package struct AggregatorConfiguration: Equatable, Sendable {
    /// Pods kept at once. Beyond, namespaces have equal shares: see ``NamespaceShares``.
    package var podLimit = 20_000
    /// Sessions kept at once over all pods; shared in the same way.
    package var sessionLimit = 200_000
    package var sessionsPerPodLimit = 2_000
    /// Models told apart in one session; tokens of further ones are counted under `other`.
    package var modelsPerSessionLimit = 16
    /// Cumulative series remembered per session (attribute set × process).
    package var streamsPerSessionLimit = 4_096
    /// Queues kept at once over all namespaces.
    package var queueLimit = 10_000
    /// Bytes kept of a session, pod, namespace or model name; longer names are cut.
    package var nameByteLimit = 253
    /// A session without an open turn counts as live for so long after its last sign: metrics come every 60 s by
    /// default, the HPA asks every 15 s, and some slack. In an open turn it makes its pod unknown after this silence,
    /// or after a window's if that is shorter.
    package var stalenessSeconds = 90.0
    /// A queue depth older than this is unknown.
    package var queueStalenessSeconds = 90.0
    /// A session whose turn is open is forgotten after this silence; a finished one after half of it.
    package var sessionExpirySeconds = 1_800.0
    /// A pod without telemetry is forgotten after this; its counters leave `/metrics`.
    package var podExpirySeconds = 3_600.0
    /// For how long a resent item is recognised at least. Claude Code resends within 10 s.
    package var deduplicationSeconds = 300.0
    /// Deduplication keys in each of two generations; when one is full, the older one is dropped early.
    package var deduplicationKeyLimit = 8_000_000
    /// Tokens that only metrics know enter the rate of a session with events after this: the logs may be late.
    package var settleSeconds = 15.0
    /// A source that speaks alone for this long has taken over: two and a half export intervals. See ``UsageLedger``.
    package var sourceSwitchSeconds = 150.0
    /// A metric increment is spread over at most this: the default export interval of Claude Code.
    package var exportIntervalSeconds = 60.0
    /// A sender's times may be behind by this much before they are corrected: events wait up to 5 s for their export.
    package var clockToleranceSeconds = 5.0
    /// A session first met at this `event.sequence` or later had begun before we looked: its window is not covered
    /// until the process has run for a whole window.
    package var sessionStartSequenceMax: Int64 = 32

    /// Senders that may name another pod than the one they send from.
    package var trustedPeers = PeerTrust()

    package var detection = DetectionConfiguration()

    package init() {}
}
