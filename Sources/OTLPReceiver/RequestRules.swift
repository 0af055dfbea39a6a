import OTLP
import TokenscaleCore

/// From the head of a request to a plan or a refusal. Reads no clock and no load.
struct RequestRules {
    let configuration: ReceiverConfiguration

    /// The path's meaning; `nil` when it has none.
    static func kind(_ head: RequestHead) -> RequestPlan.Kind? {
        // Nearly every target is a path and nothing else.
        Self.kind(head.transport, path: head.target) ?? Self.kind(head.transport, path: String(head.path))
    }

    private static func kind(_ transport: IngestStatistics.Transport, path: String) -> RequestPlan.Kind? {
        switch (transport, path) {
        case (.http, "/v1/metrics"), (.grpc, "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export"):
            .export(.metrics)
        case (.http, "/v1/logs"), (.grpc, "/opentelemetry.proto.collector.logs.v1.LogsService/Export"):
            .export(.logs)
        case (.http, "/v1/traces"), (.grpc, "/opentelemetry.proto.collector.trace.v1.TraceService/Export"):
            .export(.traces)
        case (.http, "/v1/queue-depth"):
            .queueDepth
        default:
            nil
        }
    }

    /// - Parameter isAuthorized: Answers whether the `authorization` field is that of a known client.
    func plan(_ head: RequestHead, isAuthorized: (String?) -> Bool) -> Result<RequestPlan, RefusedRequest> {
        guard let kind = Self.kind(head) else { return .failure(Self.unknownPath(head)) }
        func refuse(_ reason: IngestStatistics.Refusal, _ message: String) -> Result<RequestPlan, RefusedRequest> {
            .failure(RefusedRequest(signal: kind.signal, refusal: Refusal(reason, message)))
        }
        guard head.isPost else { return refuse(.wrongMethod, "only POST is served here") }
        guard isAuthorized(head.authorization) else {
            return refuse(
                .unauthenticated,
                "no valid bearer token; set OTEL_EXPORTER_OTLP_HEADERS=Authorization=Bearer%20TOKEN"
            )
        }
        let encoding: OTLPEncoding
        switch (MediaType(head.contentType), kind) {
        case (.json, _): encoding = .json
        case (.grpc, _) where head.transport == .grpc: encoding = .protobuf
        case (.protobuf, .export): encoding = .protobuf
        case (_, .export):
            return refuse(.contentType, "content-type must be application/x-protobuf or application/json")
        case (_, .queueDepth):
            return refuse(.contentType, "content-type must be application/json")
        }
        let isGzip: Bool
        // "All content codings are case-insensitive" (RFC 9110 §8.4.1).
        switch head.contentEncoding?.lowercased() {
        case nil, "identity", "": isGzip = false
        case "gzip", "x-gzip": isGzip = true
        default: return refuse(.contentEncoding, "the only supported compression is gzip")
        }
        let limit = self.byteLimit(kind)
        if let length = head.contentLength, length > limit {
            return refuse(.tooLarge, Self.tooLargeMessage(byteCount: length, limit: limit))
        }
        let plan = RequestPlan(
            transport: head.transport,
            kind: kind,
            encoding: encoding,
            isGzip: isGzip,
            byteLimit: limit
        )
        return .success(plan)
    }

    static func tooLargeMessage(byteCount: Int, limit: Int) -> String {
        "the body has \(byteCount) bytes or more, allowed are \(limit); send smaller batches"
    }

    private func byteLimit(_ kind: RequestPlan.Kind) -> Int {
        switch kind {
        case .export: self.configuration.bodyByteLimit
        case .queueDepth: self.configuration.queueDepthBodyByteLimit
        }
    }

    private static func unknownPath(_ head: RequestHead) -> RefusedRequest {
        let message =
            switch head.transport {
            case .grpc:
                "unknown method; served is Export of opentelemetry.proto.collector's MetricsService, LogsService and "
                    + "TraceService"
            case .http:
                "unknown path; served are POST /v1/metrics, /v1/logs, /v1/traces and /v1/queue-depth; set "
                    + "OTEL_EXPORTER_OTLP_ENDPOINT to this address without a path"
            }
        return RefusedRequest(signal: .unknown, refusal: Refusal(.unknownPath, message))
    }
}

/// A refusal and what the request would have carried, for the statistics.
struct RefusedRequest: Error, Equatable {
    var signal: IngestStatistics.Signal
    var refusal: Refusal
}
