/// The items of one OTLP resource block (`ResourceMetrics` or `ResourceLogs`): the unit of attribution and locking.
///
/// A decoder keeps one batch, fills it per block and clears it, so that its arrays keep their memory.
package struct ResourceBatch: Sendable {
    /// The resource's own pod attributes.
    package var pod = PodAttributes()
    /// Identity of the resource: all its attributes.
    package var resource: Hash128 = .absent
    /// `service.instance.id`, to tell processes apart.
    package var instance: Hash128 = .absent
    /// `k8s.pod.label.*` attributes of the resource: key (without the prefix) and value.
    package var labels: [LabelRange] = []
    package var points: [MetricPoint] = []
    package var events: [AgentEvent] = []
    /// Items that were well-formed but say nothing to us (spans, unknown metric types); acknowledged and counted.
    package var ignoredCount = 0

    package init() {}

    package var isEmpty: Bool { self.points.isEmpty && self.events.isEmpty }

    /// Forgets the items and keeps the memory.
    package mutating func removeAll() {
        self.pod = PodAttributes()
        self.resource = .absent
        self.instance = .absent
        self.labels.removeAll(keepingCapacity: true)
        self.points.removeAll(keepingCapacity: true)
        self.events.removeAll(keepingCapacity: true)
        self.ignoredCount = 0
    }
}

/// A label by its ranges in the batch's text.
package struct LabelRange: Sendable {
    package var key: TextRange
    package var value: TextRange

    package init(key: TextRange, value: TextRange) {
        self.key = key
        self.value = value
    }
}

/// What became of the items of a request. Sums over its resource blocks.
package struct RecordOutcome: Equatable, Sendable {
    /// Items that changed or confirmed state.
    package var acceptedCount = 0
    /// Items that had been recorded before (a resent body, a repeated cumulative value).
    package var duplicateCount = 0
    /// Well-formed items that say nothing to us.
    package var ignoredCount = 0
    /// Items refused because a limit for *new* pods, sessions or series was reached.
    package var limitedCount = 0
    /// Points whose temporality leaves open what they count: ``MetricPoint/isAmbiguous``.
    package var ambiguousCount = 0
    /// Points with a value that no counter and no queue has: negative, or beyond ``MetricPoint/valueMax``.
    package var invalidCount = 0
    /// Items that name a pod which contradicts the pod directory.
    package var refusedCount = 0
    /// Items recorded, but without a pod: counted and named, never guessed.
    package var unattributedCount = 0

    package init() {}

    package static func += (left: inout RecordOutcome, right: RecordOutcome) {
        left.acceptedCount += right.acceptedCount
        left.duplicateCount += right.duplicateCount
        left.ignoredCount += right.ignoredCount
        left.limitedCount += right.limitedCount
        left.ambiguousCount += right.ambiguousCount
        left.invalidCount += right.invalidCount
        left.refusedCount += right.refusedCount
        left.unattributedCount += right.unattributedCount
    }

    /// Items that the sender must be told were not taken (`partial_success`).
    package var rejectedCount: Int {
        self.limitedCount + self.ambiguousCount + self.invalidCount + self.refusedCount
    }
}
