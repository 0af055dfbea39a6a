import Synchronization

/// The object that owns a pod for scaling: the Deployment behind its ReplicaSet, a StatefulSet, a Job…
package struct WorkloadID: Hashable, Comparable, Sendable {
    package var namespace: String
    /// `Deployment`, `StatefulSet`, `ReplicaSet`, `DaemonSet`, `Job`, `CronJob`, or the owner's own kind.
    package var kind: String
    package var name: String

    package init(namespace: String, kind: String, name: String) {
        self.namespace = namespace
        self.kind = kind
        self.name = name
    }

    package static func < (left: WorkloadID, right: WorkloadID) -> Bool {
        (left.namespace, left.kind, left.name) < (right.namespace, right.kind, right.name)
    }
}

/// What the API server says of a pod, reduced to what decisions need.
package struct PodRecord: Equatable, Sendable {
    package enum Phase: String, Sendable {
        case pending = "Pending"
        case running = "Running"
        case succeeded = "Succeeded"
        case failed = "Failed"
        case unknown = "Unknown"
    }

    package var id: PodID
    package var uid: String
    package var labels: [String: String] = [:]
    package var phase: Phase = .running
    package var isReady = true
    /// `deletionTimestamp` is set.
    package var isTerminating = false
    /// Runs on its node's network: its address is not its own.
    package var usesHostNetwork = false
    package var addresses: [String] = []
    package var node: String?
    package var workload: WorkloadID?
    /// Every object that owns it, directly or through others, nearest first: `ReplicaSet`, `Deployment`, and what owns
    /// that one. Pods of one workload share the array.
    package var owners: [ObjectReference] = []
    package var created: Timestamp = .zero

    package init(id: PodID, uid: String) {
        self.id = id
        self.uid = uid
    }

    /// Counts for the metrics APIs: running and not on its way out.
    package var isLive: Bool { self.phase == .running && !self.isTerminating }
}

/// All pods the API server knows, as one immutable value.
package struct PodDirectory: Sendable {
    /// Whether a complete list has been received and the watch is not broken for longer than its budget.
    package private(set) var isSynced: Bool
    /// Grows with each published directory.
    package let version: UInt64
    private let pods: [PodID: PodRecord]
    private let byAddress: [String: PodID]
    private let byUID: [String: PodID]
    /// Deployments, StatefulSets and Services that exist, with the selector that finds their pods.
    package let workloads: [WorkloadID: WorkloadRecord]
    package let relations: ObjectRelations
    /// Kinds that own something here, and are not well known.
    private let ownerKinds: Set<ObjectKind>

    package init() {
        self.isSynced = false
        self.version = 0
        self.pods = [:]
        self.byAddress = [:]
        self.byUID = [:]
        self.workloads = [:]
        self.relations = ObjectRelations()
        self.ownerKinds = []
    }

    package init(
        pods: some Sequence<PodRecord>,
        workloads: some Sequence<WorkloadRecord>,
        relations: ObjectRelations = ObjectRelations(),
        isSynced: Bool,
        version: UInt64
    ) {
        var byID: [PodID: PodRecord] = [:]
        var byAddress: [String: PodID] = [:]
        var byUID: [String: PodID] = [:]
        for pod in pods {
            byID[pod.id] = pod
            byUID[pod.uid] = pod.id
            guard pod.isLive, !pod.usesHostNetwork else { continue }
            for address in pod.addresses { byAddress[address] = pod.id }
        }
        self.pods = byID
        self.byAddress = byAddress
        self.byUID = byUID
        self.workloads = Dictionary(workloads.map { ($0.id, $0) }) { first, _ in first }
        self.relations = relations
        self.ownerKinds = Set(relations.owners.lazy.map(\.kind).filter { ObjectKind(name: $0.name) != $0 })
        self.isSynced = isSynced
        self.version = version
    }

    package var count: Int { self.pods.count }
    package var records: some Collection<PodRecord> & Sendable { self.pods.values }

    package subscript(id: PodID) -> PodRecord? { self.pods[id] }
    package func pod(address: String) -> PodRecord? { self.byAddress[address].flatMap { self.pods[$0] } }
    package func pod(uid: String) -> PodRecord? { self.byUID[uid].flatMap { self.pods[$0] } }

    /// The kind that `resource` or `resource.group` names: a well-known one, or one that owns something here.
    package func kind(resource: String) -> ObjectKind? {
        ObjectKind(resource: resource) ?? self.ownerKinds.first { $0.isNamed(resource) }
    }

    /// The kind of this name (`Rollout`). Where groups share a name, a well-known one.
    package func kind(name: String) -> ObjectKind? {
        ObjectKind(name: name) ?? self.ownerKinds.filter { $0.name == name }.min { $0.group < $1.group }
    }
}

/// How objects other than pods hang together.
package struct ObjectRelations: Sendable {
    /// Objects that own a pod, or something that could: they exist, also while they have no pods.
    package var owners: Set<ObjectReference> = []
    /// The Services behind an Ingress.
    package var ingresses: [ObjectReference: [ObjectReference]] = [:]
    package var autoscalers: [ObjectReference: AutoscalerRecord] = [:]
    /// Kinds that could not be listed: nothing is known of their objects.
    package var unlisted: Set<ObjectKind> = []

    package init() {}

    /// The objects that `object` leads to without owning them; `nil` when it is not known.
    package func links(of object: ObjectReference) -> [ObjectReference]? {
        self.ingresses[object] ?? self.autoscalers[object].map { [$0.target] }
    }

    /// Every Ingress and HorizontalPodAutoscaler.
    package var linking: [ObjectReference] { Array(self.ingresses.keys) + Array(self.autoscalers.keys) }
}

/// A scalable object, or a Service: something an Object metric can be asked of.
package struct WorkloadRecord: Equatable, Sendable {
    package var id: WorkloadID
    /// `spec.selector`: `nil` when the object selects nothing.
    package var selector: LabelSelector?
    /// `spec.replicas`, when the object has it.
    package var replicas: Int?

    package init(id: WorkloadID, selector: LabelSelector?, replicas: Int?) {
        self.id = id
        self.selector = selector
        self.replicas = replicas
    }
}
