import TokenscaleCore

/// The protobuf tags (`number << 3 | wire type`) in which the data point messages differ.
/// <https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/metrics/v1/metrics.proto>
private struct PointTags {
    let attributes: UInt64
    let doubleValue: UInt64
    /// `NumberDataPoint.as_int`; a value that is no tag where there is none.
    let integerValue: UInt64
    let flags: UInt64

    static let number = PointTags(attributes: 0x3a, doubleValue: 0x21, integerValue: 0x31, flags: 0x40)
    static let histogram = PointTags(attributes: 0x4a, doubleValue: 0x29, integerValue: .max, flags: 0x50)
    static let exponential = PointTags(attributes: 0x0a, doubleValue: 0x29, integerValue: .max, flags: 0x50)
}

extension ItemDecoder {
    /// Reads one data point; `range` is its message in `text`.
    @inline(__always)
    mutating func readPoint(
        _ range: Range<Int>,
        _ text: RawSpan,
        _ type: PointType,
        _ metric: MetricIdentity,
        _ temporality: Temporality
    ) throws(OTLPDecodeError) {
        switch type {
        case .gauge, .sum: try self.readPoint(range, text, PointTags.number, metric, temporality)
        case .histogram: try self.readPoint(range, text, PointTags.histogram, metric, temporality)
        case .exponentialHistogram: try self.readPoint(range, text, PointTags.exponential, metric, temporality)
        case .summary: self.blocks.ignore(1)
        }
    }

    private mutating func readPoint(
        _ range: Range<Int>,
        _ text: RawSpan,
        _ tags: PointTags,
        _ metric: MetricIdentity,
        _ temporality: Temporality
    ) throws(OTLPDecodeError) {
        var reader = WireReader(range)
        var fields = PointFields()
        var attributeCount = 0
        self.points.begin()
        while reader.hasMore {
            let tag = try reader.tag(text)
            if tag == tags.attributes {
                let (name, value) = try Self.keyValue(reader.field(text), text)
                attributeCount &+= 1
                if self.isOverLimit(attributeCount: attributeCount, name: name, value: value) {
                    fields.isOverLimit = true
                } else {
                    self.points.set(name: text.extracting(name.offsets), value: value, text: text)
                }
            } else if tag == 0x11 {
                fields.start = Timestamp(clampingUnixNano: try reader.fixed64(text))
            } else if tag == 0x19 {
                fields.time = Timestamp(clampingUnixNano: try reader.fixed64(text))
            } else if tag == tags.doubleValue {
                fields.set(value: Double(bitPattern: try reader.fixed64(text)))
            } else if tag == tags.integerValue {
                fields.set(value: Double(Int64(bitPattern: try reader.fixed64(text))))
            } else if tag == tags.flags {
                fields.set(flags: try reader.varint(text))
            } else {
                try reader.skip(tag, text)
            }
        }
        self.finishPoint(metric, temporality, fields)
    }

    /// Reads one `LogRecord`.
    mutating func readRecord(_ range: Range<Int>, _ text: RawSpan) throws(OTLPDecodeError) {
        var reader = WireReader(range)
        var attributeCount = 0
        var isOverLimit = false
        self.events.begin()
        while reader.hasMore {
            let tag = try reader.tag(text)
            switch tag {
            case 0x32:
                let (name, value) = try Self.keyValue(reader.field(text), text)
                attributeCount &+= 1
                if self.isOverLimit(attributeCount: attributeCount, name: name, value: value) {
                    isOverLimit = true
                } else {
                    self.events.set(name: text.extracting(name.offsets), value: value, text: text)
                }
            case 0x09: self.events.set(recordTime: Timestamp(clampingUnixNano: try reader.fixed64(text)))
            case 0x59: self.events.set(observedTime: Timestamp(clampingUnixNano: try reader.fixed64(text)))
            case 0x2a:
                var body = AttributeValue.empty
                try Self.anyValue(reader.field(text), text, &body)
                self.events.set(body: body, text: text)
            case 0x62: self.events.set(eventName: text.extracting(try reader.field(text)))
            default: try reader.skip(tag, text)
            }
        }
        self.finishRecord(isOverLimit: isOverLimit)
    }

    /// Reads a `Resource` into the open block.
    ///
    /// - Returns: Does it break a limit?
    mutating func readResource(_ range: Range<Int>, _ text: RawSpan) throws(OTLPDecodeError) -> Bool {
        var reader = WireReader(range)
        var attributeCount = 0
        var isOverLimit = false
        let block = self.blocks.openIndex
        self.resource.begin()
        while reader.hasMore {
            let tag = try reader.tag(text)
            guard tag == 0x0a else {
                try reader.skip(tag, text)
                continue
            }
            let (name, value) = try Self.keyValue(reader.field(text), text)
            attributeCount += 1
            if self.isOverLimit(attributeCount: attributeCount, name: name, value: value) {
                isOverLimit = true
            } else {
                self.resource.set(name: name, value: value, text: text, batch: &self.blocks.blocks[block])
            }
        }
        return isOverLimit || self.resource.isOverLimit
    }

    /// `KeyValue`: key = 1, value = 2.
    @inline(__always)
    private static func keyValue(
        _ range: Range<Int>,
        _ text: RawSpan
    ) throws(OTLPDecodeError) -> (name: TextRange, value: AttributeValue) {
        var reader = WireReader(range)
        var name = TextRange.absent
        var value = AttributeValue.empty
        while reader.hasMore {
            let tag = try reader.tag(text)
            switch tag {
            case 0x0a: name = try reader.text(text)
            case 0x12: try Self.anyValue(reader.field(text), text, &value)
            default: try reader.skip(tag, text)
            }
        }
        return (name, value)
    }

    /// `AnyValue`. Arrays, lists and bytes stay opaque, so nesting costs nothing.
    @inline(__always)
    private static func anyValue(
        _ range: Range<Int>,
        _ text: RawSpan,
        _ value: inout AttributeValue
    ) throws(OTLPDecodeError) {
        var reader = WireReader(range)
        while reader.hasMore {
            let tag = try reader.tag(text)
            switch tag {
            case 0x0a: value = .string(try reader.text(text))
            case 0x10: value = .bool(try reader.varint(text) != 0)
            case 0x18: value = .int(Int64(bitPattern: try reader.varint(text)))
            case 0x21: value = .double(Double(bitPattern: try reader.fixed64(text)))
            case 0x2a, 0x32, 0x3a: value = .composite(try reader.text(text))
            default: try reader.skip(tag, text)
            }
        }
    }
}
