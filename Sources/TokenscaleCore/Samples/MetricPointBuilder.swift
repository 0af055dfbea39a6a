/// The metric that data points belong to.
package struct MetricIdentity: Sendable {
    package let name: MetricName
    let fingerprint: Hash128

    package init(name: RawSpan, names: KnownNames) {
        self.fingerprint = names.hash.hash128(name)
        self.name = names.metrics[self.fingerprint]
    }
}

/// Makes a ``MetricPoint`` from the attributes of one data point, in any order.
///
/// Per point: ``begin()``, ``set(name:value:text:)`` for each attribute, ``finish(_:)``. Allocates nothing. What the
/// point keeps (pod, session, model, queue) are ranges of `text`.
package struct MetricPointBuilder: Sendable {
    /// The value of the one attribute that splits a metric: `type`, `gen_ai.token.type` or `decision`.
    private enum Part: UInt8 {
        case none
        case input, output, cacheRead, cacheCreation
        case added, removed
        case accepted, rejected
    }

    private let names: KnownNames
    private let identityByteCountMax: Int
    private var point = MetricPoint()
    private var attributes: Hash128 = .absent
    private var part: Part = .none
    /// A pod, session, model or queue is longer than the limit.
    package private(set) var isOverLimit = false

    /// - Parameter identityByteCountMax: Bytes of a text that the point keeps.
    package init(names: KnownNames, identityByteCountMax: Int) {
        self.names = names
        self.identityByteCountMax = identityByteCountMax
    }

    /// Forgets the point before.
    @inline(__always)
    package mutating func begin() {
        self.point = MetricPoint()
        self.attributes = .absent
        self.part = .none
        self.isOverLimit = false
    }

    /// One attribute of the point. `value.text` is a range of `text`; `name` may be anywhere.
    @inline(__always)
    package mutating func set(name: RawSpan, value: AttributeValue, text: RawSpan) {
        self.set(self.resolve(name: name, value: value, text: text), text: text)
    }

    /// The expensive half of ``set(name:value:text:)``: the same for the same bytes.
    @inline(__always)
    package func resolve(name: RawSpan, value: AttributeValue, text: RawSpan) -> ResolvedAttribute {
        let fingerprint = self.names.hash.hash128(name)
        return ResolvedAttribute(
            key: self.names.attributes[fingerprint],
            fingerprint: fingerprint.combined(with: value.fingerprint(in: text, by: self.names.hash)),
            value: value
        )
    }

    /// The other half.
    @inline(__always)
    package mutating func set(_ attribute: ResolvedAttribute, text: RawSpan) {
        self.attributes.combineUnordered(attribute.fingerprint)
        if attribute.key != .unknown { self.set(attribute.key, attribute.value, text) }
    }

    /// The point; its value and times are the caller's.
    @inline(__always)
    package func finish(_ metric: MetricIdentity) -> MetricPoint {
        var point = self.point
        point.stream = metric.fingerprint.combined(with: self.attributes)
        point.kind = self.kind(of: metric.name)
        return point
    }

    private mutating func set(_ key: AttributeKey, _ value: AttributeValue, _ text: RawSpan) {
        switch key {
        case .session: self.point.session = self.identity(value)
        case .model: self.point.model = self.identity(value)
        case .queue: self.point.queue = self.identity(value)
        case .querySource: self.point.querySource = QuerySource(value, text)
        case .type, .genAITokenType, .decision: self.part = Self.part(value, text)
        case .namespace, .podName, .podUID, .node, .workload, .workloadFallback:
            self.point.pod.set(key, to: self.identity(value))
        default: break
        }
    }

    private static func part(_ value: AttributeValue, _ text: RawSpan) -> Part {
        guard value.kind == .string else { return .none }
        let name = text.extracting(value.text.offsets)
        switch name.byteCount {
        case 5: return name.isASCII("input") ? .input : name.isASCII("added") ? .added : .none
        case 6:
            if name.isASCII("output") { return .output }
            return name.isASCII("accept") ? .accepted : name.isASCII("reject") ? .rejected : .none
        case 7: return name.isASCII("removed") ? .removed : .none
        case 9: return name.isASCII("cacheRead") ? .cacheRead : .none
        case 13: return name.isASCII("cacheCreation") ? .cacheCreation : .none
        default: return .none
        }
    }

    private func kind(of metric: MetricName) -> MetricKind {
        switch (metric, self.part) {
        case (.tokenUsage, .input): .inputTokens
        case (.tokenUsage, .output): .outputTokens
        case (.tokenUsage, .cacheRead): .cacheReadTokens
        case (.tokenUsage, .cacheCreation): .cacheCreationTokens
        case (.genAITokenUsage, .input): .genAIInputTokens
        case (.genAITokenUsage, .output): .genAIOutputTokens
        case (.cost, _): .cost
        case (.activeTime, _): .activeTime
        case (.linesOfCode, .added): .linesAdded
        case (.linesOfCode, .removed): .linesRemoved
        case (.commits, _): .commits
        case (.pullRequests, _): .pullRequests
        case (.sessionStarts, _): .sessionStarts
        case (.editDecision, .accepted): .editsAccepted
        case (.editDecision, .rejected): .editsRejected
        case (.queueDepth, _): .queueDepth
        default: .other
        }
    }

    private mutating func identity(_ value: AttributeValue) -> TextRange {
        let range = value.stringRange
        guard Int(range.byteCount) <= self.identityByteCountMax else {
            self.isOverLimit = true
            return .absent
        }
        return range
    }
}
