/// The replica count that the HorizontalPodAutoscaler computes, before behavior, stabilization and its limits.
/// <https://github.com/kubernetes/kubernetes/blob/v1.36.2/pkg/controller/podautoscaler/replica_calculator.go>
package struct HorizontalScaling: Equatable, Sendable {
    /// `spec.replicas` of the scale target.
    package var currentReplicas: Int
    /// `--horizontal-pod-autoscaler-tolerance`
    package var tolerance: Double

    package init(currentReplicas: Int, tolerance: Double = 0.1) {
        self.currentReplicas = currentReplicas
        self.tolerance = tolerance
    }

    /// A Pods metric (always AverageValue).
    ///
    /// - Parameter missingCount: Live pods of the target without a value: at the target when scaling down, at 0 when
    ///   scaling up, and never across.
    /// - Returns: `nil` when no pod has a value: the HPA holds.
    package func replicas(podValues: [Quantity], missingCount: Int, target: Quantity) -> Int? {
        guard !podValues.isEmpty, target.milli > 0 else { return nil }
        let sum = podValues.reduce(Int64(0)) { $0.addingClamped($1.milli) }
        let ratio = self.ratio(sum: sum, count: podValues.count, target: target)
        if missingCount == 0 {
            return self.isWithinTolerance(ratio) ? self.currentReplicas : Self.ceiling(ratio, podValues.count)
        }
        let filled = ratio < 1 ? sum.addingClamped(target.milli.multipliedClamped(by: Int64(missingCount))) : sum
        let count = podValues.count + missingCount
        let newRatio = self.ratio(sum: filled, count: count, target: target)
        let crosses = ratio < 1 && newRatio > 1 || ratio > 1 && newRatio < 1
        guard !self.isWithinTolerance(newRatio), !crosses else { return self.currentReplicas }
        let replicas = Self.ceiling(newRatio, count)
        let reverses =
            newRatio < 1 && replicas > self.currentReplicas || newRatio > 1 && replicas < self.currentReplicas
        return reverses ? self.currentReplicas : replicas
    }

    /// An Object or External metric with AverageValue: `ceil(total / target)`.
    package func replicas(total: Quantity, averageTarget target: Quantity) -> Int? {
        guard target.milli > 0 else { return nil }
        let perPod = Double(target.milli) * Double(self.currentReplicas)
        if self.currentReplicas > 0, self.isWithinTolerance(Double(total.milli) / perPod) {
            return self.currentReplicas
        }
        return Self.clamped((Double(total.milli) / Double(target.milli)).rounded(.up))
    }

    /// An Object or External metric with Value: `ceil(ratio × ready pods)`.
    package func replicas(total: Quantity, valueTarget target: Quantity, readyCount: Int) -> Int? {
        guard target.milli > 0 else { return nil }
        let ratio = Double(total.milli) / Double(target.milli)
        if self.currentReplicas == 0 { return Self.clamped(ratio.rounded(.up)) }
        return self.isWithinTolerance(ratio) ? self.currentReplicas : Self.ceiling(ratio, readyCount)
    }

    private func ratio(sum: Int64, count: Int, target: Quantity) -> Double {
        Double(sum / Int64(count)) / Double(target.milli)
    }

    private func isWithinTolerance(_ ratio: Double) -> Bool { abs(1 - ratio) <= self.tolerance }

    private static func ceiling(_ ratio: Double, _ count: Int) -> Int {
        self.clamped((ratio * Double(count)).rounded(.up))
    }

    private static func clamped(_ value: Double) -> Int { Int(min(value, Double(Int32.max))) }
}
