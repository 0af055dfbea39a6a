import SwiftProtobuf
import TokenscaleCore

/// The variant to compare with: swift-protobuf decodes the request, then the same builders make the same batches, and
/// the same aggregator records them.
struct ReferenceDecoder {
    typealias Request = OtlpReference_ExportMetricsServiceRequest
    typealias LogsRequest = OtlpReference_ExportLogsServiceRequest

    private var points: MetricPointBuilder
    private var events: AgentEventBuilder
    private var resource: ResourceBuilder
    private let names: KnownNames
    private var batch = ResourceBatch()
    /// The strings of the block: what ranges refer to. Handed through the calls, because a span of a property would
    /// keep all of `self` from changing.
    private var text: [UInt8] = []

    init(hash: KeyedHash) {
        self.names = KnownNames(hash: hash, names: SemanticNames())
        self.points = MetricPointBuilder(names: self.names, identityByteCountMax: 512)
        self.events = AgentEventBuilder(names: self.names, identityByteCountMax: 512)
        self.resource = ResourceBuilder(names: self.names, identityByteCountMax: 512, labelCountMax: 64)
    }

    mutating func metrics(_ request: Request, _ take: (borrowing ResourceBatch, RawSpan) -> Void) {
        var text = self.takeText()
        for block in request.resourceMetrics {
            self.begin(block.resource, &text)
            for scope in block.scopeMetrics {
                for metric in scope.metrics { self.read(metric, &text) }
            }
            unsafe take(self.batch, text.span.bytes)
        }
        self.text = text
    }

    mutating func logs(_ request: LogsRequest, _ take: (borrowing ResourceBatch, RawSpan) -> Void) {
        var text = self.takeText()
        for block in request.resourceLogs {
            self.begin(block.resource, &text)
            for scope in block.scopeLogs {
                for record in scope.logRecords { self.read(record, &text) }
            }
            unsafe take(self.batch, text.span.bytes)
        }
        self.text = text
    }

    /// The buffer of the request before, so that its memory is used again.
    private mutating func takeText() -> [UInt8] {
        let text = self.text
        self.text = []
        return text
    }

    private mutating func begin(_ resource: OtlpReference_Resource, _ text: inout [UInt8]) {
        self.batch.removeAll()
        text.removeAll(keepingCapacity: true)
        self.resource.begin()
        for attribute in resource.attributes {
            let name = self.append(attribute.key, &text)
            let value = self.value(attribute.value, &text)
            unsafe self.resource.set(name: name, value: value, text: text.span.bytes, batch: &self.batch)
        }
    }

    private mutating func read(_ metric: OtlpReference_Metric, _ text: inout [UInt8]) {
        guard case .sum(let sum)? = metric.data else { return }
        let name = self.append(metric.name, &text).offsets
        let identity = unsafe MetricIdentity(name: text.span.bytes.extracting(name), names: self.names)
        for dataPoint in sum.dataPoints {
            self.points.begin()
            for attribute in dataPoint.attributes {
                let name = self.append(attribute.key, &text).offsets
                let value = self.value(attribute.value, &text)
                let bytes = unsafe text.span.bytes
                self.points.set(name: bytes.extracting(name), value: value, text: bytes)
            }
            let value: Double
            switch dataPoint.value {
            case .asDouble(let double)?: value = double
            case .asInt(let integer)?: value = Double(integer)
            case nil: continue
            }
            self.points.finish(
                identity,
                sum.aggregationTemporality == 1 ? .delta : .cumulative,
                start: Timestamp(clampingUnixNano: dataPoint.startTimeUnixNano),
                time: Timestamp(clampingUnixNano: dataPoint.timeUnixNano),
                value: value
            )
            self.batch.points.append(self.points.progress.point)
        }
    }

    private mutating func read(_ record: OtlpReference_LogRecord, _ text: inout [UInt8]) {
        self.events.begin()
        self.events.set(recordTime: Timestamp(clampingUnixNano: record.timeUnixNano))
        self.events.set(observedTime: Timestamp(clampingUnixNano: record.observedTimeUnixNano))
        let body = self.value(record.body, &text)
        unsafe self.events.set(body: body, text: text.span.bytes)
        for attribute in record.attributes {
            let name = self.append(attribute.key, &text).offsets
            let value = self.value(attribute.value, &text)
            let bytes = unsafe text.span.bytes
            self.events.set(name: bytes.extracting(name), value: value, text: bytes)
        }
        if let event = self.events.finish() { self.batch.events.append(event) }
    }

    private func value(_ value: OtlpReference_AnyValue, _ text: inout [UInt8]) -> AttributeValue {
        switch value.value {
        case .stringValue(let string)?: .string(self.append(string, &text))
        case .boolValue(let flag)?: .bool(flag)
        case .intValue(let number)?: .int(number)
        case .doubleValue(let number)?: .double(number)
        case .arrayValue?, .kvlistValue?, .bytesValue?: .composite(.absent)
        case nil: .empty
        }
    }

    private func append(_ string: String, _ text: inout [UInt8]) -> TextRange {
        let offset = text.count
        text.append(contentsOf: string.utf8)
        return TextRange(offset: offset, byteCount: text.count - offset)
    }
}
