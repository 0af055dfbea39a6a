/// What a HorizontalPodAutoscaler asks for, and of what.
package struct AutoscalerRecord: Equatable, Sendable {
    package enum Source: Equatable, Sendable {
        case pods
        case object(ObjectReference)
        case external
        /// CPU, memory: measured by somebody else.
        case resource
    }

    package enum Goal: Equatable, Sendable {
        /// For each pod.
        case averageValue(Quantity)
        case value(Quantity)
        /// A utilization, or a quantity that this version cannot read.
        case other
    }

    package struct Metric: Equatable, Sendable {
        package var source: Source
        package var name: String
        package var selector: LabelSelector
        package var goal: Goal

        package init(source: Source, name: String, selector: LabelSelector = .everything, goal: Goal) {
            self.source = source
            self.name = name
            self.selector = selector
            self.goal = goal
        }
    }

    /// The object whose replicas it sets.
    package var target: ObjectReference
    package var minReplicas: Int
    package var maxReplicas: Int
    package var metrics: [Metric]

    package init(target: ObjectReference, minReplicas: Int = 1, maxReplicas: Int, metrics: [Metric]) {
        self.target = target
        self.minReplicas = minReplicas
        self.maxReplicas = maxReplicas
        self.metrics = metrics
    }
}
