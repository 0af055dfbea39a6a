/// A pod by namespace and name, as the metrics APIs name it.
package struct PodID: Hashable, Comparable, Sendable {
    package var namespace: String
    package var name: String

    package init(namespace: String, name: String) {
        self.namespace = namespace
        self.name = name
    }

    /// Where tokens go that no pod could be named for.
    package static let unattributed = PodID(namespace: "", name: "")

    package static func < (left: PodID, right: PodID) -> Bool {
        (left.namespace, left.name) < (right.namespace, right.name)
    }
}

/// What says that an item belongs to its pod, strongest first.
package enum AttributionSource: UInt8, CaseIterable, Sendable {
    /// `k8s.pod.*` of the resource.
    case resource
    /// `k8s.pod.*` of the data point or log record.
    case item
    /// The TCP peer address, through the pod directory.
    case peerAddress
    case none

    package var name: String {
        switch self {
        case .resource: "resource"
        case .item: "item"
        case .peerAddress: "peer_address"
        case .none: "none"
        }
    }
}
