// What the doctor looks at: more of a pod than the watcher keeps.

struct InspectedPod: KubernetesObject {
    struct Variable: Decodable, Sendable {
        struct Source: Decodable, Sendable {
            struct Key: Decodable, Sendable {}
            var secretKeyRef: Key?
        }

        var name: String
        var value: String?
        var valueFrom: Source?
    }

    struct Anything: Decodable, Sendable {}

    struct Container: Decodable, Sendable {
        var name: String
        var image: String?
        var workingDir: String?
        var env: [Variable]?
        var envFrom: [Anything]?
    }

    struct Spec: Decodable, Sendable {
        var containers: [Container]
        var terminationGracePeriodSeconds: Int?
    }

    struct Status: Decodable, Sendable { var phase: String? }

    var metadata: ObjectMetadata
    var spec: Spec
    var status: Status?
}

/// What a fetch brought: the objects, or why there are none.
enum Fetched<Value: Sendable>: Sendable {
    case loaded(Value)
    case failed(KubernetesError)
}

/// Everything the checks look at. They are functions of this value alone.
struct ClusterFacts: Sendable {
    struct Reachability: Sendable {
        /// What `/apis/GROUP/VERSION` answered through the API server's aggregator; `nil`: a success.
        var failure: KubernetesError?
    }

    /// A connection to our Service with the bundle of its APIService.
    enum ServingCertificate: Equatable, Sendable {
        case trusted
        case untrusted
        /// Not reachable from here, or nothing to compare with.
        case notChecked(String)
    }

    var service: ServiceName
    /// By name; `nil`: not registered.
    var apiServices: [String: Fetched<APIServiceObject?>] = [:]
    var aggregation: [String: Reachability] = [:]
    var servingCertificate = ServingCertificate.notChecked("not tried")
    /// Whether the right is there; an error: could not be asked.
    var rights: [RequiredRight: Fetched<Bool>] = [:]
    /// Whose rights were asked.
    var subject = "this user"
    var pods: Fetched<[InspectedPod]> = .loaded([])
    var autoscalers: Fetched<[AutoscalerObject]> = .loaded([])
}
