import TokenscaleCore

/// The series that describe the fleet. Labels: facts/PRODUCT.md §4.3; nothing per session.
struct SnapshotExposition: Sendable {
    let view: MetricsView
    let admission: SeriesAdmission
    /// Counters that appeared after this snapshot are shown as 0; `nil`: all as they are.
    let lastSequence: UInt64?

    func write(to writer: inout ExpositionWriter) {
        self.writeCounters(to: &writer)
        let rows = PodRow.rows(of: self.view, admission: self.admission)
        self.writeRates(rows, to: &writer)
        self.writeSessions(rows, to: &writer)
        self.writeQueues(to: &writer)
        self.writePods(to: &writer)
        self.writeFindings(to: &writer)
        self.writeHeadroom(to: &writer)
    }

    private func writeCounters(to writer: inout ExpositionWriter) {
        writer.family("claude_tokens", .counter, "Tokens used, each counted once; tokens of no known pod have no name.")
        for counter in self.admission.visible(self.view.snapshot.counters) {
            let labels = LabelBlock([
                ("namespace", counter.pod.namespace), ("pod", counter.pod.name), ("model", counter.model),
            ])
            let isBorn = self.lastSequence.map { counter.birthSequence > $0 } ?? false
            for type in TokenType.allCases {
                let block = labels.adding("type", type.name)
                writer.sample(labels: block, isBorn ? 0 : counter.total[type])
                writer.created(labels: block, seconds: Double(counter.created.milliseconds) / 1000)
            }
        }
    }

    private func writeRates(_ rows: [PodRow], to writer: inout ExpositionWriter) {
        writer.family("claude_tokens_per_minute", .gauge, "Token rate over 60 s; state stuck: sessions in a loop.")
        for row in rows where row.isKnown {
            for rate in row.modelRates {
                let labels = row.labels.adding("model", rate.model)
                Self.writeTypes(rate.active, labels, state: "active", to: &writer)
                if rate.stuck != .zero { Self.writeTypes(rate.stuck, labels, state: "stuck", to: &writer) }
            }
        }
        writer.family("claude_burst_tokens_per_minute", .gauge, "Token rate over 15 s of sessions that are not stuck.")
        for row in rows where row.isKnown {
            for rate in row.rates where rate.activeBurst != .zero {
                let labels = row.labels.adding("model", rate.model)
                for type in TokenType.allCases {
                    writer.sample(labels: labels.adding("type", type.name), rate.activeBurst[type])
                }
            }
        }
        writer.family(
            "claude_scale_tokens_per_minute",
            .gauge,
            "What the metrics APIs serve for the pod by default; absent while it is not known."
        )
        for row in rows {
            guard let scale = row.scale else { continue }
            writer.sample(labels: row.labels, scale.quantity.value)
        }
        writer.family(
            "claude_stuck_tokens_per_minute",
            .gauge,
            "Token rate over 60 s of sessions in a loop, all types."
        )
        for row in rows where row.isKnown {
            writer.sample(labels: row.labels, row.rates.reduce(0) { $0.addingClamped($1.stuck.total) })
        }
    }

    private static func writeTypes(
        _ counts: TokenCounts,
        _ labels: LabelBlock,
        state: String,
        to writer: inout ExpositionWriter
    ) {
        for type in TokenType.allCases {
            writer.sample(labels: labels.adding("type", type.name).adding("state", state), counts[type])
        }
    }

    private func writeSessions(_ rows: [PodRow], to writer: inout ExpositionWriter) {
        writer.family("claude_active_sessions", .gauge, "Live sessions, stuck ones included.")
        for row in rows { writer.sample(labels: row.labels, Int64(row.activeSessionCount)) }
        writer.family("claude_open_turns", .gauge, "Turns that are being worked on.")
        for row in rows { writer.sample(labels: row.labels, Int64(row.openTurnCount)) }
        writer.family("claude_stuck_sessions", .gauge, "Sessions in a confirmed loop.")
        for row in rows { writer.sample(labels: row.labels, Int64(row.stuckSessionCount)) }
    }

    private func writeQueues(to writer: inout ExpositionWriter) {
        let queues = self.view.snapshot.queues.map { queue in
            (
                queue: queue,
                labels: LabelBlock([
                    ("namespace", queue.namespace), ("queue", queue.queue), ("pod", queue.pod ?? ""),
                ])
            )
        }
        writer.family("claude_queue_depth", .gauge, "Tasks that wait; absent when the last report is too old.")
        for (queue, labels) in queues where !queue.isStale { writer.sample(labels: labels, queue.depth) }
        writer.family("tokenscale_queue_depth_age_seconds", .gauge, "Age of the last report of a queue's depth.")
        for (queue, labels) in queues {
            writer.sample(labels: labels, max(0, self.view.now.seconds(since: queue.time)))
        }
    }

    private func writePods(to writer: inout ExpositionWriter) {
        var states: [String: [String: Int64]] = [:]
        var foldedCount: Int64 = 0
        for pod in self.view.snapshot.pods {
            states[pod.id.namespace, default: [:]][pod.state.name, default: 0] += 1
            if !self.admission.admits(pod.id) { foldedCount += 1 }
        }
        writer.family("claude_busy_pods", .gauge, "Pods that work on something that is no loop.")
        for (namespace, count) in self.busyPods().sorted(by: { $0.key < $1.key }) {
            writer.sample([("namespace", namespace)], count)
        }
        writer.family("tokenscale_pods", .gauge, "Pods in telemetry by state; unknown ones are left out of answers.")
        for (namespace, counts) in states.sorted(by: { $0.key < $1.key }) {
            for state in ["active", "idle", "unknown"] {
                writer.sample([("namespace", namespace), ("state", state)], counts[state] ?? 0)
            }
        }
        writer.family("tokenscale_pod_known", .gauge, "1: the pod's load is known. 0: it is left out of answers.")
        for pod in self.view.snapshot.pods where self.admission.admits(pod.id) {
            writer.sample(labels: PodRow.labels(pod.id), Int64(pod.state.isKnown ? 1 : 0))
        }
        writer.family("tokenscale_pod_info", .gauge, "Where a pod belongs and what says so.")
        for pod in self.view.snapshot.pods where self.admission.admits(pod.id) {
            let record = self.view.directory[pod.id]
            let labels = PodRow.labels(pod.id)
                .adding("workload", record?.workload?.name ?? pod.workload ?? "")
                .adding("node", record?.node ?? pod.node ?? "")
                .adding("attribution", pod.attribution.name)
            writer.sample(labels: labels, Int64(1))
        }
        writer.family("tokenscale_series_limited_pods", .gauge, "Pods that share the series pod=\"other\".")
        writer.sample([], foldedCount)
    }

    /// By namespace; pods that are not known do not count.
    private func busyPods() -> [String: Int64] {
        guard let selection = try? MetricSelection(.busyPods) else { return [:] }
        var counts: [String: Int64] = [:]
        for pod in self.view.snapshot.pods {
            let member = MetricsView.Member(id: pod.id, record: nil, telemetry: pod)
            guard let value = try? self.view.value(.busyPods, of: member, selection: selection).get() else { continue }
            counts[pod.id.namespace, default: 0] += value.quantity.milli / 1000
        }
        return counts
    }

    private func writeFindings(to writer: inout ExpositionWriter) {
        var sessions: [FindingLabels: Int64] = [:]
        for pod in self.view.snapshot.pods {
            let isFolded = !self.admission.admits(pod.id)
            for finding in pod.sessions.compactMap(\.finding) where finding.severity > .info {
                let workload =
                    self.view.directory[pod.id]?.workload?.name ?? pod.workload
                    ?? (isFolded ? SeriesAdmission.otherPodName : pod.id.name)
                sessions[FindingLabels(pod.id.namespace, workload, finding), default: 0] += 1
            }
        }
        var workloads: [FindingLabels: Int64] = [:]
        for found in self.view.snapshot.workloadFindings {
            workloads[FindingLabels(found.namespace, found.workload, found.finding), default: 0] += 1
        }
        writer.family("tokenscale_stuck_sessions", .gauge, "Sessions in a loop; severity possible: not confirmed.")
        for (labels, count) in sessions.sorted(by: { $0.key < $1.key }) { writer.sample(labels.pairs, count) }
        writer.family("tokenscale_workload_findings", .gauge, "Findings over several sessions of a workload.")
        for (labels, count) in workloads.sorted(by: { $0.key < $1.key }) { writer.sample(labels.pairs, count) }
    }

    /// The labels of what is found stuck, in the order of the series.
    private struct FindingLabels: Hashable, Comparable {
        var namespace: String
        var workload: String
        var pattern: String
        var severity: String

        init(_ namespace: String, _ workload: String, _ finding: LoopFinding) {
            self.namespace = namespace
            self.workload = workload
            self.pattern = finding.pattern.name
            self.severity = finding.severityLabel
        }

        var pairs: [(String, String)] {
            [
                ("namespace", self.namespace), ("workload", self.workload), ("pattern", self.pattern),
                ("severity", self.severity),
            ]
        }

        static func < (left: Self, right: Self) -> Bool {
            (left.namespace, left.workload, left.pattern, left.severity)
                < (right.namespace, right.workload, right.pattern, right.severity)
        }
    }

    private func writeHeadroom(to writer: inout ExpositionWriter) {
        guard !self.view.configuration.organisationLimits.isEmpty else { return }
        writer.family(
            ServedMetric.tokenHeadroomRatio.name,
            .gauge,
            "Share of the organisation's rate limit that is left."
        )
        for limit in self.view.configuration.organisationLimits {
            let labels = [("model", limit.model), ("profile", limit.profile.rawValue)]
            writer.sample(labels, self.view.headroom(of: limit))
        }
    }
}

extension PodState {
    /// The value of the `state` label.
    var name: String {
        switch self {
        case .active: "active"
        case .idle: "idle"
        case .unknown: "unknown"
        }
    }

    var reasonName: String? {
        guard case .unknown(let reason) = self else { return nil }
        return reason.rawValue
    }
}
