/// What an OTLP request carries: it says which message the body is.
package enum OTLPSignal: UInt8, CaseIterable, Sendable {
    /// `ExportMetricsServiceRequest`
    case metrics
    /// `ExportLogsServiceRequest`
    case logs
    /// `ExportTraceServiceRequest`: its spans are counted and acknowledged, nothing else.
    case traces
}

/// How the body of an OTLP request is written.
package enum OTLPEncoding: UInt8, CaseIterable, Sendable {
    case protobuf
    /// OTLP/JSON: <https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding>
    case json
}
