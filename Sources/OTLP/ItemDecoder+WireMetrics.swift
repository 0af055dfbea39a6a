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
    /// Reads a `Metric`. Its name may come after its data; of several data fields the last one counts, as in a oneof.
    mutating func readMetric(_ range: Range<Int>, _ text: RawSpan) throws(OTLPDecodeError) {
        var reader = WireReader(range)
        var name = 0..<0
        var data = 0..<0
        var type: PointType?
        while reader.hasMore {
            let tag = try reader.tag(text)
            if tag == 0x0a {
                name = try reader.field(text)
            } else if let dataType = PointType(tag: tag) {
                type = dataType
                data = try reader.field(text)
            } else {
                try reader.skip(tag, text)
            }
        }
        guard let type else { return }
        let identity = MetricIdentity(name: text.extracting(name), names: self.names)
        switch type {
        case .gauge, .sum: try self.readPoints(data, text, type, .number, identity)
        case .histogram: try self.readPoints(data, text, type, .histogram, identity)
        case .exponentialHistogram: try self.readPoints(data, text, type, .exponential, identity)
        case .summary: try self.readPoints(data, text, type, nil, identity)
        }
    }

    /// Reads `Sum`, `Gauge`, `Histogram`…: data_points = 1, aggregation_temporality = 2, which may come last.
    ///
    /// - Parameter tags: `nil` for points that are only counted.
    private mutating func readPoints(
        _ range: Range<Int>,
        _ text: RawSpan,
        _ type: PointType,
        _ tags: PointTags?,
        _ metric: MetricIdentity
    ) throws(OTLPDecodeError) {
        var reader = WireReader(range)
        var pointCount = 0
        var number: UInt64 = 0
        while reader.hasMore {
            let tag = try reader.tag(text)
            if tag == 0x0a {
                _ = try reader.field(text)
                pointCount &+= 1
            } else if tag == 0x10 {
                number = try reader.varint(text)
            } else {
                try reader.skip(tag, text)
            }
        }
        try self.blocks.add(itemCount: pointCount)
        guard let tags else { return self.blocks.ignore(pointCount) }
        let temporality = Temporality(type, Int32(truncatingIfNeeded: number))
        reader = WireReader(range)
        while pointCount > 0 {
            let tag = try reader.tag(text)
            guard tag == 0x0a else {
                try reader.skip(tag, text)
                continue
            }
            try self.readPoint(reader.field(text), text, tags, metric, temporality)
            pointCount &-= 1
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
        var attributes = AttributeProgress()
        self.points.begin()
        while reader.hasMore {
            let start = reader.position
            let tag = try reader.tag(text)
            if tag == tags.attributes {
                if attributes.count == 0, self.resumePoint(at: start, &reader, &attributes, text) { continue }
                let field = try reader.field(text)
                if field.upperBound > attributes.divergence { self.learnPrefix(before: start, &attributes) }
                if let entry = self.pointMemo.entry(at: attributes.count, field, in: text) {
                    self.points.set(self.pointMemo.entries[entry].attribute, movedBy: field.lowerBound)
                } else if try !self.readPointAttribute(field, attributes.count, text) {
                    attributes.divergence = .max
                    fields.isOverLimit = true
                }
                attributes.count &+= 1
                attributes.byteCount &+= reader.position &- start
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

    /// Goes on from what the point, whose attributes begin at `start`, has in common with earlier ones.
    ///
    /// - Returns: `false`: nothing is known that they have in common.
    @inline(__always)
    private mutating func resumePoint(
        at start: Int,
        _ reader: inout WireReader,
        _ attributes: inout AttributeProgress,
        _ text: RawSpan
    ) -> Bool {
        attributes.start = start
        guard let distance = self.prefix.distance(to: start, before: reader.end, in: text) else {
            attributes.divergence = self.prefix.divergence(from: start, before: reader.end, in: text)
            return false
        }
        self.points.progress = self.prefix.progress
        self.points.progress.move(by: distance)
        attributes.count = self.prefix.attributeCount
        reader.position = start &+ self.prefix.byteCount
        return true
    }

    /// The next attribute, at `end`, is the first that differs from the point before.
    private mutating func learnPrefix(before end: Int, _ attributes: inout AttributeProgress) {
        attributes.divergence = .max
        // Other fields may lie between attributes.
        guard attributes.byteCount == end &- attributes.start else { return }
        self.prefix.learn(attributes.start..<end, attributeCount: attributes.count, self.points)
    }

    /// Reads the attribute at place `index` of a point.
    ///
    /// - Returns: Is it within the limits?
    @inline(never)
    private mutating func readPointAttribute(
        _ range: Range<Int>,
        _ index: Int,
        _ text: RawSpan
    ) throws(OTLPDecodeError) -> Bool {
        let (name, value) = try Self.keyValue(range, text)
        guard !self.isOverLimit(attributeCount: index &+ 1, name: name, value: value) else { return false }
        let attribute = self.points.resolve(name: text.extracting(name.offsets), value: value, text: text)
        self.pointMemo.remember(attribute, at: index, range, in: text)
        self.points.set(attribute, movedBy: 0)
        return true
    }
}

/// How far the attributes of one point have been read.
private struct AttributeProgress {
    var count = 0
    /// Bytes of all of them, tags and lengths included.
    var byteCount = 0
    /// Where the first begins.
    var start = 0
    /// Where they begin to differ from those of the point before.
    var divergence = Int.max
}

extension PointType {
    /// The member of `Metric.data` with this tag.
    @inline(__always)
    fileprivate init?(tag: UInt64) {
        switch tag {
        case 0x2a: self = .gauge
        case 0x3a: self = .sum
        case 0x4a: self = .histogram
        case 0x52: self = .exponentialHistogram
        case 0x5a: self = .summary
        default: return nil
        }
    }
}

extension Temporality {
    /// Gauges have none, whatever the sender says.
    init(_ type: PointType, _ number: Int32) {
        switch (type, number) {
        case (.gauge, _): self = .none
        case (_, 1): self = .delta
        case (_, 2): self = .cumulative
        default: self = .unspecified
        }
    }
}
