import MetricsAPI
import TokenscaleCore

extension AlertingStatistics {
    /// Alerting's own health for `/metrics`. Every known combination is there from the start, at 0.
    var families: [MetricFamily] { self.alertFamilies + self.receiverFamilies + self.outboxFamilies }

    private var alertFamilies: [MetricFamily] {
        var alerts: [MetricFamily.Sample] = []
        for scope in AlertSubject.Scope.allCases {
            for severity in AlertSeverity.allCases {
                for state in AlertDisplayState.allCases {
                    let count = self.alerts[AlertKey(scope: scope, severity: severity, state: state)] ?? 0
                    let labels = [
                        (name: "scope", value: scope.rawValue), ("severity", severity.rawValue),
                        ("state", state.rawValue),
                    ]
                    alerts.append(.init(Double(count), labels))
                }
            }
        }
        var transitions: [MetricFamily.Sample] = []
        for kind in AlertTransition.Kind.allCases {
            for severity in AlertSeverity.allCases {
                let count = self.transitions[TransitionKey(kind: kind, severity: severity)] ?? 0
                transitions.append(.init(Double(count), [("kind", kind.rawValue), ("severity", severity.rawValue)]))
            }
        }
        return [
            MetricFamily("tokenscale_alerts", .gauge, "Alerts by how they stand.", samples: alerts),
            MetricFamily(
                "tokenscale_alert_transitions",
                .counter,
                "Changes of alerts that receivers are told of.",
                samples: transitions
            ),
            MetricFamily(
                "tokenscale_alerts_dropped",
                .counter,
                "Findings that got no alert because of alert-limit.",
                samples: [.init(Double(self.droppedAlertCount))]
            ),
        ]
    }

    private var receiverFamilies: [MetricFamily] {
        let receivers = self.receivers.sorted { $0.key < $1.key }
        func samples(_ value: (ReceiverStatistics) -> Double) -> [MetricFamily.Sample] {
            receivers.map { .init(value($0.value), [("receiver", $0.key)]) }
        }
        let notifications = receivers.flatMap { name, statistics in
            ReceiverStatistics.Outcome.allCases.map { outcome in
                let count = statistics.notifications[outcome] ?? 0
                return MetricFamily.Sample(Double(count), [("receiver", name), ("outcome", outcome.rawValue)])
            }
        }
        let latencies = receivers.flatMap { name, statistics in
            MetricFamily.Sample.histogram(
                bounds: LatencyHistogram.bounds,
                counts: statistics.latency.counts,
                sum: statistics.latency.sumSeconds,
                labels: [("receiver", name)]
            )
        }
        return [
            MetricFamily(
                "tokenscale_notifications",
                .counter,
                "Deliveries by receiver and how they went; retried: an attempt that failed and is made again.",
                samples: notifications
            ),
            MetricFamily(
                "tokenscale_notification_latency_seconds",
                .histogram,
                "From the decision to the receiver's acceptance.",
                samples: latencies
            ),
            MetricFamily(
                "tokenscale_receiver_circuit_open",
                .gauge,
                "1: the receiver failed several times in a row and is left alone for a while.",
                samples: samples { $0.isCircuitOpen ? 1 : 0 }
            ),
            MetricFamily(
                "tokenscale_outbox_depth",
                .gauge,
                "Deliveries that wait.",
                samples: samples { Double($0.depth) }
            ),
            MetricFamily(
                "tokenscale_outbox_age_seconds",
                .gauge,
                "Age of the oldest delivery that waits.",
                samples: samples { $0.oldestAgeSeconds }
            ),
            MetricFamily(
                "tokenscale_outbox_parked",
                .gauge,
                "Deliveries that failed for good and are kept; see `tokenscale alerts`.",
                samples: samples { Double($0.parkedCount) }
            ),
        ]
    }

    private var outboxFamilies: [MetricFamily] {
        [
            MetricFamily(
                "tokenscale_outbox_healthy",
                .gauge,
                "0: the outbox cannot be used, alerts are delayed.",
                samples: [.init(self.isOutboxHealthy ? 1 : 0)]
            ),
            MetricFamily(
                "tokenscale_outbox_errors",
                .counter,
                "Failed operations of the outbox.",
                samples: OutboxOperation.allCases.map { operation in
                    .init(Double(self.outboxErrors[operation] ?? 0), [("operation", operation.rawValue)])
                }
            ),
            MetricFamily(
                "tokenscale_outbox_dropped",
                .counter,
                "Deliveries given up because of alert-outbox-row-limit.",
                samples: [.init(Double(self.outboxDroppedCount))]
            ),
            MetricFamily(
                "tokenscale_outbox_size_bytes",
                .gauge,
                "Size of the outbox.",
                samples: [.init(Double(self.outboxByteCount))]
            ),
        ]
    }
}
