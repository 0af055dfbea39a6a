extension AttributeValue {
    /// Is it this word?
    package func isString(_ word: StaticString, in text: RawSpan) -> Bool {
        self.kind == .string && text.extracting(self.text.offsets).isASCII(word)
    }

    /// A finite double or int, or a string of decimal digits with an optional fraction (`"0.05"`).
    package func number(in text: RawSpan) -> Double? {
        guard self.kind == .double else {
            guard let whole = self.integer(in: text) else { return nil }
            return Double(whole) + (self.kind == .string ? Self.fraction(of: text.extracting(self.text.offsets)) : 0)
        }
        let value = Double(bitPattern: self.bits)
        return value.isFinite ? value : nil
    }

    /// What stands behind the point of a text that ``integer(in:)`` accepts; negative when the text is.
    private static func fraction(of digits: RawSpan) -> Double {
        var scale = 0.0
        var sum = 0.0
        for offset in 0..<digits.byteCount {
            let byte = digits.unsafeByte(offset)
            if byte == UInt8(ascii: ".") {
                scale = digits.unsafeByte(0) == UInt8(ascii: "-") ? -0.1 : 0.1
            } else if scale != 0 {
                sum += Double(byte &- UInt8(ascii: "0")) * scale
                scale /= 10
            }
        }
        return sum
    }
}

extension QuerySource {
    /// The names differ by signal: metrics say `main`, `subagent`, `auxiliary`; events `sdk`, `repl_main_thread`,
    /// `compact`, `agent:…`.
    init(_ value: AttributeValue, _ text: RawSpan) {
        guard value.kind == .string else {
            self = .unknown
            return
        }
        let name = text.extracting(value.text.offsets)
        if name.isASCII("main") || name.isASCII("sdk") || name.isASCII("repl_main_thread") {
            self = .main
        } else if name.isASCII("subagent") || name.byteCount > 6 && name.extracting(0..<6).isASCII("agent:") {
            self = .subagent
        } else if name.isASCII("auxiliary") {
            self = .auxiliary
        } else if name.isASCII("compact") || name.isASCII("compaction") {
            self = .compaction
        } else {
            self = .unknown
        }
    }
}

extension AgentEvent.DecisionSource {
    init(_ value: AttributeValue, _ text: RawSpan) {
        guard value.kind == .string else {
            self = .unknown
            return
        }
        let name = text.extracting(value.text.offsets)
        if name.isASCII("config") {
            self = .config
        } else if name.isASCII("hook") {
            self = .hook
        } else if name.isASCII("user_permanent") {
            self = .userPermanent
        } else if name.isASCII("user_temporary") {
            self = .userTemporary
        } else if name.isASCII("user_reject") {
            self = .userReject
        } else if name.isASCII("user_abort") {
            self = .userAbort
        } else {
            self = .unknown
        }
    }
}

extension PodAttributes {
    /// The attributes that name a pod.
    static let keys: ClosedRange<AttributeKey> = .namespace ... .workloadFallback

    mutating func set(_ key: AttributeKey, to range: TextRange) {
        switch key {
        case .namespace: self.namespace = range
        case .podName: self.name = range
        case .podUID: self.uid = range
        case .node: self.node = range
        case .workload: self.workload = range
        case .workloadFallback: if self.workload.isAbsent { self.workload = range }
        default: break
        }
    }
}

extension AttributeKey: Comparable {
    package static func < (left: AttributeKey, right: AttributeKey) -> Bool { left.rawValue < right.rawValue }
}
