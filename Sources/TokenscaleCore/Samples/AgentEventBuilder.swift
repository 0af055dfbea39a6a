/// Makes an ``AgentEvent`` from the attributes of one log record, in any order: the protobuf and JSON readers and the
/// readers of files (`tokenscale detect`) all use it, so that they see the same events.
///
/// Per record: ``begin()``, then ``set(name:value:text:)`` for each attribute and the other setters as they come, then
/// ``finish()``. Allocates nothing. Texts are hashed with the process's key and forgotten; what the event keeps (pod,
/// session, model) are ranges of `text`, which must therefore be the same bytes in every call.
package struct AgentEventBuilder: Sendable {
    private let names: KnownNames
    private let identityByteCountMax: Int
    private var event = AgentEvent()
    private var attributeKind: AgentEvent.Kind = .other
    private var fieldKind: AgentEvent.Kind = .other
    private var bodyKind: AgentEvent.Kind = .other
    private var eventTime: Timestamp = .zero
    private var recordTime: Timestamp = .zero
    private var observedTime: Timestamp = .zero
    private var hasToolInput = false
    private var serverTool: UInt64 = 0
    /// A pod, session or model is longer than the limit: the record must not be recorded under another identity.
    package private(set) var isOverLimit = false

    /// - Parameter identityByteCountMax: Bytes of a text that the event keeps.
    package init(names: KnownNames, identityByteCountMax: Int) {
        self.names = names
        self.identityByteCountMax = identityByteCountMax
    }

    /// Forgets the record before.
    package mutating func begin() {
        self.event = AgentEvent()
        self.attributeKind = .other
        self.fieldKind = .other
        self.bodyKind = .other
        self.eventTime = .zero
        self.recordTime = .zero
        self.observedTime = .zero
        self.hasToolInput = false
        self.serverTool = 0
        self.isOverLimit = false
    }

    /// `time_unix_nano` and `observed_time_unix_nano`.
    package mutating func set(recordTime: Timestamp) { self.recordTime = recordTime }
    package mutating func set(observedTime: Timestamp) { self.observedTime = observedTime }

    /// `event_name`, with or without the prefix `claude_code.`.
    package mutating func set(eventName: RawSpan) { self.fieldKind = self.kind(named: eventName) }

    /// The body counts only as a name of an event: `claude_code.api_request`.
    package mutating func set(body: AttributeValue, text: RawSpan) {
        guard body.kind == .string, body.text.byteCount < 64 else { return }
        self.bodyKind = self.kind(named: text.extracting(body.text.offsets))
    }

    /// One attribute of the record. `value.text` is a range of `text`; `name` may be anywhere.
    @inline(__always)
    package mutating func set(name: RawSpan, value: AttributeValue, text: RawSpan) {
        self.set(self.resolve(name: name, value: value), movedBy: 0, text: text)
    }

    /// The first half of ``set(name:value:text:)``: the same for the same bytes.
    @inline(__always)
    package func resolve(name: RawSpan, value: AttributeValue) -> ResolvedAttribute {
        let key = self.names.attributes[self.names.hash.hash128(name)]
        return ResolvedAttribute(key: key, value: value)
    }

    /// The other half.
    ///
    /// - Parameter offset: How much further on in `text` than its ranges say the attribute lies.
    @inline(__always)
    package mutating func set(_ attribute: borrowing ResolvedAttribute, movedBy offset: Int, text: RawSpan) {
        if attribute.key != .unknown { self.set(attribute.key, attribute.value.moved(by: offset), text) }
    }

    /// The event, or `nil` when the record says nothing to us: its name is unknown and it has no session.
    package mutating func finish() -> AgentEvent? {
        self.event.kind = self.resolvedKind
        guard self.event.kind != .other || !self.event.session.isAbsent else { return nil }
        self.event.sent = SentTime(
            self.eventTime != .zero
                ? self.eventTime : self.recordTime != .zero ? self.recordTime : self.observedTime
        )
        if self.serverTool != 0 {
            self.event.toolName = KeyedHash.mix(self.event.toolName ^ KeyedHash.primes.0, self.serverTool) | 1
        }
        return self.event
    }

    private var resolvedKind: AgentEvent.Kind {
        if self.attributeKind != .other { return self.attributeKind }
        return self.fieldKind != .other ? self.fieldKind : self.bodyKind
    }

    private func kind(named name: RawSpan) -> AgentEvent.Kind {
        let prefix: StaticString = "claude_code."
        let length = prefix.utf8CodeUnitCount
        let hasPrefix = name.byteCount > length && name.extracting(0..<length).isASCII(prefix)
        return self.names.events[self.names.hash.hash128(hasPrefix ? name.extracting(length..<name.byteCount) : name)]
    }

    // MARK: Attributes

    private mutating func set(_ key: AttributeKey, _ value: AttributeValue, _ text: RawSpan) {
        switch key {
        case .eventName:
            guard value.kind == .string else { return }
            self.attributeKind = self.kind(named: text.extracting(value.text.offsets))
        case .eventTimestamp: self.eventTime = Self.time(value, text)
        case .eventSequence: self.event.sequence = value.count(in: text)
        case .session: self.event.session = self.identityText(value, text)
        case .model: self.event.model = self.identityText(value, text)
        case .prompt: self.event.prompt = self.identityHash(value, text).low
        case .request: self.event.request = self.identityHash(value, text)
        case .clientRequest: self.event.clientRequest = self.identityHash(value, text)
        case .agent: self.event.agent = self.hash64(value, text)
        case .querySource: self.event.querySource = QuerySource(value, text)
        case .inputTokens: self.event.tokens.input = max(0, value.count(in: text))
        case .outputTokens: self.event.tokens.output = max(0, value.count(in: text))
        case .cacheReadTokens: self.event.tokens.cacheRead = max(0, value.count(in: text))
        case .cacheCreationTokens: self.event.tokens.cacheCreation = max(0, value.count(in: text))
        case .costMicroUSD: self.event.costMicroUSD = value.count(in: text)
        case .costUSD:
            guard self.event.costMicroUSD < 0, let cost = value.number(in: text) else { return }
            self.event.costMicroUSD = AttributeValue.double(cost * 1e6).count(in: text)
        case .duration: self.event.durationMilliseconds = value.count(in: text)
        case .promptLength: self.event.promptLength = value.count(in: text)
        case .responseLength: self.event.responseLength = value.count(in: text)
        case .deliveryMode: self.event.isMidTurn = value.isString("mid_turn", in: text)
        case .statusCode: self.event.statusCode = value.count(in: text)
        case .blockingHookCount: self.event.blockingHookCount = value.count(in: text)
        case .hookEvent:
            self.event.isStopHook = value.isString("Stop", in: text) || value.isString("SubagentStop", in: text)
        default: self.setTool(key, value, text)
        }
    }

    private mutating func setTool(_ key: AttributeKey, _ value: AttributeValue, _ text: RawSpan) {
        switch key {
        case .toolName:
            self.event.toolName = self.hash64(value, text)
            self.event.tool = self.tool(value, text)
        case .toolUse: self.event.toolUse = self.identityHash(value, text).low
        case .success: self.event.success = value.truth(in: text)
        case .decision:
            self.event.isAccepted =
                value.isString("accept", in: text) ? .yes : value.isString("reject", in: text) ? .no : .unknown
        case .decisionSource: self.event.decisionSource = AgentEvent.DecisionSource(value, text)
        case .errorType: self.event.errorType = self.hash64(value, text)
        case .inputByteCount: self.event.inputByteCount = value.count(in: text)
        case .resultByteCount: self.event.resultByteCount = value.count(in: text)
        case .error:
            guard value.kind == .string, !value.text.isAbsent else { return }
            let error = text.extracting(value.text.offsets)
            let hash = self.names.hash.content
            self.event.errorTextAsSent = hash.hash64(error)
            self.event.errorText = ActionFingerprint.normalizedHash(of: error, by: hash)
        case .toolInput, .toolParameters: self.setArguments(value, text, isInput: key == .toolInput)
        default: self.setPod(key, value)
        }
    }

    private mutating func setPod(_ key: AttributeKey, _ value: AttributeValue) {
        guard PodAttributes.keys.contains(key) else { return }
        self.event.pod.set(key, to: self.identity(value))
    }

    /// `tool_input` has the arguments themselves; `tool_parameters` repeats the important ones and adds what they led
    /// to.
    private mutating func setArguments(_ value: AttributeValue, _ text: RawSpan, isInput: Bool) {
        guard value.kind == .string, !value.text.isAbsent else { return }
        let found = ActionFingerprint(json: text.extracting(value.text.offsets), by: self.names.hash.content)
        if isInput || !self.hasToolInput { self.event.arguments = found.exact }
        self.hasToolInput = self.hasToolInput || isInput
        if found.file != 0 { self.event.file = found.file }
        // `bash_command` of the parameters is the command without its assignments: it wins over the first word.
        if found.command != 0, !isInput || self.event.command == 0 { self.event.command = found.command }
        if found.serverTool != 0 { self.serverTool = found.serverTool }
        self.event.sleepSeconds = max(self.event.sleepSeconds, found.sleepSeconds)
        self.event.runsInBackground = self.event.runsInBackground || found.runsInBackground
        self.event.isCommit = self.event.isCommit || found.isCommit
    }

    private func tool(_ value: AttributeValue, _ text: RawSpan) -> ToolKind {
        guard value.kind == .string else { return .other }
        let name = text.extracting(value.text.offsets)
        if name.byteCount > 5, name.extracting(0..<5).isASCII("mcp__") { return .mcp }
        return self.names.tools[self.names.hash.hash128(name)]
    }

    private func hash64(_ value: AttributeValue, _ text: RawSpan) -> UInt64 {
        self.hash128(value, text, by: self.names.hash.content).low
    }

    /// Of an id that duplicates are recognised by: the same after a restart, so not under the key for content.
    private func identityHash(_ value: AttributeValue, _ text: RawSpan) -> Hash128 {
        self.hash128(value, text, by: self.names.hash)
    }

    /// Absent for an empty string and for no value.
    private func hash128(_ value: AttributeValue, _ text: RawSpan, by hash: KeyedHash) -> Hash128 {
        switch value.kind {
        case .empty, .composite: .absent
        case .string where value.text.isAbsent: .absent
        case .string, .bool, .int, .double: value.fingerprint(in: text, by: hash)
        }
    }

    private mutating func identityText(_ value: AttributeValue, _ text: RawSpan) -> IdentityText {
        let range = self.identity(value)
        guard !range.isAbsent else { return .absent }
        return IdentityText(range: range, fingerprint: self.names.hash.hash128(text.extracting(range.offsets)))
    }

    private mutating func identity(_ value: AttributeValue) -> TextRange {
        let range = value.stringRange
        guard Int(range.byteCount) <= self.identityByteCountMax else {
            self.isOverLimit = true
            return .absent
        }
        return range
    }

    private static func time(_ value: AttributeValue, _ text: RawSpan) -> Timestamp {
        guard value.kind == .string else { return .zero }
        return Timestamp(iso8601: text.extracting(value.text.offsets)) ?? .zero
    }
}
