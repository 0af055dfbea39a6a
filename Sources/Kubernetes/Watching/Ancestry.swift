import TokenscaleCore

/// Follows owner references upward, as far as the watches know them. Pods of one owner share the answer.
struct Ancestry {
    private struct Key: Hashable {
        var namespace: String
        var owners: [OwnerReference]
    }

    /// An owner chain is a few objects long; a circle, which nothing forbids, ends here.
    static let lengthLimit = 16

    private let tables: [ObjectKind: ObjectTable<[OwnerReference]>]
    private var known: [Key: [ObjectReference]] = [:]

    init(tables: [PodDirectoryBuilder.Kind: ObjectTable<[OwnerReference]>]) {
        self.tables = Dictionary(uniqueKeysWithValues: tables.map { ($0.key.objectKind, $0.value) })
    }

    /// Every answer that was given.
    var all: some Sequence<[ObjectReference]> { self.known.values }

    /// All owners, theirs, and so on; nearest first, each once.
    mutating func ancestors(of owners: [OwnerReference], namespace: String) -> [ObjectReference] {
        guard !owners.isEmpty else { return [] }
        let key = Key(namespace: namespace, owners: owners)
        if let known = self.known[key] { return known }
        var result: [ObjectReference] = []
        var level = owners.map { $0.reference(namespace: namespace) }
        while !level.isEmpty, result.count < Self.lengthLimit {
            let new = level.filter { !result.contains($0) }
            result += new
            level = new.flatMap { self.owners(of: $0) }.map { $0.reference(namespace: namespace) }
        }
        self.known[key] = result
        return result
    }

    /// The controller, but for a ReplicaSet or a Job its own: that is where a HorizontalPodAutoscaler scales, and what
    /// lasts longer than a roll-out or a run.
    func workload(of owners: [OwnerReference], namespace: String) -> WorkloadID? {
        guard let controller = Self.controller(of: owners) else { return nil }
        let object = controller.reference(namespace: namespace)
        let isPassing = object.kind == .replicaSet || object.kind == .job
        let scaled = isPassing ? Self.controller(of: self.owners(of: object)) ?? controller : controller
        return WorkloadID(namespace: namespace, kind: scaled.kind, name: scaled.name)
    }

    private static func controller(of owners: [OwnerReference]) -> OwnerReference? {
        owners.first { $0.controller == true }
    }

    private func owners(of object: ObjectReference) -> [OwnerReference] {
        self.tables[object.kind]?[ObjectName(namespace: object.namespace, name: object.name)] ?? []
    }
}
