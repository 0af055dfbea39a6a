import Kubernetes
import MetricsAPI
import OTLPReceiver
import TokenscaleCore

/// What the parts that the metrics server cannot see say of themselves, as families of `/metrics`.
struct SelfMetrics: Sendable {
    let receiver: ReceiverCounters
    let alerting: AlertingParts
    let process: ProcessCounters
    let reload: ConfigurationReload
    /// `nil` without a cluster.
    let pods: PodWatcher?
    let reviewer: DelegatedAccessReviewer?

    var families: [MetricFamily] {
        Self.families(of: self.receiver.statistics) + self.alerting.families
            + self.reload.status.families + self.processFamilies + self.clusterFamilies
    }

    // MARK: - Receiver

    static func families(of statistics: IngestStatistics) -> [MetricFamily] {
        Self.requestFamilies(of: statistics) + Self.transportFamilies(of: statistics)
    }

    private static func requestFamilies(of statistics: IngestStatistics) -> [MetricFamily] {
        let requests = statistics.requests.map { key, count in
            MetricFamily.Sample(
                Double(count),
                [("transport", key.transport.rawValue), ("signal", key.signal.rawValue), ("code", key.code)]
            )
        }
        let refusals = IngestStatistics.Refusal.allCases.map { reason in
            MetricFamily.Sample(Double(statistics.refusals[reason] ?? 0), [("reason", reason.rawValue)])
        }
        let durations = MetricFamily.Sample.histogram(
            bounds: DurationHistogram.upperBounds,
            counts: statistics.durations.counts,
            sum: statistics.durations.sumSeconds,
            labels: []
        )
        return [
            MetricFamily(
                "tokenscale_otlp_requests",
                .counter,
                "Answered requests, by transport, signal and status.",
                samples: requests.sorted(by: Self.byLabels)
            ),
            MetricFamily(
                "tokenscale_otlp_refusals",
                .counter,
                "Refused requests and connections, by reason.",
                samples: refusals
            ),
            MetricFamily(
                "tokenscale_otlp_request_duration_seconds",
                .histogram,
                "From the head of a request to its answer.",
                samples: durations
            ),
        ]
    }

    private static func transportFamilies(of statistics: IngestStatistics) -> [MetricFamily] {
        func counter(_ name: String, _ help: String, _ value: Int64) -> MetricFamily {
            MetricFamily(name, .counter, help, samples: [.init(Double(value))])
        }
        func gauge(_ name: String, _ help: String, _ value: Int) -> MetricFamily {
            MetricFamily(name, .gauge, help, samples: [.init(Double(value))])
        }
        return [
            counter(
                "tokenscale_otlp_received_bytes",
                "Body bytes from the network, compressed where the sender compressed.",
                statistics.receivedByteCount
            ),
            counter(
                "tokenscale_otlp_decompressed_bytes",
                "Bytes that came out of decompression.",
                statistics.decompressedByteCount
            ),
            counter(
                "tokenscale_otlp_connections",
                "Connections accepted, refused ones included.",
                statistics.connectionCount
            ),
            gauge("tokenscale_otlp_open_connections", "Connections now.", statistics.openConnectionCount),
            gauge(
                "tokenscale_otlp_in_flight_bytes",
                "Buffered bytes of request bodies now.",
                statistics.inFlightByteCount
            ),
            MetricFamily(
                "tokenscale_otlp_limit",
                .gauge,
                "What is allowed, by resource.",
                samples: [
                    .init(Double(statistics.connectionLimit), [("resource", "connections")]),
                    .init(Double(statistics.inFlightByteLimit), [("resource", "in_flight_bytes")]),
                ]
            ),
        ]
    }

    // MARK: - Process

    private var processFamilies: [MetricFamily] {
        let counts = self.process.current
        let writes = ProcessCounters.Outcome.allCases.map {
            MetricFamily.Sample(Double(counts.stateWrites[$0] ?? 0), [("outcome", $0.rawValue)])
        }
        let scrapes = ProcessCounters.ScrapeOutcome.allCases.map {
            MetricFamily.Sample(Double(counts.runnerScrapes[$0] ?? 0), [("outcome", $0.rawValue)])
        }
        return [
            MetricFamily(
                "tokenscale_state_writes",
                .counter,
                "Attempts to write the state for a restart.",
                samples: writes
            ),
            MetricFamily(
                "tokenscale_state_size_bytes",
                .gauge,
                "Size of the state that was written last.",
                samples: [.init(Double(counts.stateByteCount))]
            ),
            MetricFamily(
                "tokenscale_runner_scrapes",
                .counter,
                "Scrapes of self-hosted runners for their queue depth.",
                samples: scrapes
            ),
        ]
    }

    // MARK: - Cluster

    private var clusterFamilies: [MetricFamily] {
        guard let status = self.pods?.status else { return [] }
        let failures = status.failureCounts.flatMap { kind, reasons in
            reasons.map { MetricFamily.Sample(Double($0.value), [("kind", kind), ("reason", $0.key)]) }
        }
        var families = [
            MetricFamily(
                "tokenscale_directory_synced",
                .gauge,
                "Whether the pod directory is complete and fresh.",
                samples: [.init(status.phase == .synced ? 1 : 0)]
            ),
            MetricFamily(
                "tokenscale_directory_pods",
                .gauge,
                "Pods in the directory.",
                samples: [.init(Double(status.podCount))]
            ),
            MetricFamily(
                "tokenscale_watch_failures",
                .counter,
                "Failed lists and watches of the API server.",
                samples: failures.sorted(by: Self.byLabels)
            ),
        ]
        if let reviews = self.reviewer?.statistics {
            families.append(
                MetricFamily(
                    "tokenscale_access_reviews",
                    .counter,
                    "Reviews asked of the API server, and answers that were remembered.",
                    samples: [
                        .init(Double(reviews.tokenReviews), [("kind", "token")]),
                        .init(Double(reviews.accessReviews), [("kind", "access")]),
                        .init(Double(reviews.cacheHits), [("kind", "remembered")]),
                        .init(Double(reviews.failures), [("kind", "failed")]),
                    ]
                )
            )
        }
        return families
    }

    static func byLabels(_ left: MetricFamily.Sample, _ right: MetricFamily.Sample) -> Bool {
        left.labels.map(\.value).joined(separator: "\u{0}") < right.labels.map(\.value).joined(separator: "\u{0}")
    }
}
