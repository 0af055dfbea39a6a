/// The checks of the agents themselves.
extension Checks {
    static func agents(_ facts: ClusterFacts) -> [Finding] {
        switch facts.pods {
        case .failed(let error):
            return [
                Finding(
                    .unknown,
                    check: "telemetry",
                    object: "pods",
                    problem: "cannot be listed: \(error)",
                    fix: "grant list on pods to whoever runs the doctor"
                )
            ]
        case .loaded(let pods):
            let agents = AgentPods.find(in: pods)
            guard !agents.isEmpty else {
                return [
                    Finding(
                        .info,
                        check: "telemetry",
                        object: "pods",
                        problem: "none of \(pods.count) pods looks like a Claude agent",
                        fix: "label agent pods tokenscale.dev/agent=true if there are some"
                    )
                ]
            }
            return agents.flatMap { pods in
                pods.sample.agentContainers.flatMap { container in
                    self.telemetry(container, pods) + self.credentials(container, pods) + self.tenancy(container, pods)
                } + self.gracePeriod(pods)
            }
        }
    }

    /// Variable, accepted values (empty: any), severity, what is lost without it.
    private static let telemetrySettings: [(name: String, values: [String], severity: Finding.Severity, loss: String)] =
        [
            ("CLAUDE_CODE_ENABLE_TELEMETRY", ["1", "true"], .error, "the agent sends nothing at all"),
            ("OTEL_LOGS_EXPORTER", ["otlp"], .error, "no events: tokens are counted late and loops are not found"),
            ("OTEL_METRICS_EXPORTER", ["otlp"], .warning, "no cross-check of the events"),
            (
                "OTEL_EXPORTER_OTLP_PROTOCOL", ["grpc", "http/protobuf", "http/json"], .error,
                "the agent sends nothing at all"
            ),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", [], .error, "the agent does not know where to send to"),
        ]

    /// facts: TELEMETRY §12, <https://code.claude.com/docs/en/monitoring-usage>
    static func telemetry(_ container: InspectedPod.Container, _ pods: AgentPods) -> [Finding] {
        func finding(_ severity: Finding.Severity, _ problem: String, _ fix: String) -> Finding {
            let isHidden = container.hasHiddenSettings && severity > .info
            return Finding(
                isHidden ? .info : severity,
                check: "telemetry",
                object: "\(pods.object), container \(container.name)",
                problem: problem + (isHidden ? " (unless envFrom sets it, which cannot be seen)" : ""),
                fix: fix
            )
        }
        var findings: [Finding] = []
        for (name, values, severity, loss) in self.telemetrySettings {
            let fix = "set \(name)=\(values.first ?? "http://tokenscale.tokenscale:4318") (Deploy/examples/agents.yaml)"
            switch container.setting(name) {
            case .elsewhere: continue
            case .absent: findings.append(finding(severity, "\(name) is not set: \(loss)", fix))
            case .value(let value) where value.isEmpty || (!values.isEmpty && !values.contains(value)):
                findings.append(finding(severity, "\(name) is \"\(value)\": \(loss)", fix))
            case .value: continue
            }
        }
        let missing = ["k8s.pod.name", "k8s.namespace.name"].filter { key in
            switch container.setting("OTEL_RESOURCE_ATTRIBUTES") {
            case .elsewhere: false
            case .absent: true
            case .value(let value): !value.split(separator: ",").contains { $0.hasPrefix(key + "=") }
            }
        }
        if !missing.isEmpty {
            findings.append(
                finding(
                    .warning,
                    "OTEL_RESOURCE_ATTRIBUTES lacks \(missing.joined(separator: " and ")): the pod is known by its "
                        + "address only, which a proxy or a collector in between hides",
                    "OTEL_RESOURCE_ATTRIBUTES=k8s.pod.name=$(POD_NAME),k8s.namespace.name=$(POD_NAMESPACE) with the "
                        + "downward API (Deploy/examples/agents.yaml)"
                )
            )
        }
        return findings
    }

    /// Everything that an agent runs can read its environment, tool commands included.
    static func credentials(_ container: InspectedPod.Container, _ pods: AgentPods) -> [Finding] {
        let severity: Finding.Severity
        let origin: String
        switch container.setting("ANTHROPIC_API_KEY") {
        case .absent, .value(""): return []
        case .value: (severity, origin) = (.error, "as text in the pod's manifest")
        case .elsewhere: (severity, origin) = (.warning, "from a Secret")
        }
        return [
            Finding(
                severity,
                check: "credentials",
                object: "\(pods.object), container \(container.name)",
                problem:
                    "ANTHROPIC_API_KEY is in the environment (\(origin)): each command that the agent runs can read it",
                fix: "keep the key in a proxy outside the pod and point ANTHROPIC_BASE_URL at it"
            )
        ]
    }

    /// The four switches without which one tenant's files reach another's sessions in a shared container:
    /// `settingSources: []`, `CLAUDE_CODE_DISABLE_AUTO_MEMORY=1`, `CLAUDE_CONFIG_DIR` and `cwd` per tenant.
    /// <https://code.claude.com/docs/en/agent-sdk/hosting#multi-tenant-isolation>
    ///
    /// A pod that says `tokenscale.dev/tenancy: shared` must have them; one that has some of them is taken at its word.
    /// `settingSources` and `cwd` are arguments of the program: a pod vouches for them by the annotation
    /// `tokenscale.dev/setting-sources: none` and by `workingDir`.
    static func tenancy(_ container: InspectedPod.Container, _ pods: AgentPods) -> [Finding] {
        let memory = container.setting("CLAUDE_CODE_DISABLE_AUTO_MEMORY")
        let annotations = pods.sample.metadata.annotations ?? [:]
        let labels = pods.sample.metadata.labels ?? [:]
        let switches: [(name: String, isOn: Bool, fix: String)] = [
            (
                "CLAUDE_CODE_DISABLE_AUTO_MEMORY", memory != .absent && memory != .value("") && memory != .value("0"),
                "CLAUDE_CODE_DISABLE_AUTO_MEMORY=1"
            ),
            ("CLAUDE_CONFIG_DIR", container.isSet("CLAUDE_CONFIG_DIR"), "CLAUDE_CONFIG_DIR to a folder per tenant"),
            (
                "cwd", container.workingDir?.isEmpty == false,
                "workingDir (and cwd of each query) to a folder per tenant"
            ),
            (
                "settingSources", annotations["tokenscale.dev/setting-sources"] == "none",
                "settingSources to [] in each query, then the annotation tokenscale.dev/setting-sources: none"
            ),
        ]
        let isShared = labels["tokenscale.dev/tenancy"] == "shared" || annotations["tokenscale.dev/tenancy"] == "shared"
        let missing = switches.filter { !$0.isOn }
        // The working directory is set in many images for other reasons, so it alone says nothing.
        let isBegun = switches.contains { $0.isOn && $0.name != "cwd" }
        guard !missing.isEmpty, isShared || isBegun else { return [] }
        return [
            Finding(
                isShared ? .error : .warning,
                check: "tenancy",
                object: "\(pods.object), container \(container.name)",
                problem: "of the four switches that keep tenants apart, \(missing.map(\.name).joined(separator: ", ")) "
                    + "\(missing.count == 1 ? "is" : "are") missing: files of one tenant can reach another's sessions",
                fix: "set " + missing.map(\.fix).joined(separator: "; ")
            )
        ]
    }

    /// Claude Code needs up to 2 s to send what it has at its end; half of that is for a slow node.
    static let gracePeriodMinimumSeconds = 5

    static func gracePeriod(_ pods: AgentPods) -> [Finding] {
        // The API server's default is 30.
        let seconds = pods.sample.spec.terminationGracePeriodSeconds ?? 30
        guard seconds < Self.gracePeriodMinimumSeconds else { return [] }
        return [
            Finding(
                .warning,
                check: "grace-period",
                object: pods.object,
                problem: "terminationGracePeriodSeconds is \(seconds): the last events are lost when a pod is stopped",
                fix: "set terminationGracePeriodSeconds to at least \(Self.gracePeriodMinimumSeconds)"
            )
        ]
    }

    /// An HPA on requests per minute sees one patient user where a fleet burns millions of tokens.
    static func autoscalers(_ facts: ClusterFacts) -> [Finding] {
        switch facts.autoscalers {
        case .failed(let error):
            return [
                Finding(
                    .unknown,
                    check: "autoscaler",
                    object: "horizontalpodautoscalers",
                    problem: "cannot be listed: \(error)",
                    fix: "grant list on horizontalpodautoscalers.autoscaling to whoever runs the doctor"
                )
            ]
        case .loaded(let autoscalers):
            guard case .loaded(let pods) = facts.pods else { return [] }
            let agents = AgentPods.find(in: pods)
            return autoscalers.flatMap { autoscaler -> [Finding] in
                let namespace = autoscaler.metadata.namespace ?? ""
                let target = autoscaler.spec.scaleTargetRef
                guard agents.contains(where: { $0.isScaled(by: target, namespace: namespace) }) else { return [] }
                return (autoscaler.spec.metrics ?? []).compactMap(\.name).filter(self.isRequestRate).map { metric in
                    Finding(
                        .warning,
                        check: "autoscaler",
                        object: "HorizontalPodAutoscaler \(namespace)/\(autoscaler.metadata.name ?? "")",
                        problem: "scales \(target.kind) \(target.name) by \(metric): requests say little about agents, "
                            + "of which one request may cost a thousand times another",
                        fix: "use the Pods metric claude_tokens_per_minute (Deploy/examples/agents.yaml)"
                    )
                }
            }
        }
    }

    static func isRequestRate(_ metric: String) -> Bool {
        let words = metric.lowercased().split { !$0.isLetter && !$0.isNumber }
        if words.contains(where: { $0 == "rpm" || $0 == "rps" || $0 == "qps" }) { return true }
        let text = words.joined(separator: "_")
        return ["requests_per_minute", "requests_per_second", "http_requests", "request_rate", "requests_total"]
            .contains { text.contains($0) }
    }
}
