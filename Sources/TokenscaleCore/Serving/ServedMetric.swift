/// The catalogue of the metrics APIs: constant, so that discovery never depends on data.
package enum ServedMetric: String, CaseIterable, Sendable {
    case tokensPerMinute = "claude_tokens_per_minute"
    case inputTokensPerMinute = "claude_input_tokens_per_minute"
    case outputTokensPerMinute = "claude_output_tokens_per_minute"
    case queueDepth = "claude_queue_depth"
    case activeSessions = "claude_active_sessions"
    case openTurns = "claude_open_turns"
    case busyPods = "claude_busy_pods"
    case tokenHeadroomRatio = "claude_token_headroom_ratio"

    package var name: String { self.rawValue }

    package init?(name: String) { self.init(rawValue: name) }

    /// The keys that a metric selector may use.
    package var labelKeys: Set<String> {
        switch self {
        case .tokensPerMinute: ["type", "model", "state", "profile"]
        case .inputTokensPerMinute, .outputTokensPerMinute, .activeSessions, .openTurns: ["model", "state"]
        case .queueDepth: ["queue"]
        case .busyPods: ["state"]
        case .tokenHeadroomRatio: ["model", "profile"]
        }
    }

    /// The keys that a selector of the external metric may use: it may choose the pod of a queue, else workloads, too.
    package var externalLabelKeys: Set<String> {
        switch self {
        case .tokenHeadroomRatio: self.labelKeys
        case .queueDepth: self.labelKeys.union(["pod"])
        default: self.labelKeys.union(["workload"])
        }
    }

    /// Whether single pods have a value. The headroom belongs to the organisation.
    package var describesPods: Bool { self != .tokenHeadroomRatio }

    package var isRate: Bool {
        switch self {
        case .tokensPerMinute, .inputTokensPerMinute, .outputTokensPerMinute: true
        default: false
        }
    }

    /// The sentence of OpenAPI, `# HELP` and the status page.
    package var help: String {
        switch self {
        case .tokensPerMinute: "Tokens per minute of sessions that are not stuck, without cache reads."
        case .inputTokensPerMinute: "Uncached input tokens per minute."
        case .outputTokensPerMinute: "Output tokens per minute."
        case .queueDepth: "Tasks that wait in a queue."
        case .activeSessions: "Live sessions that are not stuck."
        case .openTurns: "Turns that are being worked on."
        case .busyPods: "Pods that work: 1 or 0 for a pod, their number for an object."
        case .tokenHeadroomRatio: "Share of the organisation's rate limit that is left; the tightest limit counts."
        }
    }
}
