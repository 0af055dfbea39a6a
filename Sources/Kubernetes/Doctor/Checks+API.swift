/// The checks of the path from the HPA to us. Plain functions over fetched objects.
enum Checks {
    /// Every check there is.
    static func all(_ facts: ClusterFacts) -> [Finding] {
        self.apiServices(facts) + self.aggregation(facts) + self.servingCertificate(facts) + self.rights(facts)
            + self.agents(facts) + self.autoscalers(facts)
    }

    /// Who owns the APIServices, and whether the API server can trust what answers.
    static func apiServices(_ facts: ClusterFacts) -> [Finding] {
        MetricsAPIService.names.flatMap { name -> [Finding] in
            let object = "APIService \(name)"
            switch facts.apiServices[name] {
            case nil: return []
            case .failed(let error):
                return [
                    Finding(
                        .unknown,
                        check: "apiservice",
                        object: object,
                        problem: "cannot be read: \(error)",
                        fix: "grant get on apiservices.apiregistration.k8s.io to whoever runs the doctor"
                    )
                ]
            case .loaded(nil):
                return [
                    Finding(
                        .error,
                        check: "apiservice",
                        object: object,
                        problem: "is not registered, so no HorizontalPodAutoscaler can ask for these metrics",
                        fix: "kubectl apply -k Deploy/base"
                    )
                ]
            case .loaded(.some(let service)): return self.apiService(service, object: object, facts.service)
            }
        }
    }

    private static func apiService(_ service: APIServiceObject, object: String, _ ours: ServiceName) -> [Finding] {
        let reference = service.spec?.service
        guard reference?.namespace == ours.namespace, reference?.name == ours.name else {
            let owner = reference.map { "Service \($0.namespace)/\($0.name)" } ?? "the API server itself"
            // KEDA and the vendors' adapters own the external group in many clusters; the custom group is our main one.
            let isExternal = service.metadata.name?.contains("external") ?? false
            return [
                Finding(
                    isExternal ? .warning : .error,
                    check: "apiservice",
                    object: object,
                    problem: "belongs to \(owner); tokenscale never takes it over, so its metrics are not ours",
                    fix: isExternal
                        ? "ask for claude_queue_depth as an Object metric on a Namespace, or remove the other adapter"
                        : "remove the other adapter if nothing needs it, then kubectl apply -k Deploy/base; "
                            + "if it must stay, scale through Prometheus from tokenscale's /metrics"
                )
            ]
        }
        var findings: [Finding] = []
        if service.spec?.insecureSkipTLSVerify == true {
            findings.append(
                Finding(
                    .warning,
                    check: "certificate",
                    object: object,
                    problem: "skips TLS verification: anybody who can answer for the Service can scale the fleet",
                    fix: "remove insecureSkipTLSVerify; tokenscale writes caBundle itself"
                )
            )
        } else if PEMCertificates(base64: service.spec?.caBundle ?? "").blocks.isEmpty {
            findings.append(
                Finding(
                    .error,
                    check: "certificate",
                    object: object,
                    problem: "has no caBundle, so the API server cannot trust us",
                    fix: "let tokenscale write it (right to patch this APIService, see rbac), or set spec.caBundle to "
                        + "the authority of api-tls-certificate-file"
                )
            )
        }
        if let condition = service.status?.conditions?.first(where: { $0.type == "Available" }),
            condition.status != "True"
        {
            findings.append(
                Finding(
                    .error,
                    check: "aggregation",
                    object: object,
                    problem: "is not available: \(condition.reason ?? "")"
                        + (condition.message.map { " (\($0))" } ?? ""),
                    fix: self.availabilityFix(condition.reason ?? "", ours)
                )
            )
        }
        return findings
    }

    /// <https://github.com/kubernetes/kubernetes/blob/v1.36.2/staging/src/k8s.io/kube-aggregator/pkg/controllers/status>
    private static func availabilityFix(_ reason: String, _ ours: ServiceName) -> String {
        switch reason {
        case "ServiceNotFound": "kubectl apply -k Deploy/base: Service \(ours.text) is missing"
        case "MissingEndpoints", "EndpointsNotFound":
            "no pod of Service \(ours.text) is ready: kubectl -n \(ours.namespace) get pods, then its /readyz"
        case "FailedDiscoveryCheck":
            "the API server cannot reach Service \(ours.text) on port 443: look at NetworkPolicies, the firewall from "
                + "the control plane to port 6443 of the pods, and caBundle"
        default: "kubectl -n \(ours.namespace) logs deployment/\(ours.name)"
        }
    }

    /// The same path that an HPA's request takes.
    static func aggregation(_ facts: ClusterFacts) -> [Finding] {
        facts.aggregation.sorted { $0.key < $1.key }.compactMap { path, result in
            guard let failure = result.failure else { return nil }
            if case .status(403, _, _) = failure {
                return Finding(
                    .unknown,
                    check: "aggregation",
                    object: path,
                    problem: "may not be asked by this user",
                    fix: "run the doctor as somebody with the ClusterRole system:discovery"
                )
            }
            return Finding(
                .error,
                check: "aggregation",
                object: path,
                problem: "does not answer through the API server: \(failure)",
                fix: "see the findings on its APIService; then kubectl get --raw \(path)"
            )
        }
    }

    static func servingCertificate(_ facts: ClusterFacts) -> [Finding] {
        let object = "Service \(facts.service.text)"
        switch facts.servingCertificate {
        case .trusted: return []
        case .untrusted:
            return [
                Finding(
                    .error,
                    check: "certificate",
                    object: object,
                    problem: "serves a certificate that the caBundle of its APIService does not vouch for, or one for "
                        + "another name than \(facts.service.name).\(facts.service.namespace).svc",
                    fix: "remove spec.caBundle so that tokenscale writes it anew, or renew api-tls-certificate-file"
                )
            ]
        case .notChecked(let reason):
            return [
                Finding(
                    .info,
                    check: "certificate",
                    object: object,
                    problem: "its certificate was not compared with the caBundle: \(reason)",
                    fix:
                        "in a pod: kubectl -n \(facts.service.namespace) exec deployment/\(facts.service.name) "
                        + "-- tokenscale doctor"
                )
            ]
        }
    }

    static func rights(_ facts: ClusterFacts) -> [Finding] {
        RequiredRight.all.compactMap { right in
            switch facts.rights[right] {
            case nil, .loaded(true): return nil
            case .loaded(false):
                return Finding(
                    .error,
                    check: "rbac",
                    object: facts.subject,
                    problem: "may not \(right.text), which \(right.purpose) needs",
                    fix: "kubectl apply -k Deploy/base (rbac.yaml)"
                )
            case .failed(let error):
                return Finding(
                    .unknown,
                    check: "rbac",
                    object: facts.subject,
                    problem: "whether it may \(right.text) could not be asked: \(error)",
                    fix: "run the doctor in the pod, or as somebody who may create subjectaccessreviews"
                )
            }
        }
    }
}
