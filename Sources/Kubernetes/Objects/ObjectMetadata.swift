import FoundationEssentials
import TokenscaleCore

// The objects of the API server, reduced to the fields that decisions need: everything else is skipped while decoding.

struct ObjectMetadata: Decodable, Sendable {
    var name: String?
    var namespace: String?
    var uid: String?
    var resourceVersion: String?
    var labels: [String: String]?
    var annotations: [String: String]?
    var ownerReferences: [OwnerReference]?
    var creationTimestamp: String?
    var deletionTimestamp: String?

    var objectName: ObjectName { ObjectName(namespace: self.namespace ?? "", name: self.name ?? "") }
    var controller: OwnerReference? { self.ownerReferences?.first { $0.controller == true } }
}

struct OwnerReference: Decodable, Hashable, Sendable {
    var apiVersion: String?
    var kind: String
    var name: String
    var controller: Bool?

    /// Owners are in the namespace of what they own, or have none.
    func reference(namespace: String) -> ObjectReference {
        let kind = ObjectKind(apiVersion: self.apiVersion ?? "", name: self.kind)
        return ObjectReference(kind: kind, namespace: namespace, name: self.name)
    }
}

extension ObjectKind {
    /// - Parameter apiVersion: `apps/v1`; `v1` for the core API.
    init(apiVersion: String, name: String) {
        let parts = apiVersion.split(separator: "/", maxSplits: 1)
        let group = parts.count > 1 ? String(parts[0]) : ""
        self.init(name, group: group, version: parts.last.map(String.init) ?? "v1")
    }
}

/// A namespaced object of any kind.
struct ObjectName: Hashable, Sendable {
    var namespace: String
    var name: String
}

protocol KubernetesObject: Decodable, Sendable {
    var metadata: ObjectMetadata { get }
}

/// `PartialObjectMetadata`, or any object of which only the metadata matters.
struct MetadataObject: KubernetesObject {
    var metadata: ObjectMetadata
}

struct ObjectList<Object: Decodable>: Decodable {
    struct Metadata: Decodable {
        var resourceVersion: String?
        var `continue`: String?
    }

    var metadata: Metadata
    var items: [Object]

    private enum CodingKeys: String, CodingKey { case metadata, items }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.metadata = try container.decode(Metadata.self, forKey: .metadata)
        // Go prints an empty list as null.
        self.items = try container.decodeIfPresent([Object].self, forKey: .items) ?? []
    }
}

/// `meta.k8s.io/v1 Status`
struct StatusObject: Decodable {
    var code: Int?
    var reason: String?
    var message: String?
}

/// One line of a watch.
struct WatchEvent<Object: KubernetesObject>: Decodable {
    enum Change {
        case put(Object)
        case deleted(Object)
        case bookmark
        case failed(StatusObject)
        /// A type that this version does not know.
        case unknown
    }

    var change: Change
    /// Where a new watch goes on after this event.
    var resourceVersion: String?

    private enum CodingKeys: String, CodingKey { case type, object }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        switch try container.decode(String.self, forKey: .type) {
        case "ADDED", "MODIFIED":
            let object = try container.decode(Object.self, forKey: .object)
            self.change = .put(object)
            self.resourceVersion = object.metadata.resourceVersion
        case "DELETED":
            let object = try container.decode(Object.self, forKey: .object)
            self.change = .deleted(object)
            self.resourceVersion = object.metadata.resourceVersion
        case "BOOKMARK":
            self.change = .bookmark
            self.resourceVersion = try container.decode(MetadataObject.self, forKey: .object).metadata.resourceVersion
        case "ERROR": self.change = .failed(try container.decode(StatusObject.self, forKey: .object))
        default: self.change = .unknown
        }
    }
}
