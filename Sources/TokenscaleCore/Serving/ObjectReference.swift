/// A kind of object that a metric can be asked of, as far as it leads to pods.
package enum ObjectKind: String, CaseIterable, Sendable {
    case pod = "Pod"
    case service = "Service"
    case namespace = "Namespace"
    case node = "Node"
    case deployment = "Deployment"
    case statefulSet = "StatefulSet"
    case replicaSet = "ReplicaSet"
    case daemonSet = "DaemonSet"
    case job = "Job"
    case cronJob = "CronJob"

    /// Recognises `resource` or `resource.group`, in the plural or singular, as the aggregator sends it.
    package init?(resource: String) {
        let parts = resource.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        let group = parts.count > 1 ? String(parts[1]) : ""
        let kind = Self.allCases.first { kind in
            kind.plural == parts[0] || kind.rawValue.lowercased() == parts[0]
        }
        guard let kind, kind.group == group else { return nil }
        self = kind
    }

    package var group: String {
        switch self {
        case .pod, .service, .namespace, .node: ""
        case .deployment, .statefulSet, .replicaSet, .daemonSet: "apps"
        case .job, .cronJob: "batch"
        }
    }

    package var plural: String { self.rawValue.lowercased() + "s" }

    /// `pods`, `deployments.apps`.
    package var resource: String { self.group.isEmpty ? self.plural : "\(self.plural).\(self.group)" }

    /// `describedObject.apiVersion`. The reference adapter prints the empty group of the core API as `/v1`.
    package var apiVersion: String { "\(self.group)/v1" }

    package var isNamespaced: Bool { self != .namespace && self != .node }

    /// Whether pods belong to it by ownership.
    package var isWorkload: Bool {
        switch self {
        case .deployment, .statefulSet, .replicaSet, .daemonSet, .job, .cronJob: true
        case .pod, .service, .namespace, .node: false
        }
    }
}

package struct ObjectReference: Hashable, Sendable {
    package var kind: ObjectKind
    /// Empty for a cluster-wide question.
    package var namespace: String
    package var name: String

    package init(kind: ObjectKind, namespace: String, name: String) {
        self.kind = kind
        self.namespace = namespace
        self.name = name
    }

    /// `deployments.apps agents`: as error messages name it.
    package var text: String { "\(self.kind.resource) \(self.name)" }
}
