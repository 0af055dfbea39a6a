import TokenscaleCore

extension ItemDecoder {
    /// `Metric`. Its points need its name: data that comes before the name is passed over and read at the end.
    mutating func readMetric(_ json: inout JSONReader) throws(OTLPDecodeError) {
        guard try json.beginObject() else { return }
        var identity: MetricIdentity?
        var deferred: (type: PointType, position: Int)?
        var isFirst = true
        while let key = try json.nextKey(&isFirst) {
            if key == .name, try !json.readNull() {
                let name = try json.string().offsets
                identity = MetricIdentity(name: unsafe json.bytes.span.bytes.extracting(name), names: self.names)
            } else if let type = PointType(key) {
                if let identity {
                    try self.readData(&json, type, identity)
                } else {
                    deferred = (type, json.position)
                    try json.skip()
                }
            } else if key != .name {
                try json.skip()
            }
        }
        guard let deferred else { return }
        let end = json.position
        json.position = deferred.position
        let unnamed = MetricIdentity(name: unsafe json.bytes.span.bytes.extracting(0..<0), names: self.names)
        try self.readData(&json, deferred.type, identity ?? unnamed)
        json.position = end
    }

    /// `Sum`, `Gauge`, `Histogram`…: points, and a temporality that may come after them.
    private mutating func readData(
        _ json: inout JSONReader,
        _ type: PointType,
        _ metric: MetricIdentity
    ) throws(OTLPDecodeError) {
        guard try json.beginObject() else { return }
        let block = self.blocks.openIndex
        let firstPoint = self.blocks.blocks[block].points.count
        var number: Int32 = 0
        var isFirst = true
        while let key = try json.nextKey(&isFirst) {
            switch key {
            case .aggregationTemporality: number = try json.temporality()
            case .dataPoints:
                guard try json.beginArray() else { continue }
                var isFirst = true
                while try json.nextElement(&isFirst) {
                    try self.blocks.add(itemCount: 1)
                    try self.readPoint(&json, type, metric, Temporality(type, number))
                }
            default: try json.skip()
            }
        }
        let temporality = Temporality(type, number)
        for index in firstPoint..<self.blocks.blocks[block].points.count {
            self.blocks.blocks[block].points[index].temporality = temporality
        }
    }

    private mutating func readPoint(
        _ json: inout JSONReader,
        _ type: PointType,
        _ metric: MetricIdentity,
        _ temporality: Temporality
    ) throws(OTLPDecodeError) {
        guard type != .summary else {
            try json.skip()
            return self.blocks.ignore(1)
        }
        var fields = PointFields()
        self.points.begin()
        if try json.beginObject() {
            var attributeCount = 0
            var isFirst = true
            while let key = try json.nextKey(&isFirst) {
                if key == .attributes {
                    guard try json.beginArray() else { continue }
                    try self.readAttributes(&json, &attributeCount, &fields)
                } else {
                    try json.readField(key, isHistogram: type == .histogram || type == .exponentialHistogram, &fields)
                }
            }
        }
        self.finishPoint(metric, temporality, fields)
    }

    private mutating func readAttributes(
        _ json: inout JSONReader,
        _ attributeCount: inout Int,
        _ fields: inout PointFields
    ) throws(OTLPDecodeError) {
        var isFirst = true
        while try json.nextElement(&isFirst) {
            let (name, value) = try json.keyValue()
            attributeCount += 1
            if self.isOverLimit(attributeCount: attributeCount, name: name, value: value) {
                fields.isOverLimit = true
            } else {
                let text = unsafe json.bytes.span.bytes
                self.points.set(name: text.extracting(name.offsets), value: value, text: text)
            }
        }
    }
}

extension PointType {
    fileprivate init?(_ key: JSONKey) {
        switch key {
        case .gauge: self = .gauge
        case .sum: self = .sum
        case .histogram: self = .histogram
        case .exponentialHistogram: self = .exponentialHistogram
        case .summary: self = .summary
        default: return nil
        }
    }
}

extension JSONReader {
    /// A member of a data point that is not its attributes.
    fileprivate mutating func readField(
        _ key: JSONKey,
        isHistogram: Bool,
        _ fields: inout PointFields
    ) throws(OTLPDecodeError) {
        switch key {
        case .startTimeUnixNano: fields.start = try self.time()
        case .timeUnixNano: fields.time = try self.time()
        case .asDouble where !isHistogram, .sum where isHistogram:
            if try !self.readNull() { fields.set(value: try self.double()) }
        case .asInt where !isHistogram:
            if try !self.readNull() { fields.set(value: Double(try self.integer())) }
        case .flags: if try !self.readNull() { fields.set(flags: try self.unsigned()) }
        default: try self.skip()
        }
    }

    /// `KeyValue`.
    mutating func keyValue() throws(OTLPDecodeError) -> (name: TextRange, value: AttributeValue) {
        var name = TextRange.absent
        var value = AttributeValue.empty
        guard try self.beginObject() else { return (name, value) }
        var isFirst = true
        while let key = try self.nextKey(&isFirst) {
            switch key {
            case .key: if try !self.readNull() { name = try self.string() }
            case .value: value = try self.anyValue()
            default: try self.skip()
            }
        }
        return (name, value)
    }

    /// `AnyValue`. Arrays and lists stay opaque: their JSON.
    mutating func anyValue() throws(OTLPDecodeError) -> AttributeValue {
        var value = AttributeValue.empty
        guard try self.beginObject() else { return value }
        var isFirst = true
        while let key = try self.nextKey(&isFirst) {
            guard try !self.readNull() else { continue }
            switch key {
            case .stringValue: value = .string(try self.string())
            case .boolValue: value = .bool(try self.bool())
            case .intValue: value = .int(try self.integer())
            case .doubleValue: value = .double(try self.double())
            case .bytesValue: value = .composite(try self.base64())
            case .arrayValue, .kvlistValue:
                let start = self.position
                try self.skip()
                value = .composite(TextRange(offset: start, byteCount: self.position - start))
            default: try self.skip()
            }
        }
        return value
    }

    /// Nanoseconds since the epoch; 0 for null.
    mutating func time() throws(OTLPDecodeError) -> Timestamp {
        guard try !self.readNull() else { return .zero }
        return Timestamp(clampingUnixNano: try self.unsigned())
    }

    /// The number of `AggregationTemporality`, or its name.
    fileprivate mutating func temporality() throws(OTLPDecodeError) -> Int32 {
        guard try !self.readNull() else { return 0 }
        guard try self.peek() == UInt8(ascii: "\"") else { return Int32(clamping: try self.integer()) }
        let name = try self.string()
        let text = unsafe self.bytes.span.bytes.extracting(name.offsets)
        if text.isASCII("AGGREGATION_TEMPORALITY_DELTA") || text.isASCII("1") { return 1 }
        return text.isASCII("AGGREGATION_TEMPORALITY_CUMULATIVE") || text.isASCII("2") ? 2 : 0
    }
}
