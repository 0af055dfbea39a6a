/// A kind of object that a metric can be asked of: one that leads to pods.
///
/// The kinds below lead to pods in a way of their own or are read from the API server. Any other kind is learned from
/// the `ownerReferences` of what it owns (``PodDirectory/kind(resource:)``).
package struct ObjectKind: Hashable, Sendable {
    /// `Deployment`
    package let name: String
    /// Empty for the core API.
    package let group: String
    /// For `describedObject.apiVersion`; it does not tell kinds apart.
    package let version: String

    package init(_ name: String, group: String = "", version: String = "v1") {
        self.name = name
        self.group = group
        self.version = version
    }

    package static let pod = ObjectKind("Pod")
    package static let service = ObjectKind("Service")
    package static let namespace = ObjectKind("Namespace")
    package static let node = ObjectKind("Node")
    package static let deployment = ObjectKind("Deployment", group: "apps")
    package static let statefulSet = ObjectKind("StatefulSet", group: "apps")
    package static let replicaSet = ObjectKind("ReplicaSet", group: "apps")
    package static let daemonSet = ObjectKind("DaemonSet", group: "apps")
    package static let job = ObjectKind("Job", group: "batch")
    package static let cronJob = ObjectKind("CronJob", group: "batch")
    package static let ingress = ObjectKind("Ingress", group: "networking.k8s.io")
    package static let horizontalPodAutoscaler = ObjectKind(
        "HorizontalPodAutoscaler",
        group: "autoscaling",
        version: "v2"
    )

    /// The kinds that are known without having seen an object of them.
    package static let wellKnown: [ObjectKind] = [
        .pod, .service, .namespace, .node, .deployment, .statefulSet, .replicaSet, .daemonSet, .job, .cronJob, .ingress,
        .horizontalPodAutoscaler,
    ]

    package static func == (left: ObjectKind, right: ObjectKind) -> Bool {
        left.name == right.name && left.group == right.group
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(self.name)
        hasher.combine(self.group)
    }

    /// Recognises a well-known kind by its name (`Deployment`).
    package init?(name: String) {
        guard let kind = Self.wellKnown.first(where: { $0.name == name }) else { return nil }
        self = kind
    }

    /// Recognises a well-known kind by `resource` or `resource.group`, as the aggregator sends it.
    package init?(resource: String) {
        guard let kind = Self.wellKnown.first(where: { $0.isNamed(resource) }) else { return nil }
        self = kind
    }

    /// Whether `resource` or `resource.group`, in the plural or singular, is this kind. A resource's plural is nowhere
    /// in an owner reference; within one group the regular forms are unambiguous.
    package func isNamed(_ resource: String) -> Bool {
        let parts = resource.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard (parts.count > 1 ? parts[1] : "") == self.group else { return false }
        let singular = self.name.lowercased()
        let candidates = [singular, singular + "s", singular + "es", String(singular.dropLast()) + "ies"]
        return candidates.contains(String(parts[0]))
    }

    package var plural: String {
        let singular = self.name.lowercased()
        return singular.hasSuffix("s") ? singular + "es" : singular + "s"
    }

    /// `pods`, `deployments.apps`.
    package var resource: String { self.group.isEmpty ? self.plural : "\(self.plural).\(self.group)" }

    /// `describedObject.apiVersion`. The reference adapter prints the empty group of the core API as `/v1`.
    package var apiVersion: String { "\(self.group)/\(self.version)" }

    package var isNamespaced: Bool { self != .namespace && self != .node }

    /// Leads to other objects, and only through them to pods.
    package var isLink: Bool { self == .ingress || self == .horizontalPodAutoscaler }

    /// Whether pods belong to it by ownership.
    package var isOwner: Bool {
        self.isNamespaced && !self.isLink && self != .pod && self != .service
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
