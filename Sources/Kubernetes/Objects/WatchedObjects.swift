import FoundationEssentials
import TokenscaleCore

struct PodObject: KubernetesObject {
    struct Spec: Decodable, Sendable {
        var nodeName: String?
        var hostNetwork: Bool?
    }

    struct Address: Decodable, Sendable {
        var ip: String?
    }

    struct Condition: Decodable, Sendable {
        var type: String
        var status: String
    }

    struct Status: Decodable, Sendable {
        var phase: String?
        var podIP: String?
        var podIPs: [Address]?
        var conditions: [Condition]?
    }

    var metadata: ObjectMetadata
    var spec: Spec?
    var status: Status?
}

/// A Deployment, ReplicaSet or StatefulSet.
struct WorkloadObject: KubernetesObject {
    struct Spec: Decodable, Sendable {
        var replicas: Int?
        var selector: SelectorObject?
    }

    var metadata: ObjectMetadata
    var spec: Spec?
}

struct ServiceObject: KubernetesObject {
    struct Spec: Decodable, Sendable {
        var selector: [String: String]?
    }

    var metadata: ObjectMetadata
    var spec: Spec?
}

struct IngressObject: KubernetesObject {
    struct Backend: Decodable, Sendable {
        struct Reference: Decodable, Sendable { var name: String }

        /// `nil`: a resource of another kind, such as a bucket.
        var service: Reference?
    }

    struct Rule: Decodable, Sendable {
        struct Path: Decodable, Sendable { var backend: Backend }
        struct HTTP: Decodable, Sendable { var paths: [Path]? }

        var http: HTTP?
    }

    struct Spec: Decodable, Sendable {
        var defaultBackend: Backend?
        var rules: [Rule]?
    }

    var metadata: ObjectMetadata
    var spec: Spec?

    /// The Services it leads to, each once.
    var services: [String] {
        let rules = (self.spec?.rules ?? []).flatMap { $0.http?.paths ?? [] }.map(\.backend)
        let names = ([self.spec?.defaultBackend].compactMap(\.self) + rules).compactMap(\.service?.name)
        return Set(names).sorted()
    }
}

struct ConfigMapObject: KubernetesObject {
    var metadata: ObjectMetadata
    var data: [String: String]?
}

/// `meta.k8s.io/v1 LabelSelector`
struct SelectorObject: Codable, Sendable {
    struct Requirement: Codable, Sendable {
        var key: String
        var `operator`: String
        var values: [String]?
    }

    var matchLabels: [String: String]?
    var matchExpressions: [Requirement]?
}

extension LabelSelector {
    /// `nil` for a selector that selects nothing, or with an operator this version does not know: better no pods than
    /// strangers.
    init?(_ object: SelectorObject?) {
        guard let object else { return nil }
        var requirements = Self.requirements(object.matchLabels ?? [:])
        for expression in object.matchExpressions ?? [] {
            let values = Set(expression.values ?? [])
            let operation: Operation
            switch expression.operator {
            case "In": operation = .isIn(values)
            case "NotIn": operation = .isNotIn(values)
            case "Exists": operation = .exists
            case "DoesNotExist": operation = .doesNotExist
            default: return nil
            }
            requirements.append(Requirement(key: expression.key, operation: operation))
        }
        self.init(requirements: requirements)
    }

    /// The selector of a Service. An empty one selects no pods: its endpoints are made by somebody else.
    init?(service labels: [String: String]?) {
        guard let labels, !labels.isEmpty else { return nil }
        self.init(requirements: Self.requirements(labels))
    }

    private static func requirements(_ labels: [String: String]) -> [Requirement] {
        labels.sorted { $0.key < $1.key }.map { Requirement(key: $0.key, operation: .isIn([$0.value])) }
    }
}
