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
/// Per point: ``begin()``, ``set(name:value:text:)`` for each attribute, ``finish(_:_:start:time:value:)``. Allocates
/// nothing. What the point keeps (pod, session, model, queue) are ranges of `text`.
package struct MetricPointBuilder: Sendable {
    /// The value of the one attribute that splits a metric: `type`, `gen_ai.token.type` or `decision`.
    fileprivate enum Part: UInt8 {
        case none
        case input, output, cacheRead, cacheCreation
        case added, removed
        case accepted, rejected
    }

    private let names: KnownNames
    private let identityByteCountMax: Int
    /// What is known so far. May be kept, and set again for a point that begins with the same attributes.
    package var progress = Progress()

    /// What the attributes read so far have made of a point.
    package struct Progress: Sendable {
        /// Whole after ``MetricPointBuilder/finish(_:_:start:time:value:)``.
        package fileprivate(set) var point = MetricPoint()
        /// Identity of the set of attributes.
        package var attributes: Hash128 = .absent
        fileprivate var part: Part = .none
        /// A pod, session, model or queue is longer than the limit.
        package fileprivate(set) var isOverLimit = false

        package init() {}

        /// The same attributes come again, `offset` bytes further on.
        package mutating func move(by offset: Int) { self.point.move(by: offset) }
    }

    /// - Parameter identityByteCountMax: Bytes of a text that the point keeps.
    package init(names: KnownNames, identityByteCountMax: Int) {
        self.names = names
        self.identityByteCountMax = identityByteCountMax
    }

    /// Forgets the point before.
    @inline(__always)
    package mutating func begin() {
        self.progress = Progress()
    }

    /// One attribute of the point. `value.text` is a range of `text`; `name` may be anywhere.
    @inline(__always)
    package mutating func set(name: RawSpan, value: AttributeValue, text: RawSpan) {
        self.set(self.resolve(name: name, value: value, text: text), movedBy: 0)
    }

    /// The expensive half of ``set(name:value:text:)``: the same for the same bytes.
    @inline(__always)
    package func resolve(name: RawSpan, value: AttributeValue, text: RawSpan) -> ResolvedAttribute {
        let fingerprint = self.names.hash.hash128(name)
        let key = self.names.attributes[fingerprint]
        let valueFingerprint = value.fingerprint(in: text, by: self.names.hash)
        return ResolvedAttribute(
            key: key,
            code: Self.code(of: key, value, text),
            fingerprint: fingerprint.combined(with: valueFingerprint),
            value: value,
            valueFingerprint: valueFingerprint
        )
    }

    /// The other half.
    ///
    /// - Parameter offset: How much further on than its ranges say the attribute lies.
    @inlinable
    @inline(__always)
    package mutating func set(_ attribute: borrowing ResolvedAttribute, movedBy offset: Int) {
        self.progress.attributes.combineUnordered(attribute.fingerprint)
        if attribute.key != .unknown { self.apply(attribute, movedBy: offset) }
    }

    /// Completes the point.
    @inline(__always)
    package mutating func finish(
        _ metric: borrowing MetricIdentity,
        _ temporality: Temporality,
        start: Timestamp,
        time: Timestamp,
        value: Double
    ) {
        self.progress.point.stream = metric.fingerprint.combined(with: self.progress.attributes)
        self.progress.point.kind = Self.kind(of: metric.name, self.progress.part)
        self.progress.point.temporality = temporality
        self.progress.point.start = SentTime(start)
        self.progress.point.sent = SentTime(time)
        self.progress.point.value = value
    }

    @usableFromInline
    mutating func apply(_ attribute: borrowing ResolvedAttribute, movedBy offset: Int) {
        switch attribute.key {
        case .session: self.progress.point.session = self.identityText(attribute, movedBy: offset)
        case .model: self.progress.point.model = self.identityText(attribute, movedBy: offset)
        case .queue: self.progress.point.queue = self.identity(attribute.value.moved(by: offset))
        case .querySource: self.progress.point.querySource = QuerySource(rawValue: attribute.code) ?? .unknown
        case .type, .genAITokenType, .decision: self.progress.part = Part(rawValue: attribute.code) ?? .none
        case .namespace, .podName, .podUID, .node, .workload, .workloadFallback:
            self.progress.point.pod.set(attribute.key, to: self.identity(attribute.value.moved(by: offset)))
        default: break
        }
    }

    private static func code(of key: AttributeKey, _ value: AttributeValue, _ text: RawSpan) -> UInt8 {
        switch key {
        case .querySource: QuerySource(value, text).rawValue
        case .type, .genAITokenType, .decision: Self.part(value, text).rawValue
        default: 0
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

    private static func kind(of metric: MetricName, _ part: Part) -> MetricKind {
        switch (metric, part) {
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

    private mutating func identityText(
        _ attribute: borrowing ResolvedAttribute,
        movedBy offset: Int
    ) -> IdentityText {
        let range = self.identity(attribute.value.moved(by: offset))
        return range.isAbsent ? .absent : IdentityText(range: range, fingerprint: attribute.valueFingerprint)
    }

    private mutating func identity(_ value: AttributeValue) -> TextRange {
        let range = value.stringRange
        guard Int(range.byteCount) <= self.identityByteCountMax else {
            self.progress.isOverLimit = true
            return .absent
        }
        return range
    }
}
