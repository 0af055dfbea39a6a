import COTLP
import TokenscaleCore

/// Walks the envelopes that protobuf-c has built: the only place that touches its structures.
///
/// Everything they point to lies in the arena, so a pointer becomes an offset of `text`, the arena's bytes.
extension ItemDecoder {
    /// Reads an `ExportMetricsServiceRequest`.
    mutating func readMetrics(_ request: UnsafePointer<Otlp__MetricsRequest>, _ text: RawSpan) throws(OTLPDecodeError) {
        let base = unsafe Self.base(of: text)
        for block in 0..<(unsafe request.pointee.n_resource_metrics) {
            guard let resource = unsafe request.pointee.resource_metrics[block] else { continue }
            try self.blocks.open()
            let isOverLimit = try self.readResource(unsafe Self.range(resource.pointee.resource, base), text)
            for scope in 0..<(unsafe resource.pointee.n_scope_metrics) {
                guard let scope = unsafe resource.pointee.scope_metrics[scope] else { continue }
                for metric in 0..<(unsafe scope.pointee.n_metrics) {
                    guard let metric = unsafe scope.pointee.metrics[metric] else { continue }
                    try unsafe self.readMetric(metric, base, text)
                }
            }
            self.blocks.close(isOverLimit: isOverLimit)
        }
    }

    private mutating func readMetric(
        _ metric: UnsafePointer<Otlp__Metric>,
        _ base: UnsafeRawPointer,
        _ text: RawSpan
    ) throws(OTLPDecodeError) {
        guard let type = unsafe PointType(metric.pointee.data_case) else { return }
        // All members of the union have the same type.
        guard let points = unsafe metric.pointee.sum else { return }
        let count = unsafe points.pointee.n_data_points
        try self.blocks.add(itemCount: count)
        let name = unsafe Self.range(metric.pointee.name, base)
        let identity = MetricIdentity(name: text.extracting(name), names: self.names)
        let temporality = Temporality(type, unsafe points.pointee.aggregation_temporality)
        for index in 0..<count {
            let point = unsafe Self.range(points.pointee.data_points[index], base)
            try self.readPoint(point, text, type, identity, temporality)
        }
    }

    /// Reads an `ExportLogsServiceRequest`, or counts the spans of an `ExportTraceServiceRequest`.
    mutating func readItems(
        _ request: UnsafePointer<Otlp__ItemsRequest>,
        _ text: RawSpan,
        areRecords: Bool
    ) throws(OTLPDecodeError) {
        let base = unsafe Self.base(of: text)
        for block in 0..<(unsafe request.pointee.n_resource_items) {
            guard let resource = unsafe request.pointee.resource_items[block] else { continue }
            try self.blocks.open()
            let isOverLimit = try self.readResource(unsafe Self.range(resource.pointee.resource, base), text)
            for scope in 0..<(unsafe resource.pointee.n_scope_items) {
                guard let scope = unsafe resource.pointee.scope_items[scope] else { continue }
                let count = unsafe scope.pointee.n_items
                try self.blocks.add(itemCount: count)
                guard areRecords else {
                    self.blocks.ignore(count)
                    continue
                }
                for index in 0..<count {
                    try self.readRecord(unsafe Self.range(scope.pointee.items[index], base), text)
                }
            }
            self.blocks.close(isOverLimit: isOverLimit)
        }
    }

    private static func base(of text: RawSpan) -> UnsafeRawPointer {
        // The arena outlives the walk; it holds at least the request itself.
        guard let base = unsafe text.withUnsafeBytes({ $0.baseAddress }) else {
            preconditionFailure("a decoded request is in \(text.byteCount) bytes of arena")
        }
        return unsafe base
    }

    @inline(__always)
    private static func range(_ data: ProtobufCBinaryData, _ base: UnsafeRawPointer) -> Range<Int> {
        guard unsafe data.len > 0, let pointer = unsafe data.data else { return 0..<0 }
        let start = unsafe UnsafeRawPointer(pointer) - base
        return unsafe start..<start &+ data.len
    }
}

extension PointType {
    fileprivate init?(_ data: Otlp__Metric__DataCase) {
        switch data {
        case OTLP__METRIC__DATA_GAUGE: self = .gauge
        case OTLP__METRIC__DATA_SUM: self = .sum
        case OTLP__METRIC__DATA_HISTOGRAM: self = .histogram
        case OTLP__METRIC__DATA_EXPONENTIAL_HISTOGRAM: self = .exponentialHistogram
        case OTLP__METRIC__DATA_SUMMARY: self = .summary
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
