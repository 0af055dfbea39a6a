/// What a data point measures, and the one attribute that splits it.
package enum MetricKind: UInt8, Sendable {
    /// `claude_code.token.usage`, unit tokens, by type.
    case inputTokens
    case outputTokens
    case cacheReadTokens
    case cacheCreationTokens
    /// `gen_ai.client.token.usage` of agents that are not Claude Code: the sum of a histogram, by type.
    case genAIInputTokens
    case genAIOutputTokens
    /// `claude_code.cost.usage`, unit USD.
    case cost
    /// `claude_code.active_time.total`, unit seconds; recorded at the end of a turn.
    case activeTime
    /// `claude_code.lines_of_code.count`.
    case linesAdded
    case linesRemoved
    case commits
    case pullRequests
    /// `claude_code.session.count`: one per process start.
    case sessionStarts
    /// `claude_code.code_edit_tool.decision`.
    case editsAccepted
    case editsRejected
    /// A gauge of waiting tasks, see ``SemanticNames``.
    case queueDepth
    /// Any other metric: it shows that the sender lives, nothing else.
    case other

    /// The token type, if this kind counts tokens.
    package var tokenType: TokenType? {
        switch self {
        case .inputTokens, .genAIInputTokens: .input
        case .outputTokens, .genAIOutputTokens: .output
        case .cacheReadTokens: .cacheRead
        case .cacheCreationTokens: .cacheCreation
        default: nil
        }
    }
}

/// `AggregationTemporality` of a sum or histogram; `none` for gauges.
/// <https://opentelemetry.io/docs/specs/otel/metrics/data-model/#temporality>
package enum Temporality: UInt8, Sendable {
    case unspecified = 0
    case delta = 1
    case cumulative = 2
    case none = 255
}

/// One data point, decoded and identified but not yet attributed or deduplicated.
package struct MetricPoint: Sendable {
    /// 2^53: beyond, a double no longer counts by one, and no agent has used so many tokens.
    package static let valueMax = 9_007_199_254_740_992.0

    package var kind: MetricKind = .other
    package var temporality: Temporality = .unspecified
    /// Identity of the series within its resource: metric name and all attributes.
    package var stream: Hash128 = .absent
    /// `start_time_unix_nano`
    package var start: SentTime = .absent
    /// `time_unix_nano`
    package var sent: SentTime = .absent
    /// The same by our clock, once the point is recorded: for the detector.
    package var time: Timestamp = .zero
    /// Tokens, USD, seconds, lines, tasks…, in the unit of ``kind``.
    package var value: Double = 0
    package var session: IdentityText = .absent
    package var model: IdentityText = .absent
    /// Name of the queue, for ``MetricKind/queueDepth``.
    package var queue: TextRange = .absent
    /// The item's own pod attributes: used when the resource has none.
    package var pod: PodAttributes = PodAttributes()
    package var querySource: QuerySource = .unknown

    package init() {}

    /// Whether the sender leaves open if ``value`` is an increment or a total: a sum without a temporality
    /// ("UNSPECIFIED … MUST not be used", opentelemetry/proto/metrics/v1/metrics.proto), a gauge of what has to be
    /// added up, or increments of a depth. Such a point is refused: taken for increments, totals would be counted again
    /// at every export.
    @inline(__always)
    var isAmbiguous: Bool {
        switch self.temporality {
        case .delta: self.kind == .queueDepth
        case .cumulative: false
        case .unspecified: true
        case .none: self.kind != .queueDepth && self.kind != .other
        }
    }

    /// Moves every range.
    @inline(__always)
    mutating func move(by offset: Int) {
        self.session.range.move(by: offset)
        self.model.range.move(by: offset)
        self.queue.move(by: offset)
        self.pod.namespace.move(by: offset)
        self.pod.name.move(by: offset)
        self.pod.uid.move(by: offset)
        self.pod.node.move(by: offset)
        self.pod.workload.move(by: offset)
    }
}

/// The Kubernetes attributes of a resource or an item, as ranges of the batch's text.
package struct PodAttributes: Hashable, Sendable {
    /// `k8s.namespace.name`
    package var namespace: TextRange = .absent
    /// `k8s.pod.name`
    package var name: TextRange = .absent
    /// `k8s.pod.uid`
    package var uid: TextRange = .absent
    /// `k8s.node.name`
    package var node: TextRange = .absent
    /// `k8s.deployment.name`, `k8s.statefulset.name`, `k8s.job.name`…: the sender's own word for its workload.
    package var workload: TextRange = .absent

    package init() {}

    package var isEmpty: Bool { self.name.isAbsent && self.uid.isAbsent }
}
