/// Everything a reader can know, at one moment. Immutable; made once a second; shared by reference.
package struct Snapshot: Sendable {
    /// Counts snapshots of this process, from 1.
    package var sequence: UInt64 = 0
    package var time: Timestamp = .zero
    /// When this process began to count.
    package var startTime: Timestamp = .zero
    /// Sorted by ``PodID``. Holds every pod seen in telemetry that has not expired.
    package var pods: [PodSnapshot] = []
    /// The ledger: every token ever counted by this process (and its restored past), born at 0, never falling.
    /// Sorted by pod, then model.
    package var counters: [TokenCounter] = []
    /// Sorted by namespace, queue, pod.
    package var queues: [QueueSnapshot] = [] {
        didSet {
            let own = self.queues.lazy.filter { $0.pod != nil }
            self.queuesOfPods = Dictionary(grouping: own) { PodID(namespace: $0.namespace, name: $0.pod ?? "") }
        }
    }
    /// The part of ``queues`` that is a pod's own.
    package private(set) var queuesOfPods: [PodID: [QueueSnapshot]] = [:]
    /// Findings over several sessions: restart loops of a pod or workload, incidents of the provider.
    package var workloadFindings: [WorkloadFinding] = []
    package var statistics = AggregatorStatistics()

    package init() {}
}

/// The rate of one model in one pod, in tokens per minute.
package struct ModelRate: Equatable, Sendable {
    package var model: String
    /// Sessions that are not stuck: 60 s window.
    package var active = TokenCounts()
    /// Confirmed-stuck sessions: 60 s window.
    package var stuck = TokenCounts()
    /// Sessions that are not stuck: 15 s window, per minute.
    package var activeBurst = TokenCounts()

    package init(model: String) { self.model = model }
}

/// What is known of a pod's load.
package enum PodState: Equatable, Sendable {
    /// Tokens flow, or a turn is open and the sender was heard of recently.
    case active
    /// Known to do nothing: the rate is an honest 0.
    case idle
    /// Not known: the pod is left out of answers, so that the HPA holds.
    case unknown(UnknownReason)

    package enum UnknownReason: String, Equatable, Sendable {
        /// A session has an open turn and was silent for longer than the staleness budget.
        case sessionSilent = "session_silent"
        /// The process started less than a window ago and met the session in mid work.
        case windowNotCovered = "window_not_covered"
    }

    package var isKnown: Bool {
        if case .unknown = self { return false }
        return true
    }
}

package struct PodSnapshot: Sendable {
    package var id: PodID
    package var uid: String?
    package var node: String?
    /// The workload's name as telemetry tells it (`k8s.deployment.name`…); the pod directory knows better.
    package var workload: String?
    /// `k8s.pod.label.*` attributes, when the sender has them.
    package var labels: [String: String] = [:]
    package var attribution: AttributionSource = .none
    package var state: PodState = .idle
    /// One entry per model with tokens in the window; sorted by model.
    package var rates: [ModelRate] = []
    /// Distinct seconds of the burst window that hold tokens: a burst needs several requests.
    package var burstSecondCount = 0
    /// Sorted by session id. All that are not forgotten, also those that are idle.
    package var sessions: [SessionSnapshot] = []
    /// Arrival of the newest telemetry.
    package var lastArrival: Timestamp = .zero
    /// Newest event or data point time, corrected for the sender's clock.
    package var lastSample: Timestamp = .zero
    package var firstSeen: Timestamp = .zero
    /// How far the sender's clock is behind ours, in seconds (negative: ahead). 0 while plausible.
    package var clockOffsetSeconds: Double = 0

    package init(id: PodID) { self.id = id }

    package var activeSessionCount: Int { self.sessions.count { $0.isLive } }
    package var openTurnCount: Int { self.sessions.count { $0.hasOpenTurn } }
    package var stuckSessionCount: Int { self.sessions.count { $0.isStuck } }
}

package struct SessionSnapshot: Sendable {
    /// `session.id`; empty when the sender leaves it out.
    package var id: String
    package var model: String?
    /// In the middle of a turn, or heard of within the staleness budget.
    package var isLive = false
    package var hasOpenTurn = false
    /// A confirmed loop (warning or critical): its tokens are not load.
    package var isStuck = false
    package var finding: LoopFinding?
    /// Tokens per minute over 60 s, all models.
    package var rate = TokenCounts()
    /// The ledger's total: per model and type the greater of events and metrics.
    package var total = TokenCounts()
    /// What events alone and metrics alone say.
    package var eventTotal = TokenCounts()
    package var metricTotal = TokenCounts()
    package var costMicroUSD: Int64 = 0
    package var requestCount: Int64 = 0
    package var firstSeen: Timestamp = .zero
    package var lastActivity: Timestamp = .zero
    package var lastArrival: Timestamp = .zero

    package init(id: String) { self.id = id }
}

/// One series of `claude_tokens_total` per type.
package struct TokenCounter: Sendable {
    package var pod: PodID
    package var workload: String?
    package var model: String
    package var total = TokenCounts()
    /// The snapshot in which the series first appeared: a scraper that knows earlier ones is shown 0 first.
    package var birthSequence: UInt64 = 0
    package var created: Timestamp = .zero

    package init(pod: PodID, model: String) {
        self.pod = pod
        self.model = model
    }
}

/// Where a queue depth was read.
package enum QueueSource: String, Sendable {
    case otlp
    case push
    case scrape
}

package struct QueueSnapshot: Equatable, Sendable {
    package var namespace: String
    package var queue: String
    /// The pod that reported, when the depth is that pod's own; `nil` for a shared queue.
    package var pod: String?
    package var depth: Double
    package var source: QueueSource
    /// When the depth was measured.
    package var time: Timestamp
    /// Older than the staleness budget: unknown, left out of answers.
    package var isStale: Bool

    package init(
        namespace: String,
        queue: String,
        pod: String?,
        depth: Double,
        source: QueueSource,
        time: Timestamp,
        isStale: Bool
    ) {
        self.namespace = namespace
        self.queue = queue
        self.pod = pod
        self.depth = depth
        self.source = source
        self.time = time
        self.isStale = isStale
    }
}

/// A finding that no single session shows.
package struct WorkloadFinding: Equatable, Sendable {
    package var namespace: String
    /// Workload, or the pod's name when no workload is known.
    package var workload: String
    package var finding: LoopFinding

    package init(namespace: String, workload: String, finding: LoopFinding) {
        self.namespace = namespace
        self.workload = workload
        self.finding = finding
    }
}

/// Counters of the aggregator itself, since the start of the process.
package struct AggregatorStatistics: Equatable, Sendable {
    package var outcome = RecordOutcome()
    /// Tokens that no pod could be named for.
    package var unattributedTokens: Int64 = 0
    /// Sum over sessions of ``UsageLedger/driftTokens``, now.
    package var driftTokens: Int64 = 0
    /// Data that came too late for the rate window and counts in the totals only.
    package var lateItemCount: Int64 = 0
    /// Items whose time lay in the future and was corrected.
    package var futureItemCount: Int64 = 0
    package var podCount = 0
    package var sessionCount = 0
    package var seriesCount = 0
    package var expiredSessionCount: Int64 = 0
    package var limitedPodCount: Int64 = 0
    package var limitedSessionCount: Int64 = 0
    package var limitedSeriesCount: Int64 = 0
    /// Points and records with too many or too long attributes, or of such a resource.
    package var limitedItemCount: Int64 = 0
    /// Forgotten at the limit for a new one of a namespace that holds less than its share.
    package var displacedPodCount: Int64 = 0
    package var displacedSessionCount: Int64 = 0
    package var attribution: [AttributionSource: Int64] = [:]

    package init() {}
}
