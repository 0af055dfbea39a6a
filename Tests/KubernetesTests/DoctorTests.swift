import Foundation
import Testing

@testable import Kubernetes

@Suite("Doctor")
struct DoctorTests {
    static let ours = RegistrationTests.ours
    private static let goodEnvironment: [JSON] = [
        ["name": "CLAUDE_CODE_ENABLE_TELEMETRY", "value": "1"], ["name": "OTEL_LOGS_EXPORTER", "value": "otlp"],
        ["name": "OTEL_METRICS_EXPORTER", "value": "otlp"],
        ["name": "OTEL_EXPORTER_OTLP_PROTOCOL", "value": "http/protobuf"],
        ["name": "OTEL_EXPORTER_OTLP_ENDPOINT", "value": "http://tokenscale.tokenscale:4318"],
        [
            "name": "OTEL_RESOURCE_ATTRIBUTES",
            "value": "k8s.pod.name=$(POD_NAME),k8s.namespace.name=$(POD_NAMESPACE)",
        ],
    ]

    static func agent(
        _ name: String = "agents-1-a",
        environment: [JSON] = goodEnvironment,
        without: String? = nil,
        container: (inout JSON) -> Void = { _ in },
        pod change: (inout JSON) -> Void = { _ in }
    ) -> JSON {
        var container_: JSON = [
            "name": "agent", "image": "registry.example/team/claude-agent:1",
            "env": .array(environment.filter { $0["name"]?.text != without }),
        ]
        container(&container_)
        var pod = Fixture.pod(name, owner: Fixture.owner("ReplicaSet", "agents-1"))
        pod["spec"]?["containers"] = [container_, ["name": "sidecar", "image": "proxy:1"]]
        change(&pod)
        return pod
    }

    static func findings(_ pods: JSON..., autoscalers: JSON...) throws -> [Finding] {
        var facts = ClusterFacts(service: Self.ours)
        facts.pods = .loaded(try pods.map { try KubernetesClient.decode(InspectedPod.self, $0.bytes) })
        facts.autoscalers = .loaded(
            try autoscalers.map { try KubernetesClient.decode(AutoscalerObject.self, $0.bytes) }
        )
        return Checks.agents(facts) + Checks.autoscalers(facts)
    }

    @Test("an agent that is set up as documented raises nothing, alone or with a thousand others")
    func healthy() throws {
        #expect(try Self.findings(Self.agent()).isEmpty)
        #expect(try Self.findings(Self.agent("a"), Self.agent("b"), Fixture.pod("web")).isEmpty)
    }

    @Test(
        "each missing setting is named with its consequence",
        arguments: [
            ("CLAUDE_CODE_ENABLE_TELEMETRY", Finding.Severity.error), ("OTEL_LOGS_EXPORTER", .error),
            ("OTEL_METRICS_EXPORTER", .warning), ("OTEL_EXPORTER_OTLP_PROTOCOL", .error),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", .error), ("OTEL_RESOURCE_ATTRIBUTES", .warning),
        ]
    )
    func telemetry(name: String, severity: Finding.Severity) throws {
        let findings = try Self.findings(Self.agent(without: name))
        #expect(findings.map(\.severity) == [severity])
        #expect(findings.first?.problem.contains(name) == true)
        #expect(findings.first?.object == "ReplicaSet demo/agents-1, container agent")
        let wrong: JSON = ["name": .string(name), "value": ""]
        #expect(
            try Self.findings(Self.agent(environment: Self.goodEnvironment + [wrong])).map(\.severity) == [severity]
        )
        // From a ConfigMap key: it is set, to what cannot be seen.
        let reference: JSON = ["name": .string(name), "valueFrom": ["configMapKeyRef": ["name": "c", "key": "k"]]]
        #expect(try Self.findings(Self.agent(environment: Self.goodEnvironment + [reference])).isEmpty)
    }

    @Test("what envFrom may set is a hint, not an accusation")
    func envFrom() throws {
        let pod = Self.agent(environment: []) { $0["envFrom"] = [["configMapRef": ["name": "telemetry"]]] }
        #expect(Set(try Self.findings(pod).map(\.severity)) == [.info])
    }

    @Test("only half of the pod's identity is not enough")
    func attributes() throws {
        let half: JSON = ["name": "OTEL_RESOURCE_ATTRIBUTES", "value": "k8s.pod.name=$(POD_NAME),team=a"]
        let findings = try Self.findings(Self.agent(environment: Self.goodEnvironment + [half]))
        #expect(findings.count == 1 && findings[0].problem.contains("lacks k8s.namespace.name:"))
    }

    @Test("a key in the environment is an error as text and a warning from a Secret; its value is never repeated")
    func credentials() throws {
        let text: JSON = ["name": "ANTHROPIC_API_KEY", "value": "sk-ant-secret"]
        let secret: JSON = ["name": "ANTHROPIC_API_KEY", "valueFrom": ["secretKeyRef": ["name": "s", "key": "k"]]]
        for (variable, severity) in [(text, Finding.Severity.error), (secret, .warning)] {
            let findings = try Self.findings(Self.agent(environment: Self.goodEnvironment + [variable]))
            #expect(findings.map(\.severity) == [severity] && findings[0].check == "credentials")
            #expect(!"\(findings)".contains("sk-ant-secret"))
        }
    }

    @Test("a grace period below five seconds loses the last events", arguments: [0, 4, 5, 30])
    func gracePeriod(seconds: Int) throws {
        let pod = Self.agent(pod: { $0["spec"]?["terminationGracePeriodSeconds"] = .number(Double(seconds)) })
        #expect(try Self.findings(pod).map(\.check) == (seconds < 5 ? ["grace-period"] : []))
    }

    @Test("of the multi-tenant four, each missing one is named; a pod that is not shared owes none")
    func tenancy() throws {
        let memory: JSON = ["name": "CLAUDE_CODE_DISABLE_AUTO_MEMORY", "value": "1"]
        let directory: JSON = ["name": "CLAUDE_CONFIG_DIR", "value": "/tenants/$(TENANT)"]
        func findings(_ extra: [JSON], cwd: Bool, sources: Bool, shared: Bool) throws -> [Finding] {
            try Self.findings(
                Self.agent(environment: Self.goodEnvironment + extra) { container in
                    if cwd { container["workingDir"] = "/work" }
                } pod: { pod in
                    if sources { pod["metadata"]?["annotations"]?["tokenscale.dev/setting-sources"] = "none" }
                    if shared { pod["metadata"]?["labels"]?["tokenscale.dev/tenancy"] = "shared" }
                }
            )
        }
        #expect(try findings([], cwd: true, sources: false, shared: false).isEmpty)
        #expect(try findings([memory, directory], cwd: true, sources: true, shared: true).isEmpty)
        let none = try findings([], cwd: false, sources: false, shared: true)
        #expect(none.map(\.severity) == [.error])
        for name in ["CLAUDE_CODE_DISABLE_AUTO_MEMORY", "CLAUDE_CONFIG_DIR", "cwd", "settingSources"] {
            #expect(none[0].problem.contains(name))
        }
        let partial = try findings([memory], cwd: true, sources: false, shared: false)
        #expect(partial.map(\.severity) == [.warning])
        #expect(partial[0].problem.contains("CLAUDE_CONFIG_DIR, settingSources are missing"))
        let off: JSON = ["name": "CLAUDE_CODE_DISABLE_AUTO_MEMORY", "value": "0"]
        let switchedOff = try findings([off, directory], cwd: true, sources: true, shared: true)
        #expect(switchedOff.count == 1 && switchedOff[0].problem.contains("AUTO_MEMORY is missing"))
    }

    private static func autoscaler(_ metric: String, target: String = "agents", namespace: String = "demo") -> JSON {
        [
            "metadata": ["name": "hpa", "namespace": .string(namespace)],
            "spec": [
                "scaleTargetRef": ["apiVersion": "apps/v1", "kind": "Deployment", "name": .string(target)],
                "metrics": [
                    ["type": "Resource", "resource": ["name": "cpu"]],
                    ["type": "Pods", "pods": ["metric": ["name": .string(metric)]]],
                ],
            ],
        ]
    }

    @Test("an HPA on requests is found when it scales agents, and only then")
    func requestRates() throws {
        for metric in ["claude_rpm", "http_requests_per_second", "requests-per-minute", "anthropic_requests_total"] {
            let findings = try Self.findings(Self.agent(), autoscalers: Self.autoscaler(metric))
            #expect(findings.map(\.check) == ["autoscaler"], "\(metric)")
            #expect(findings[0].object == "HorizontalPodAutoscaler demo/hpa")
        }
        for autoscaler in [
            Self.autoscaler("claude_tokens_per_minute"), Self.autoscaler("rpm", target: "web"),
            Self.autoscaler("rpm", target: "agents-1"), Self.autoscaler("rpm", namespace: "other"),
            Self.autoscaler("trumpets_per_minute"),
        ] {
            #expect(try Self.findings(Self.agent(), autoscalers: autoscaler).isEmpty)
        }
    }

    @Test("agents are recognised by label, runner, environment or image, and a label can deny it")
    func recognition() throws {
        func isAgent(_ pod: JSON) throws -> Bool { try KubernetesClient.decode(InspectedPod.self, pod.bytes).isAgent }
        func pod(_ change: (inout JSON) -> Void) -> JSON {
            var pod = Fixture.pod("x")
            pod["metadata"]?["labels"] = ["app": "x"]
            change(&pod)
            return pod
        }
        func container(image: String, variable: String = "A") -> JSON {
            ["name": "c", "image": .string(image), "env": [["name": .string(variable), "value": "1"]]]
        }
        #expect(try !isAgent(pod { _ in }))
        #expect(try isAgent(pod { $0["metadata"]?["labels"]?["tokenscale.dev/agent"] = "true" }))
        let runner: JSON = "claude-code-self-hosted-runner"
        #expect(try isAgent(pod { $0["metadata"]?["labels"]?["app.kubernetes.io/part-of"] = runner }))
        #expect(
            try isAgent(
                pod { $0["spec"]?["containers"] = [container(image: "node:22", variable: "CLAUDE_CONFIG_DIR")] }
            )
        )
        #expect(try isAgent(pod { $0["spec"]?["containers"] = [container(image: "r:5000/x/claude-code@sha256:00")] }))
        #expect(try !isAgent(pod { $0["spec"]?["containers"] = [container(image: "claude-code.example/web:1")] }))
        #expect(try !isAgent(Self.agent(pod: { $0["metadata"]?["labels"]?["tokenscale.dev/agent"] = "false" })))
    }

    @Test("a workload is judged by its youngest pod, and finished pods are not judged")
    func youngest() throws {
        let old = Self.agent("old", environment: []) { _ in
        } pod: { pod in
            pod["metadata"]?["creationTimestamp"] = "2026-01-01T00:00:00Z"
        }
        let done = Self.agent("done", environment: []) { _ in
        } pod: { pod in
            pod["status"]?["phase"] = "Succeeded"
            pod["metadata"]?["creationTimestamp"] = "2027-01-01T00:00:00Z"
        }
        #expect(try Self.findings(old, Self.agent("new"), done).isEmpty)
        #expect(try Self.findings(Self.agent("new"), old).isEmpty)
    }

    @Test(
        "the exit code says the worst",
        arguments: [
            ([], 0), ([.info], 0), ([.info, .warning], 1), ([.warning, .unknown], 3), ([.unknown, .error, .info], 2),
        ] as [([Finding.Severity], Int32)]
    )
    func exitCode(severities: [Finding.Severity], expected: Int32) {
        let findings = severities.map { Finding($0, check: "c", object: "o", problem: "p", fix: "f") }
        #expect(findings.exitCode == expected)
    }
}
