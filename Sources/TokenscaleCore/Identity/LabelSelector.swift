/// A Kubernetes label selector, in the grammar of `labels.Parse`.
/// <https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors>
package struct LabelSelector: Hashable, Sendable {
    package enum Operation: Hashable, Sendable {
        case exists
        case doesNotExist
        /// `=`, `==`, `in`
        case isIn(Set<String>)
        /// `!=`, `notin`: also true when the label is absent.
        case isNotIn(Set<String>)
        case isGreaterThan(Int64)
        case isLessThan(Int64)
    }

    package struct Requirement: Hashable, Sendable {
        package var key: String
        package var operation: Operation

        package init(key: String, operation: Operation) {
            self.key = key
            self.operation = operation
        }

        package func matches(_ labels: [String: String]) -> Bool {
            let value = labels[self.key]
            switch self.operation {
            case .exists: return value != nil
            case .doesNotExist: return value == nil
            case .isIn(let values): return value.map(values.contains) ?? false
            case .isNotIn(let values): return value.map { !values.contains($0) } ?? true
            case .isGreaterThan(let bound): return value.flatMap { Int64($0) }.map { $0 > bound } ?? false
            case .isLessThan(let bound): return value.flatMap { Int64($0) }.map { $0 < bound } ?? false
            }
        }
    }

    /// All must hold. Empty: everything matches.
    package var requirements: [Requirement]

    package init(requirements: [Requirement] = []) { self.requirements = requirements }

    package static let everything = LabelSelector()

    package func matches(_ labels: [String: String]) -> Bool {
        self.requirements.allSatisfy { $0.matches(labels) }
    }
}
