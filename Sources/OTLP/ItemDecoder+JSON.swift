import TokenscaleCore

/// The structure of OTLP/JSON requests. Members may come in any order; unknown ones are passed over.
extension ItemDecoder {
    mutating func readRequest(_ json: inout JSONReader, _ signal: OTLPSignal) throws(OTLPDecodeError) {
        guard try json.peek() == UInt8(ascii: "{"), try json.beginObject() else { throw json.fault(.jsonType) }
        var isFirst = true
        while let key = try json.nextKey(&isFirst) {
            switch (key, signal) {
            case (.resourceMetrics, .metrics), (.resourceLogs, .logs), (.resourceSpans, .traces):
                guard try json.beginArray() else { continue }
                var isFirst = true
                while try json.nextElement(&isFirst) { try self.readBlock(&json) }
            default: try json.skip()
            }
        }
        try json.end()
    }

    /// `ResourceMetrics`, `ResourceLogs` or `ResourceSpans`.
    private mutating func readBlock(_ json: inout JSONReader) throws(OTLPDecodeError) {
        try self.blocks.open()
        guard try json.beginObject() else { return }
        var isOverLimit = false
        var isFirst = true
        while let key = try json.nextKey(&isFirst) {
            switch key {
            case .resource: isOverLimit = try self.readResource(&json) || isOverLimit
            case .scopeMetrics, .scopeLogs, .scopeSpans:
                guard try json.beginArray() else { continue }
                var isFirst = true
                while try json.nextElement(&isFirst) { try self.readScope(&json) }
            default: try json.skip()
            }
        }
        self.blocks.close(isOverLimit: isOverLimit)
    }

    /// `ScopeMetrics`, `ScopeLogs` or `ScopeSpans`.
    private mutating func readScope(_ json: inout JSONReader) throws(OTLPDecodeError) {
        guard try json.beginObject() else { return }
        var isFirst = true
        while let key = try json.nextKey(&isFirst) {
            guard key == .metrics || key == .logRecords || key == .spans else {
                try json.skip()
                continue
            }
            guard try json.beginArray() else { continue }
            var isFirst = true
            while try json.nextElement(&isFirst) {
                switch key {
                case .metrics: try self.readMetric(&json)
                case .logRecords:
                    try self.blocks.add(itemCount: 1)
                    try self.readRecord(&json)
                default:
                    try self.blocks.add(itemCount: 1)
                    try json.skip()
                    self.blocks.ignore(1)
                }
            }
        }
    }

    private mutating func readResource(_ json: inout JSONReader) throws(OTLPDecodeError) -> Bool {
        guard try json.beginObject() else { return false }
        var attributeCount = 0
        var isOverLimit = false
        var isFirst = true
        let block = self.blocks.openIndex
        self.resource.begin()
        while let key = try json.nextKey(&isFirst) {
            guard key == .attributes, try json.beginArray() else {
                if key != .attributes { try json.skip() }
                continue
            }
            var isFirst = true
            while try json.nextElement(&isFirst) {
                let (name, value) = try json.keyValue()
                attributeCount += 1
                if self.isOverLimit(attributeCount: attributeCount, name: name, value: value) {
                    isOverLimit = true
                } else {
                    let text = unsafe json.bytes.span.bytes
                    self.resource.set(name: name, value: value, text: text, batch: &self.blocks.blocks[block])
                }
            }
        }
        return isOverLimit || self.resource.isOverLimit
    }

    private mutating func readRecord(_ json: inout JSONReader) throws(OTLPDecodeError) {
        self.events.begin()
        var attributeCount = 0
        var isOverLimit = false
        if try json.beginObject() {
            var isFirst = true
            while let key = try json.nextKey(&isFirst) {
                switch key {
                case .attributes:
                    guard try json.beginArray() else { continue }
                    var isFirst = true
                    while try json.nextElement(&isFirst) {
                        let (name, value) = try json.keyValue()
                        attributeCount += 1
                        if self.isOverLimit(attributeCount: attributeCount, name: name, value: value) {
                            isOverLimit = true
                        } else {
                            let text = unsafe json.bytes.span.bytes
                            self.events.set(name: text.extracting(name.offsets), value: value, text: text)
                        }
                    }
                case .timeUnixNano: self.events.set(recordTime: try json.time())
                case .observedTimeUnixNano: self.events.set(observedTime: try json.time())
                case .body: self.events.set(body: try json.anyValue(), text: unsafe json.bytes.span.bytes)
                case .eventName:
                    guard try !json.readNull() else { continue }
                    let name = try json.string()
                    self.events.set(eventName: unsafe json.bytes.span.bytes.extracting(name.offsets))
                default: try json.skip()
                }
            }
        }
        self.finishRecord(isOverLimit: isOverLimit)
    }
}
