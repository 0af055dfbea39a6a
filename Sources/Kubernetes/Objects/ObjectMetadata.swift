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

struct OwnerReference: Decodable, Equatable, Sendable {
    var kind: String
    var name: String
    var controller: Bool?
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

extension Timestamp {
    /// RFC 3339 in UTC with whole seconds, as the API server writes it: `2026-11-20T22:15:26Z`.
    init?(kubernetes text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count >= 20, bytes[4] == 0x2d, bytes[7] == 0x2d, bytes[10] == 0x54, bytes[13] == 0x3a,
            bytes[16] == 0x3a, bytes.last == 0x5a
        else { return nil }
        func number(_ range: Range<Int>) -> Int64? {
            var value: Int64 = 0
            for byte in bytes[range] {
                guard (0x30...0x39).contains(byte) else { return nil }
                value = value * 10 + Int64(byte - 0x30)
            }
            return value
        }
        guard let year = number(0..<4), let month = number(5..<7), (1...12).contains(month), let day = number(8..<10),
            (1...31).contains(day), let hour = number(11..<13), let minute = number(14..<16),
            let second = number(17..<19)
        else { return nil }
        // Days since 1970-01-01, https://howardhinnant.github.io/date_algorithms.html#days_from_civil
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = shiftedYear / 400
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        let days = era * 146_097 + dayOfEra - 719_468
        self.init(seconds: days * 86_400 + hour * 3600 + minute * 60 + second)
    }
}
