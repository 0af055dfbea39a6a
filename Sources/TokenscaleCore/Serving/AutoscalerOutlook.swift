/// What a HorizontalPodAutoscaler is told for each of its metrics, and what it makes of that: before `behavior` and
/// stabilization, within its limits.
/// <https://github.com/kubernetes/kubernetes/blob/v1.36.2/pkg/controller/podautoscaler/horizontal.go>
package struct AutoscalerOutlook: Sendable {
    package struct Metric: Sendable {
        package var metric: AutoscalerRecord.Metric
        /// For a Pods metric the mean of the pods that are known, else the value of the object or the sum.
        package var value: Quantity?
        /// Why there is no value or no proposal, as the HPA reads it.
        package var fault: String?
        package var proposedReplicas: Int?
    }

    package var name: String
    package var record: AutoscalerRecord
    package var currentReplicas: Int
    package var metrics: [Metric]
    /// The highest proposal within the limits; what there is now when a metric is not known and the others ask for
    /// less.
    package var proposedReplicas: Int
}

extension MetricsView {
    /// The autoscalers that are `object`, or that scale it, by name.
    package func autoscalers(of object: ObjectReference) -> [(name: String, record: AutoscalerRecord)] {
        self.directory.relations.autoscalers
            .filter { $0.key == object || $0.value.target == object && $0.key.namespace == object.namespace }
            .map { ($0.key.name, $0.value) }
            .sorted { $0.name < $1.name }
    }

    package func outlook(_ name: String, _ record: AutoscalerRecord) -> AutoscalerOutlook {
        let members = (try? self.members(of: record.target)) ?? []
        let id = WorkloadID(
            namespace: record.target.namespace,
            kind: record.target.kind.name,
            name: record.target.name
        )
        let current = self.directory.workloads[id]?.replicas ?? members.count
        let metrics = record.metrics.map { metric in
            var result = AutoscalerOutlook.Metric(metric: metric)
            do throws(ServingError) {
                try self.evaluate(&result, record, members: members, currentReplicas: current)
            } catch {
                result.fault = error.message
            }
            return result
        }
        let highest = metrics.compactMap(\.proposedReplicas).max()
        let isPartial = metrics.contains { $0.proposedReplicas == nil }
        var proposed = highest ?? current
        if isPartial, proposed < current { proposed = current }
        return AutoscalerOutlook(
            name: name,
            record: record,
            currentReplicas: current,
            metrics: metrics,
            proposedReplicas: highest == nil
                ? current : min(max(proposed, record.minReplicas), record.maxReplicas)
        )
    }

    private func evaluate(
        _ result: inout AutoscalerOutlook.Metric,
        _ record: AutoscalerRecord,
        members: [Member],
        currentReplicas: Int
    ) throws(ServingError) {
        let asked = result.metric
        guard asked.source != .resource, let metric = ServedMetric(name: asked.name) else {
            throw .notFound("not a metric of tokenscale")
        }
        let isExternal = asked.source == .external
        let selection = try MetricSelection(metric, selector: asked.selector, isExternal: isExternal)
        let namespace = record.target.namespace
        let scaling = HorizontalScaling(currentReplicas: currentReplicas)
        switch asked.source {
        case .pods:
            try self.checkFreshness()
            let (answers, leftOut) = self.values(metric, of: members, selection: selection)
            let values = answers.map(\.value.quantity)
            guard !values.isEmpty, case .averageValue(let target) = asked.goal else {
                throw .notKnown("no pod is known" + (leftOut.isEmpty ? "" : ": \(self.names(leftOut))"))
            }
            result.value = Quantity(milli: values.reduce(0) { $0.addingClamped($1.milli) } / Int64(values.count))
            let missing = leftOut.count
            result.proposedReplicas = scaling.replicas(podValues: values, missingCount: missing, target: target)
            if missing > 0 {
                result.fault = "\(missing) of \(members.count) pods are not known: \(self.names(leftOut))"
            }
            return
        case .object(let object): result.value = try self.objectValue(metric, of: object, selection: selection).quantity
        default:
            let items = try self.externalValues(metric, namespace: namespace, selection: selection)
            result.value = items.reduce(Quantity(milli: 0)) { $0 + $1.value.quantity }
        }
        guard let total = result.value else { return }
        switch asked.goal {
        case .averageValue(let target):
            result.proposedReplicas = scaling.replicas(total: total, averageTarget: target)
        case .value(let target):
            let ready = members.count { $0.record?.isReady ?? true }
            result.proposedReplicas = scaling.replicas(total: total, valueTarget: target, readyCount: ready)
        case .other: throw .notKnown("its target is not a quantity that tokenscale reads")
        }
    }
}
