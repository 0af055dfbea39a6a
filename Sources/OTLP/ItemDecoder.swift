import TokenscaleCore

/// What both encodings share: the builders of items, the limits of an item, and the blocks that items go to.
struct ItemDecoder {
    let limits: DecodeLimits
    let names: KnownNames
    var points: MetricPointBuilder
    var events: AgentEventBuilder
    var resource: ResourceBuilder
    var blocks: BlockList
    /// Of protobuf.
    var pointMemo = AttributeMemo()
    var recordMemo = AttributeMemo()
    var resourceMemo = AttributeMemo()
    var prefix = PointPrefix()

    init(names: KnownNames, limits: DecodeLimits) {
        self.limits = limits
        self.names = names
        let textMax = limits.identityByteCountMax
        self.points = MetricPointBuilder(names: names, identityByteCountMax: textMax)
        self.events = AgentEventBuilder(names: names, identityByteCountMax: textMax)
        self.resource = ResourceBuilder(
            names: names,
            identityByteCountMax: textMax,
            labelCountMax: limits.labelCountMax
        )
        self.blocks = BlockList(limits: limits)
    }

    /// Forgets the request before.
    mutating func begin() {
        self.blocks.begin()
        self.prefix.forget()
    }

    /// Appends the point that `points` has built, if it says something.
    ///
    /// - Parameter fields: Times, value and flags of the point, whatever its type.
    @inline(__always)
    mutating func finishPoint(_ metric: MetricIdentity, _ temporality: Temporality, _ fields: PointFields) {
        guard !fields.isOverLimit, !self.points.progress.isOverLimit else { return self.blocks.refuseItem() }
        guard fields.hasValue, fields.value.isFinite, !fields.hasNoRecordedValue else { return self.blocks.ignore(1) }
        self.points.finish(metric, temporality, start: fields.start, time: fields.time, value: fields.value)
        self.blocks.append(self.points.progress.point)
    }

    /// Appends the event that `events` has built, if it says something.
    @inline(__always)
    mutating func finishRecord(isOverLimit: Bool) {
        guard !isOverLimit, !self.events.isOverLimit else { return self.blocks.refuseItem() }
        guard let event = self.events.finish() else { return self.blocks.ignore(1) }
        self.blocks.append(event)
    }

    /// Is this attribute, the `count`th of its item, beyond a limit?
    @inline(__always)
    func isOverLimit(attributeCount count: Int, name: TextRange, value: AttributeValue) -> Bool {
        count > self.limits.attributeCountMax || Int(name.byteCount) > self.limits.attributeByteCountMax
            || Int(value.text.byteCount) > self.limits.attributeByteCountMax
    }
}

/// The fields of a data point of any type that are not attributes.
struct PointFields {
    var start: Timestamp = .zero
    var time: Timestamp = .zero
    var value: Double = 0
    /// Was there an `as_int`, `as_double` or, for histograms, `sum`?
    var hasValue = false
    /// `DataPointFlags.NO_RECORDED_VALUE`: a gap, not a zero.
    var hasNoRecordedValue = false
    /// The point has too many or too long attributes.
    var isOverLimit = false

    mutating func set(value: Double) {
        self.value = value
        self.hasValue = true
    }

    mutating func set(flags: UInt64) { self.hasNoRecordedValue = flags & 1 != 0 }
}

/// The types of metric data, and how we read their points.
enum PointType: UInt8 {
    case gauge, sum
    case histogram, exponentialHistogram
    /// Quantiles: nothing that we count comes as one.
    case summary
}
