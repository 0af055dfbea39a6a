import TokenscaleCore

/// What the watches have said so far, from which a `PodDirectory` is made. A value without I/O.
struct PodDirectoryBuilder {
    enum Kind: String, CaseIterable {
        case pods, replicasets, deployments, statefulsets, services
    }

    private struct Pod {
        var record: PodRecord
        var owner: OwnerReference?
    }

    private var pods = ObjectTable<Pod>()
    /// The owner of each ReplicaSet; a ReplicaSet without one is its own workload.
    private var replicaSets = ObjectTable<OwnerReference?>()
    private var workloads: [Kind: ObjectTable<WorkloadRecord>] = [:]
    private var listed: Set<Kind> = []
    private var pool = LabelPool()
    private var version: UInt64 = 0
    /// Whether something changed since the last `makeDirectory`.
    private(set) var isDirty = false

    /// All kinds have been listed completely at least once.
    var isComplete: Bool { self.listed.count == Kind.allCases.count }
    var podCount: Int { self.pods.count }

    // MARK: Lists

    mutating func beginList(_ kind: Kind) {
        switch kind {
        case .pods: self.pods.beginList()
        case .replicasets: self.replicaSets.beginList()
        default: self.workloads[kind, default: ObjectTable()].beginList()
        }
    }

    /// Objects that the list did not hold are gone.
    mutating func endList(_ kind: Kind) {
        switch kind {
        case .pods: self.pods.endList()
        case .replicasets: self.replicaSets.endList()
        default: self.workloads[kind]?.endList()
        }
        self.listed.insert(kind)
        self.isDirty = true
    }

    // MARK: Objects

    mutating func put(_ object: PodObject) {
        let name = object.metadata.objectName
        self.pods.put(name, Pod(record: self.record(of: object), owner: object.metadata.controller))
        self.isDirty = true
    }

    mutating func put(replicaSet object: MetadataObject) {
        self.replicaSets.put(object.metadata.objectName, object.metadata.controller)
        self.isDirty = true
    }

    mutating func put(_ object: WorkloadObject, _ kind: Kind) {
        self.put(object.metadata, kind, selector: LabelSelector(object.spec?.selector), replicas: object.spec?.replicas)
    }

    mutating func put(_ object: ServiceObject) {
        self.put(object.metadata, .services, selector: LabelSelector(service: object.spec?.selector), replicas: nil)
    }

    mutating func delete(_ name: ObjectName, _ kind: Kind) {
        switch kind {
        case .pods: self.pods.delete(name)
        case .replicasets: self.replicaSets.delete(name)
        default: self.workloads[kind]?.delete(name)
        }
        self.isDirty = true
    }

    private mutating func put(_ metadata: ObjectMetadata, _ kind: Kind, selector: LabelSelector?, replicas: Int?) {
        let name = metadata.objectName
        let id = WorkloadID(namespace: name.namespace, kind: kind.objectKind, name: name.name)
        let record = WorkloadRecord(id: id, selector: selector, replicas: replicas)
        self.workloads[kind, default: ObjectTable()].put(name, record)
        self.isDirty = true
    }

    // MARK: Directory

    /// Complexity: O(pods + workloads).
    mutating func makeDirectory(isSynced: Bool) -> PodDirectory {
        self.version += 1
        self.isDirty = false
        let replicaSets = self.replicaSets
        let pods = self.pods.values.lazy.map { pod in
            var record = pod.record
            record.workload = Self.workload(of: pod.owner, namespace: record.id.namespace, replicaSets)
            return record
        }
        let workloads = self.workloads.values.lazy.flatMap(\.values)
        return PodDirectory(pods: pods, workloads: workloads, isSynced: isSynced, version: self.version)
    }

    /// The owner's owner for a ReplicaSet, else the owner: that is where a HorizontalPodAutoscaler scales.
    private static func workload(
        of owner: OwnerReference?,
        namespace: String,
        _ replicaSets: ObjectTable<OwnerReference?>
    ) -> WorkloadID? {
        guard let owner else { return nil }
        let name = ObjectName(namespace: namespace, name: owner.name)
        if owner.kind == "ReplicaSet", let deployment = replicaSets[name] ?? nil {
            return WorkloadID(namespace: namespace, kind: deployment.kind, name: deployment.name)
        }
        return WorkloadID(namespace: namespace, kind: owner.kind, name: owner.name)
    }

    private mutating func record(of object: PodObject) -> PodRecord {
        let metadata = object.metadata
        let namespace = self.pool.shared(metadata.namespace ?? "")
        let id = PodID(namespace: namespace, name: metadata.name ?? "")
        var record = PodRecord(id: id, uid: metadata.uid ?? "")
        record.labels = self.pool.shared(metadata.labels ?? [:])
        record.annotations = self.pool.shared((metadata.annotations ?? [:]).filter { Self.isKept(annotation: $0.key) })
        record.phase = object.status?.phase.flatMap(PodRecord.Phase.init) ?? .unknown
        record.isReady = object.status?.conditions?.contains { $0.type == "Ready" && $0.status == "True" } ?? false
        record.isTerminating = metadata.deletionTimestamp != nil
        record.usesHostNetwork = object.spec?.hostNetwork ?? false
        var addresses = (object.status?.podIPs ?? []).compactMap(\.ip)
        if addresses.isEmpty, let address = object.status?.podIP { addresses = [address] }
        record.addresses = addresses
        record.node = object.spec?.nodeName.map { self.pool.shared($0) }
        record.created = metadata.creationTimestamp.flatMap { Timestamp(iso8601: $0) } ?? .zero
        return record
    }

    /// Of the annotations only those that we act on: others hold whole manifests.
    private static func isKept(annotation key: String) -> Bool {
        key.hasPrefix("tokenscale.dev/") || key == "controller.kubernetes.io/pod-deletion-cost"
    }
}

extension PodDirectoryBuilder.Kind {
    /// As `ownerReferences` and `scaleTargetRef` write it.
    var objectKind: String {
        switch self {
        case .pods: "Pod"
        case .replicasets: "ReplicaSet"
        case .deployments: "Deployment"
        case .statefulsets: "StatefulSet"
        case .services: "Service"
        }
    }
}

/// Objects of one kind by name, with the bookkeeping of a list that comes in pages.
struct ObjectTable<Value> {
    private var byName: [ObjectName: Value] = [:]
    /// Names of the list that is coming in; `nil` between lists.
    private var seen: Set<ObjectName>?

    var count: Int { self.byName.count }
    var values: some Collection<Value> { self.byName.values }
    subscript(name: ObjectName) -> Value? { self.byName[name] }

    mutating func beginList() { self.seen = [] }

    mutating func endList() {
        guard let seen = self.seen.take() else { return }
        for name in self.byName.keys where !seen.contains(name) { self.byName[name] = nil }
    }

    mutating func put(_ name: ObjectName, _ value: Value) {
        self.byName[name] = value
        self.seen?.insert(name)
    }

    mutating func delete(_ name: ObjectName) { self.byName[name] = nil }
}

/// Lets pods of one workload share their labels, and all pods of a node its name: at 10,000 pods most of the memory.
struct LabelPool {
    /// Beyond this many different values sharing pays no longer.
    static let limit = 20_000
    private var texts: Set<String> = []
    private var labels: Set<[String: String]> = []

    mutating func shared(_ text: String) -> String {
        if self.texts.count >= Self.limit { self.texts = [] }
        return self.texts.insert(text).memberAfterInsert
    }

    mutating func shared(_ labels: [String: String]) -> [String: String] {
        guard !labels.isEmpty else { return [:] }
        if let known = self.labels.firstIndex(of: labels) { return self.labels[known] }
        if self.labels.count >= Self.limit { self.labels = [] }
        var pooled: [String: String] = [:]
        for (key, value) in labels { pooled[self.shared(key)] = self.shared(value) }
        self.labels.insert(pooled)
        return pooled
    }
}
