import CurlHTTP
import FoundationEssentials

/// Fetches what the checks need and runs them. Reads only, but for the reviews it asks for.
package struct Doctor: Sendable {
    /// Whose rights are examined.
    package enum Subject: Sendable {
        /// Whoever runs the doctor: right inside the pod.
        case current
        /// A service account, asked about from outside.
        case serviceAccount(namespace: String, name: String)
    }

    private let client: KubernetesClient
    private let service: ServiceName
    private let subject: Subject
    private let direct: HTTPClient

    /// - Parameter service: ours, that the APIServices should lead to.
    package init(client: KubernetesClient, service: ServiceName, subject: Subject, userAgent: String) {
        self.client = client
        self.service = service
        self.subject = subject
        self.direct = HTTPClient(.init(userAgent: userAgent, proxy: .direct))
    }

    /// - Throws: when the API server cannot be reached at all; whatever else goes wrong is a finding.
    package func examine() async throws(KubernetesError) -> [Finding] {
        try await self.client.probe("/version")
        return Checks.all(await self.fetch()).sorted { $0.severity > $1.severity }
    }

    func fetch() async -> ClusterFacts {
        var facts = ClusterFacts(service: self.service)
        for name in MetricsAPIService.names {
            facts.apiServices[name] = await self.apiService(name)
            facts.aggregation[Self.path(of: name)] = await self.aggregation(name)
        }
        facts.servingCertificate = await self.servingCertificate(facts)
        switch self.subject {
        case .current: facts.subject = "this user"
        case .serviceAccount(let namespace, let name): facts.subject = "ServiceAccount \(namespace)/\(name)"
        }
        for right in RequiredRight.all { facts.rights[right] = await self.isGranted(right) }
        facts.pods = await self.list("/api/v1/pods")
        facts.autoscalers = await self.list(AutoscalerObject.path)
        if case .failed(.status(404, _, _)) = facts.autoscalers {
            facts.autoscalers = await self.list(AutoscalerObject.olderPath)
        }
        return facts
    }

    /// `v1beta2.custom.metrics.k8s.io` → `/apis/custom.metrics.k8s.io/v1beta2`
    static func path(of name: String) -> String {
        let parts = name.split(separator: ".", maxSplits: 1)
        return "/apis/\(parts[1])/\(parts[0])"
    }

    private func apiService(_ name: String) async -> Fetched<APIServiceObject?> {
        do throws(KubernetesError) {
            return .loaded(try await self.client.get(APIServiceObject.self, "\(MetricsAPIService.path)/\(name)"))
        } catch {
            if case .status(404, _, _) = error { return .loaded(nil) }
            return .failed(error)
        }
    }

    private func aggregation(_ name: String) async -> ClusterFacts.Reachability? {
        do throws(KubernetesError) {
            try await self.client.probe(Self.path(of: name))
            return ClusterFacts.Reachability()
        } catch {
            // Not registered: said already.
            if case .status(404, _, _) = error { return nil }
            return ClusterFacts.Reachability(failure: error)
        }
    }

    /// Connects to our Service as the API server does: by its name, trusting the bundle only.
    private func servingCertificate(_ facts: ClusterFacts) async -> ClusterFacts.ServingCertificate {
        let bundles = MetricsAPIService.names.compactMap { name -> String? in
            guard case .loaded(.some(let object)) = facts.apiServices[name],
                object.spec?.service?.name == self.service.name,
                object.spec?.service?.namespace == self.service.namespace
            else { return nil }
            let blocks = PEMCertificates(base64: object.spec?.caBundle ?? "").blocks
            return blocks.isEmpty ? nil : blocks.joined()
        }
        guard let bundle = bundles.first else { return .notChecked("there is no caBundle of ours yet") }
        var request = HTTPRequest(url: "https://\(self.service.name).\(self.service.namespace).svc:443/livez")
        request.tls.authorities = .text(bundle)
        request.connectTimeout = .seconds(3)
        request.totalTimeout = .seconds(5)
        do throws(HTTPClientError) {
            _ = try await self.direct.send(request, bodyLimit: 64 * 1024)
            return .trusted
        } catch {
            return error == .serverUntrusted
                ? .untrusted : .notChecked("\(error) (the doctor runs outside the cluster?)")
        }
    }

    private func isGranted(_ right: RequiredRight) async -> Fetched<Bool> {
        let review: AccessReview
        let path: String
        switch self.subject {
        case .current:
            review = AccessReview(right, user: nil, groups: nil)
            path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
        case .serviceAccount(let namespace, let name):
            let groups = [
                "system:serviceaccounts", "system:serviceaccounts:\(namespace)", "system:authenticated",
            ]
            review = AccessReview(right, user: "system:serviceaccount:\(namespace):\(name)", groups: groups)
            path = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
        }
        do throws(KubernetesError) {
            let response = try await self.client.send(
                .post,
                path,
                body: review,
                returning: SubjectAccessReviewResponse.self
            )
            return .loaded(response.status?.allowed == true)
        } catch {
            return .failed(error)
        }
    }

    private func list<Object: KubernetesObject>(_ path: String) async -> Fetched<[Object]> {
        var objects: [Object] = []
        var query: KubernetesClient.Query = ["limit": "250"]
        while true {
            do throws(KubernetesError) {
                let page = try await self.client.get(ObjectList<Object>.self, path, query: query)
                objects += page.items
                guard let next = page.metadata.continue, !next.isEmpty else { return .loaded(objects) }
                query["continue"] = next
            } catch {
                return .failed(error)
            }
        }
    }
}

/// `SelfSubjectAccessReview` or `SubjectAccessReview`: they differ in who is asked about.
private struct AccessReview: Encodable {
    struct Attributes: Encodable {
        var namespace: String?
        var verb: String
        var group: String
        var resource: String
        var name: String?
    }

    struct Spec: Encodable {
        var resourceAttributes: Attributes
        var user: String?
        var groups: [String]?
    }

    var kind: String
    var apiVersion = "authorization.k8s.io/v1"
    var metadata = EmptyObject()
    var spec: Spec

    init(_ right: RequiredRight, user: String?, groups: [String]?) {
        self.kind = user == nil ? "SelfSubjectAccessReview" : "SubjectAccessReview"
        self.spec = Spec(
            resourceAttributes: Attributes(
                namespace: right.namespace,
                verb: right.verb,
                group: right.group,
                resource: right.resource,
                name: right.name
            ),
            user: user,
            groups: groups
        )
    }
}
