import TokenscaleCore

/// The gauges of one pod, or of all folded pods of a namespace together.
struct PodRow: Sendable {
    var labels: LabelBlock
    var isKnown: Bool
    var rates: [ModelRate]
    /// Models that the ledger knows for the pod: they read 0 when the pod is idle.
    var models: [String]
    var scale: ServedValue?
    var activeSessionCount = 0
    var openTurnCount = 0
    var stuckSessionCount = 0

    static func labels(_ pod: PodID) -> LabelBlock {
        LabelBlock([("namespace", pod.namespace), ("pod", pod.name)])
    }

    /// The rows of a snapshot, in its order; folded pods come last.
    static func rows(of view: MetricsView, admission: SeriesAdmission) -> [PodRow] {
        let selection = try? MetricSelection(.tokensPerMinute)
        let counters = view.snapshot.counters
        var counterIndex = 0
        var rows: [PodRow] = []
        rows.reserveCapacity(view.snapshot.pods.count)
        var folded: [String: PodRow] = [:]
        for pod in view.snapshot.pods {
            // Both lists are sorted by pod.
            while counterIndex < counters.count, counters[counterIndex].pod < pod.id { counterIndex += 1 }
            var models: [String] = []
            while counterIndex < counters.count, counters[counterIndex].pod == pod.id {
                models.append(counters[counterIndex].model)
                counterIndex += 1
            }
            let member = MetricsView.Member(id: pod.id, record: nil, telemetry: pod)
            let scale = selection.flatMap { try? view.value(.tokensPerMinute, of: member, selection: $0).get() }
            var row = PodRow(
                labels: Self.labels(pod.id),
                isKnown: pod.state.isKnown,
                rates: pod.rates,
                models: models,
                scale: scale,
                activeSessionCount: pod.activeSessionCount,
                openTurnCount: pod.openTurnCount,
                stuckSessionCount: pod.stuckSessionCount
            )
            guard !admission.admits(pod.id) else {
                rows.append(row)
                continue
            }
            row.labels = Self.labels(PodID(namespace: pod.id.namespace, name: SeriesAdmission.otherPodName))
            if let other = folded[pod.id.namespace] { row = other.merged(with: row) }
            folded[pod.id.namespace] = row
        }
        rows += folded.sorted { $0.key < $1.key }.map(\.value)
        return rows
    }

    private func merged(with other: PodRow) -> PodRow {
        var row = self
        for rate in other.rates where other.isKnown {
            guard let index = row.rates.firstIndex(where: { $0.model == rate.model }) else {
                row.rates.append(rate)
                continue
            }
            row.rates[index].active += rate.active
            row.rates[index].stuck += rate.stuck
            row.rates[index].activeBurst += rate.activeBurst
        }
        row.models += other.models.filter { !row.models.contains($0) }
        if let scale = other.scale {
            let quantity = (row.scale?.quantity ?? Quantity(milli: 0)) + scale.quantity
            row.scale = ServedValue(quantity: quantity, windowSeconds: nil, timestamp: scale.timestamp)
        }
        row.isKnown = row.isKnown && other.isKnown
        row.activeSessionCount += other.activeSessionCount
        row.openTurnCount += other.openTurnCount
        row.stuckSessionCount += other.stuckSessionCount
        return row
    }

    /// Each model of the pod with its rates, 0 for those without tokens in the window. Sorted by model.
    var modelRates: [ModelRate] {
        let missing = self.models.filter { model in !self.rates.contains { $0.model == model } }
        guard !missing.isEmpty else { return self.rates }
        return (self.rates + missing.map { ModelRate(model: $0) }).sorted { $0.model < $1.model }
    }
}
