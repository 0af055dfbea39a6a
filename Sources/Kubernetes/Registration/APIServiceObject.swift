/// `apiregistration.k8s.io/v1 APIService`
struct APIServiceObject: KubernetesObject {
    struct ServiceReference: Decodable, Equatable, Sendable {
        var namespace: String
        var name: String
        var port: Int?
    }

    struct Spec: Decodable, Sendable {
        var service: ServiceReference?
        /// Base64 of PEM text.
        var caBundle: String?
        var insecureSkipTLSVerify: Bool?
    }

    struct Condition: Decodable, Sendable {
        var type: String
        var status: String
        var reason: String?
        var message: String?
    }

    struct Status: Decodable, Sendable {
        var conditions: [Condition]?
    }

    var metadata: ObjectMetadata
    var spec: Spec?
    var status: Status?
}

/// The Service that answers for an APIService.
package struct ServiceName: Equatable, Sendable {
    package var namespace: String
    package var name: String

    package init(namespace: String, name: String) {
        self.namespace = namespace
        self.name = name
    }

    package var text: String { "\(self.namespace)/\(self.name)" }
}

/// The APIServices that lead to us, as `Deploy/base` registers them.
package enum MetricsAPIService {
    package static let path = "/apis/apiregistration.k8s.io/v1/apiservices"
    package static let names = [
        "v1beta1.custom.metrics.k8s.io", "v1beta2.custom.metrics.k8s.io", "v1beta1.external.metrics.k8s.io",
    ]
}
