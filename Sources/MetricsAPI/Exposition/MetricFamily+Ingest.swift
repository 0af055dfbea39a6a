package import TokenscaleCore

extension MetricFamily {
    /// What the OTLP receiver did. Known combinations that did not occur are 0, so that alerts on them work.
    package static func families(of statistics: IngestStatistics) -> [MetricFamily] {
        let requests = statistics.requests
            .map { (labels: Self.labels($0.key), count: $0.value) }
            .sorted { Self.order($0.labels) < Self.order($1.labels) }
        let refusals = IngestStatistics.Refusal.allCases.map { reason in
            Sample(Double(statistics.refusals[reason] ?? 0), [("reason", reason.rawValue)])
        }
        return [
            MetricFamily(
                "tokenscale_otlp_requests",
                .counter,
                "Answered requests of telemetry by transport, signal and code.",
                samples: requests.map { Sample(Double($0.count), $0.labels) }
            ),
            MetricFamily(
                "tokenscale_otlp_refused",
                .counter,
                "Requests and connections that were refused, by reason.",
                samples: refusals
            ),
            self.counter("tokenscale_otlp_received_bytes", "Body bytes received.", statistics.receivedByteCount),
            self.counter(
                "tokenscale_otlp_decompressed_bytes",
                "Body bytes that came out of decompression.",
                statistics.decompressedByteCount
            ),
            self.counter("tokenscale_otlp_connections", "Connections accepted.", statistics.connectionCount),
            MetricFamily(
                "tokenscale_otlp_request_duration_seconds",
                .histogram,
                "From the head of a request to its answer.",
                samples: Sample.histogram(
                    bounds: DurationHistogram.upperBounds,
                    counts: statistics.durations.counts,
                    sum: statistics.durations.sumSeconds,
                    labels: []
                )
            ),
            self.gauge("tokenscale_otlp_open_connections", "Connections now.", statistics.openConnectionCount),
            self.gauge("tokenscale_otlp_in_flight_requests", "Unanswered requests.", statistics.inFlightRequestCount),
            self.gauge("tokenscale_otlp_in_flight_bytes", "Their buffered bytes.", statistics.inFlightByteCount),
            self.gauge("tokenscale_otlp_connection_limit", "Most connections.", statistics.connectionLimit),
            self.gauge("tokenscale_otlp_in_flight_limit_bytes", "Most buffered bytes.", statistics.inFlightByteLimit),
        ]
    }

    private static func labels(_ key: IngestStatistics.RequestKey) -> [(name: String, value: String)] {
        [("transport", key.transport.rawValue), ("signal", key.signal.rawValue), ("code", key.code)]
    }

    private static func order(_ labels: [(name: String, value: String)]) -> String {
        labels.map(\.value).joined(separator: " ")
    }

    private static func counter(_ name: String, _ help: String, _ value: Int64) -> MetricFamily {
        MetricFamily(name, .counter, help, samples: [Sample(Double(value))])
    }

    private static func gauge(_ name: String, _ help: String, _ value: Int) -> MetricFamily {
        MetricFamily(name, .gauge, help, samples: [Sample(Double(value))])
    }
}
