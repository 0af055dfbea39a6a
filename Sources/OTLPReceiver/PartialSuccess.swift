import OTLP
import TokenscaleCore

/// `partial_success` of an export response: some items were not taken, or a warning (0 rejected and a message).
struct PartialSuccess: Equatable {
    let rejectedCount: Int
    let message: String

    init(rejectedCount: Int, message: String) {
        self.rejectedCount = rejectedCount
        self.message = message
    }

    /// `nil` when everything was taken: "If the request is successful … the server MUST leave `partial_success`
    /// unset" (OTLP, "Full Success").
    init?(_ outcome: RecordOutcome) {
        var parts: [String] = []
        if outcome.limitedCount > 0 {
            parts.append(
                "\(outcome.limitedCount) items not taken: a limit for pods, sessions, series or the size of an item "
                    + "is reached; see tokenscale_* on /metrics for which one"
            )
        }
        if outcome.ambiguousCount > 0 {
            parts.append(
                "\(outcome.ambiguousCount) points not taken: they leave open whether they are increments or totals; "
                    + "send counters as sums with aggregation temporality delta (1) or cumulative (2), queue depths "
                    + "as gauges"
            )
        }
        if outcome.invalidCount > 0 {
            parts.append("\(outcome.invalidCount) points not taken: their values are below 0 or above 2^53")
        }
        if outcome.refusedCount > 0 {
            parts.append(
                "\(outcome.refusedCount) items not taken: they name a pod that does not belong to the sender's address"
            )
        }
        if outcome.unattributedCount > 0 {
            parts.append(
                "\(outcome.unattributedCount) items name no pod and count for none: set OTEL_RESOURCE_ATTRIBUTES="
                    + "k8s.namespace.name=$(POD_NAMESPACE),k8s.pod.name=$(POD_NAME) by the downward API"
            )
        }
        guard !parts.isEmpty else { return nil }
        self.init(rejectedCount: outcome.rejectedCount, message: parts.joined(separator: "; "))
    }

    /// An `Export*ServiceResponse`: all three have the same numbers.
    var protobuf: [UInt8] {
        var writer = ProtobufWriter()
        writer.append(field: 1) { partial in
            partial.append(field: 1, varint: self.rejectedCount)
            partial.append(field: 2, text: self.message)
        }
        return writer.bytes
    }

    /// The same as OTLP/JSON; 64-bit integers are strings there.
    func json(_ signal: OTLPSignal) -> [UInt8] {
        let name =
            switch signal {
            case .metrics: "rejectedDataPoints"
            case .logs: "rejectedLogRecords"
            case .traces: "rejectedSpans"
            }
        var text = Array("{\"partialSuccess\":{\"\(name)\":\"\(self.rejectedCount)\",\"errorMessage\":".utf8)
        text.append(jsonString: self.message)
        text += Array("}}".utf8)
        return text
    }
}
