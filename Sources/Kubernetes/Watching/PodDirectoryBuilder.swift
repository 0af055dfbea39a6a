import TokenscaleCore

/// What the watches have said so far, from which a `PodDirectory` is made. A value without I/O.
struct PodDirectoryBuilder {
    enum Kind: String, CaseIterable {
        case pods, replicasets, deployments, statefulsets, services, jobs, ingresses, horizontalpodautoscalers

        /// Attribution and the values of pods need it. Without the others only metrics of their own objects are
        /// missing.
        var isRequired: Bool {
            switch self {
            case .pods, .replicasets, .deployments, .statefulsets, .services: true
            case .jobs, .ingresses, .horizontalpodautoscalers: false
            }
        }
    }

    private struct Pod: Equatable {
        var record: PodRecord
        var owners: [OwnerReference]
    }

    private var pods = ObjectTable<Pod>()
    /// The owners of ReplicaSets, Deployments, StatefulSets and Jobs.
    private var owners: [Kind: ObjectTable<[OwnerReference]>] = [:]
    private var workloads: [Kind: ObjectTable<WorkloadRecord>] = [:]
    /// The Services behind each Ingress.
    private var ingresses = ObjectTable<[ObjectReference]>()
    private var autoscalers = ObjectTable<AutoscalerRecord>()
    private var listed: Set<Kind> = []
    /// Kinds that are not required and cannot be listed.
    private var unlisted: Set<Kind> = []
    private var pool = LabelPool()
    private var version: UInt64 = 0
    /// Whether something changed since the last `makeDirectory`.
    private(set) var isDirty = false

    /// All kinds have been listed completely at least once, but for those that are not to be had.
    var isComplete: Bool { self.listed.union(self.unlisted).count == Kind.allCases.count }
    var podCount: Int { self.pods.count }

    // MARK: Lists

    mutating func beginList(_ kind: Kind) {
        switch kind {
        case .pods: self.pods.beginList()
        case .ingresses: self.ingresses.beginList()
        case .horizontalpodautoscalers: self.autoscalers.beginList()
        default:
            self.owners[kind]?.beginList()
            self.workloads[kind]?.beginList()
        }
    }

    /// Objects that the list did not hold are gone.
    mutating func endList(_ kind: Kind) {
        switch kind {
        case .pods: self.pods.endList()
        case .ingresses: self.ingresses.endList()
        case .horizontalpodautoscalers: self.autoscalers.endList()
        default:
            self.owners[kind]?.endList()
            self.workloads[kind]?.endList()
        }
        self.listed.insert(kind)
        self.unlisted.remove(kind)
        self.isDirty = true
    }

    /// The list or watch failed. What is known stays; a kind that is not required is done without.
    mutating func fail(_ kind: Kind) {
        guard !kind.isRequired, !self.listed.contains(kind), self.unlisted.insert(kind).inserted else { return }
        self.isDirty = true
    }

    // MARK: Objects

    mutating func put(_ object: PodObject) {
        let pod = Pod(record: self.record(of: object), owners: object.metadata.ownerReferences ?? [])
        if self.pods.put(object.metadata.objectName, pod) { self.isDirty = true }
    }

    /// A ReplicaSet or a Job, of which only the owners matter.
    mutating func put(_ object: MetadataObject, _ kind: Kind) { self.putOwners(of: object.metadata, kind) }

    mutating func put(_ object: WorkloadObject, _ kind: Kind) {
        self.putOwners(of: object.metadata, kind)
        self.put(object.metadata, kind, selector: LabelSelector(object.spec?.selector), replicas: object.spec?.replicas)
    }

    mutating func put(_ object: ServiceObject) {
        self.put(object.metadata, .services, selector: LabelSelector(service: object.spec?.selector), replicas: nil)
    }

    mutating func put(_ object: IngressObject) {
        let namespace = object.metadata.namespace ?? ""
        let services = object.services.map { ObjectReference(kind: .service, namespace: namespace, name: $0) }
        if self.ingresses.put(object.metadata.objectName, services) { self.isDirty = true }
    }

    mutating func put(_ object: AutoscalerObject) {
        if self.autoscalers.put(object.metadata.objectName, object.record) { self.isDirty = true }
    }

    mutating func delete(_ name: ObjectName, _ kind: Kind) {
        switch kind {
        case .pods: self.pods.delete(name)
        case .ingresses: self.ingresses.delete(name)
        case .horizontalpodautoscalers: self.autoscalers.delete(name)
        default:
            self.owners[kind]?.delete(name)
            self.workloads[kind]?.delete(name)
        }
        self.isDirty = true
    }

    private mutating func put(_ metadata: ObjectMetadata, _ kind: Kind, selector: LabelSelector?, replicas: Int?) {
        let name = metadata.objectName
        let id = WorkloadID(namespace: name.namespace, kind: kind.objectKind.name, name: name.name)
        let record = WorkloadRecord(id: id, selector: selector, replicas: replicas)
        if self.workloads[kind, default: ObjectTable()].put(name, record) { self.isDirty = true }
    }

    private mutating func putOwners(of metadata: ObjectMetadata, _ kind: Kind) {
        let owners = metadata.ownerReferences ?? []
        if self.owners[kind, default: ObjectTable()].put(metadata.objectName, owners) { self.isDirty = true }
    }

    // MARK: Directory

    /// Complexity: O(pods + workloads).
    mutating func makeDirectory(isSynced: Bool) -> PodDirectory {
        self.version += 1
        self.isDirty = false
        var ancestry = Ancestry(tables: self.owners)
        var records: [PodRecord] = []
        records.reserveCapacity(self.pods.count)
        for pod in self.pods.values {
            var record = pod.record
            record.owners = ancestry.ancestors(of: pod.owners, namespace: record.id.namespace)
            record.workload = ancestry.workload(of: pod.owners, namespace: record.id.namespace)
            records.append(record)
        }
        return PodDirectory(
            pods: records,
            workloads: self.workloads.values.lazy.flatMap(\.values),
            relations: self.relations(&ancestry),
            isSynced: isSynced,
            version: self.version
        )
    }

    private func relations(_ ancestry: inout Ancestry) -> ObjectRelations {
        var relations = ObjectRelations()
        relations.unlisted = Set(self.unlisted.map(\.objectKind))
        for (name, services) in self.ingresses.entries {
            relations.ingresses[Kind.ingresses.reference(name)] = services
        }
        for (name, record) in self.autoscalers.entries {
            relations.autoscalers[Kind.horizontalpodautoscalers.reference(name)] = record
        }
        for (kind, table) in self.owners {
            for (name, owners) in table.entries {
                relations.owners.insert(kind.reference(name))
                relations.owners.formUnion(ancestry.ancestors(of: owners, namespace: name.namespace))
            }
        }
        for owners in ancestry.all { relations.owners.formUnion(owners) }
        return relations
    }

    private mutating func record(of object: PodObject) -> PodRecord {
        let metadata = object.metadata
        let namespace = self.pool.shared(metadata.namespace ?? "")
        let id = PodID(namespace: namespace, name: metadata.name ?? "")
        var record = PodRecord(id: id, uid: metadata.uid ?? "")
        record.labels = self.pool.shared(metadata.labels ?? [:])
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
}

extension PodDirectoryBuilder.Kind {
    /// As `ownerReferences` and `scaleTargetRef` write it.
    var objectKind: ObjectKind {
        switch self {
        case .pods: .pod
        case .replicasets: .replicaSet
        case .deployments: .deployment
        case .statefulsets: .statefulSet
        case .services: .service
        case .jobs: .job
        case .ingresses: .ingress
        case .horizontalpodautoscalers: .horizontalPodAutoscaler
        }
    }

    func reference(_ name: ObjectName) -> ObjectReference {
        ObjectReference(kind: self.objectKind, namespace: name.namespace, name: name.name)
    }
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
