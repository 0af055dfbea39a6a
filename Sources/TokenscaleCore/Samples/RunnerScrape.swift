/// What one scrape of an orchestrator of Anthropic's self-hosted environments says.
///
/// Source of the series: "Self-hosted environments reference" of the Claude Code documentation. The depth to scale on
/// is `…_pool_pending_sessions`, gated on `…_connected == 1`: it is a number of the whole environment, the same on
/// every orchestrator, so that several orchestrators are combined by their maximum, not by their sum.
package struct RunnerScrape: Equatable, Sendable {
    package static let prefix = "claude_code_self_hosted_orchestrator_"

    /// The last poll of the control plane succeeded: without it the depth is an old value.
    package var isConnected: Bool
    /// Sessions that wait for a runner; `nil` before the first successful poll.
    package var pendingCount: Double?
    /// Of those, the ones that no runner will take before somebody intervenes: more pods would not help them.
    package var circuitBrokenCount: Double
    /// `ccpool_…`, when the orchestrator tells it.
    package var environment: String?
    /// Whether there was any series of an orchestrator.
    package private(set) var isOrchestrator = true

    package init(isConnected: Bool, pendingCount: Double?, circuitBrokenCount: Double = 0, environment: String? = nil) {
        self.isConnected = isConnected
        self.pendingCount = pendingCount
        self.circuitBrokenCount = circuitBrokenCount
        self.environment = environment
    }

    /// - Parameter text: A `/metrics` body.
    package init(text: String) throws(PrometheusTextError) {
        let samples = try PrometheusText.samples(text, sampleLimit: 10_000) { $0.hasPrefix(Self.prefix) }
        self.isOrchestrator = !samples.isEmpty
        func value(_ name: String) -> Double? {
            samples.first { $0.name == Self.prefix + name }?.value
        }
        self.isConnected = value("connected") == 1
        self.pendingCount = value("pool_pending_sessions")
        self.circuitBrokenCount = value("queue_circuit_broken_sessions") ?? 0
        self.environment = samples.first { $0.name == Self.prefix + "info" }?.labels["pool_id"]
    }

    /// What an autoscaler may act on; `nil` when it is not known now.
    package var depth: Double? {
        guard self.isConnected, let pending = self.pendingCount, pending.isFinite, pending >= 0 else { return nil }
        return max(0, pending - max(0, self.circuitBrokenCount))
    }

    /// Why ``depth`` is not known, and what to look at; `nil` when it is.
    package var fault: String? {
        guard self.depth == nil else { return nil }
        if !self.isOrchestrator {
            return
                "the answer has no series \(Self.prefix)…: it is not the /metrics of an orchestrator (a runner's own "
                + "tells no queue)"
        }
        if !self.isConnected {
            return "the orchestrator is not connected to its control plane (\(Self.prefix)connected is not 1); see its "
                + "logs"
        }
        return
            "\(Self.prefix)pool_pending_sessions is missing or no number of 0 or more; the orchestrator may not have "
            + "polled yet"
    }
}

/// The queue of an environment, as several orchestrators of it report it.
package struct RunnerQueue: Hashable, Sendable {
    package var namespace: String
    package var queue: String

    package init(namespace: String, queue: String) {
        self.namespace = namespace
        self.queue = queue
    }

    /// The maximum over the orchestrators that know the depth. A queue that none of them knows is left out: it then
    /// grows stale, which is "unknown", not 0.
    package static func depths(_ scrapes: [(queue: RunnerQueue, scrape: RunnerScrape)]) -> [RunnerQueue: Double] {
        var depths: [RunnerQueue: Double] = [:]
        for (queue, scrape) in scrapes {
            guard let depth = scrape.depth else { continue }
            depths[queue] = max(depths[queue] ?? 0, depth)
        }
        return depths
    }
}
