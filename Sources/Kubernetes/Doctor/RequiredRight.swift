/// A right that tokenscale uses, with what stops working without it. `Deploy/base/rbac.yaml` grants these and no
/// others, which a test compares.
package struct RequiredRight: Hashable, Sendable {
    package var group: String
    package var resource: String
    package var verb: String
    /// `nil`: in all namespaces, or cluster-wide.
    package var namespace: String?
    /// `nil`: any object.
    package var name: String?
    package var purpose: String

    init(
        _ group: String,
        _ resource: String,
        _ verb: String,
        in namespace: String? = nil,
        name: String? = nil,
        _ purpose: String
    ) {
        self.group = group
        self.resource = resource
        self.verb = verb
        self.namespace = namespace
        self.name = name
        self.purpose = purpose
    }

    /// `get pods`, `patch apiservices.apiregistration.k8s.io v1beta1…`
    package var text: String {
        let resource = self.group.isEmpty ? self.resource : "\(self.resource).\(self.group)"
        let name = self.name.map { " " + $0 } ?? ""
        return "\(self.verb) \(resource)\(name)\(self.namespace.map { " in \($0)" } ?? "")"
    }

    package static let all: [RequiredRight] = Self.watches + Self.reviews + Self.registration

    private static let watches: [RequiredRight] = [
        ("", "pods", "attribution to pods and workloads"), ("", "services", "metrics of Services"),
        ("apps", "replicasets", "attribution to pods and workloads"),
        ("apps", "deployments", "attribution to pods and workloads"),
        ("apps", "statefulsets", "attribution to pods and workloads"),
        ("batch", "jobs", "metrics of CronJobs and other owners of Jobs"),
        ("networking.k8s.io", "ingresses", "metrics of Ingresses"),
        ("autoscaling", "horizontalpodautoscalers", "metrics of HorizontalPodAutoscalers"),
    ].flatMap { group, resource, purpose in
        ["list", "watch"].map { RequiredRight(group, resource, $0, purpose) }
    }

    private static let reviews: [RequiredRight] =
        [
            RequiredRight("authentication.k8s.io", "tokenreviews", "create", "bearer tokens at the metrics APIs"),
            RequiredRight(
                "authorization.k8s.io",
                "subjectaccessreviews",
                "create",
                "authorization of metrics requests"
            ),
        ]
        + ["list", "watch"].map {
            RequiredRight(
                "",
                "configmaps",
                $0,
                in: RequestHeaderWatcher.namespace,
                name: RequestHeaderWatcher.name,
                "authentication of the aggregator"
            )
        }

    private static let registration: [RequiredRight] = MetricsAPIService.names.flatMap { name in
        ["get", "patch"].map {
            RequiredRight("apiregistration.k8s.io", "apiservices", $0, name: name, "the CA bundle of our certificate")
        }
    }
}
