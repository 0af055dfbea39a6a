import CurlHTTP
import Foundation
import TestSupport
import Testing

@testable import Kubernetes
@testable import tokenscale

/// The whole way, with nothing of ours on the other side: pods and telemetry → kube-apiserver's aggregator → kubectl
/// and the HPA controller. The collector runs with the rights of `Deploy/base` and no others.
@Suite(
    "A real control plane",
    .enabled(if: realKubeconfig != nil && ControlPlane.serviceAddress != nil),
    .serialized
)
struct ControlPlaneTests {
    static let namespace = "tokenscale-test-\(UInt16.random(in: 0 ... .max))"
    static let custom = "/apis/custom.metrics.k8s.io/v1beta2/namespaces/\(Self.namespace)"

    @Test("from Deploy/base to an autoscaled Deployment")
    func wholeWay() async throws {
        let cluster = try await ControlPlane(kubeconfig: #require(realKubeconfig))
        let address = try #require(ControlPlane.serviceAddress)
        try await cluster.applyBase(serviceIP: String(address.prefix { $0 != ":" }))
        let collector = try await CollectorProcess(arguments: [
            "--kubeconfig", cluster.kubeconfig(of: "tokenscale", namespace: "tokenscale"), "--api-address", address,
            "--trusted-peers=*",
        ])
        do {
            try await self.becomesAvailable(cluster)
            try await self.applyAgents(cluster)
            let pods = try await self.runAgents(cluster, collector)
            try await self.answers(cluster)
            try await self.refuses(cluster, address)
            try await self.scales(cluster)
            try await self.deletes(pods[0], cluster)
            try await self.doctorIsContent(cluster)
        } catch {
            Issue.record("\(error); the collector's log: \(collector.logText)")
        }
        try await cluster.delete(namespace: Self.namespace)
        try await cluster.deleteBase()
        #expect(try await collector.stop().code == 0)
    }

    private func becomesAvailable(_ cluster: ControlPlane) async throws {
        try await eventually("a pod of the collector") {
            try await !cluster.startAll("tokenscale", "app.kubernetes.io/name=tokenscale", network: "192.0.2").isEmpty
        }
        for name in MetricsAPIService.names {
            try await eventually("\(name) is available") {
                let path = "jsonpath={.status.conditions[?(@.type==\"Available\")].status}"
                return try await cluster.kubectl("get", "apiservice", name, "-o", path) == "True"
            }
        }
        // The aggregator follows the condition within a second.
        try await eventually("kubectl finds the metrics") {
            let found = try? await cluster.kubectl("api-resources", "--api-group=external.metrics.k8s.io")
            return found?.contains("claude_queue_depth") == true
        }
    }

    private func applyAgents(_ cluster: ControlPlane) async throws {
        let autoscaling = cluster.apiVersions.contains("autoscaling/v2") ? "autoscaling/v2" : "autoscaling/v2beta2"
        try await cluster.apply(
            """
            apiVersion: v1
            kind: Namespace
            metadata: {name: \(Self.namespace)}
            ---
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: agents, namespace: \(Self.namespace)}
            spec:
              replicas: 2
              selector: {matchLabels: {app: agents}}
              template:
                metadata: {labels: {app: agents}}
                spec:
                  nodeName: \(ControlPlane.node)
                  containers: [{name: agent, image: agent}]
            ---
            apiVersion: v1
            kind: Service
            metadata: {name: front, namespace: \(Self.namespace)}
            spec: {selector: {app: agents}, ports: [{port: 80}]}
            ---
            apiVersion: networking.k8s.io/v1
            kind: Ingress
            metadata: {name: entry, namespace: \(Self.namespace)}
            spec: {defaultBackend: {service: {name: front, port: {number: 80}}}}
            ---
            apiVersion: \(autoscaling)
            kind: HorizontalPodAutoscaler
            metadata: {name: agents, namespace: \(Self.namespace)}
            spec:
              minReplicas: 1
              maxReplicas: 9
              scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: agents}
              metrics:
                - type: Pods
                  pods:
                    metric: {name: claude_tokens_per_minute}
                    target: {type: AverageValue, averageValue: "400"}
                - type: Object
                  object:
                    describedObject: {apiVersion: networking.k8s.io/v1, kind: Ingress, name: entry}
                    metric: {name: claude_tokens_per_minute, selector: {matchLabels: {type: output}}}
                    target: {type: AverageValue, averageValue: "400"}
                - type: External
                  external:
                    metric: {name: claude_queue_depth, selector: {matchLabels: {queue: work}}}
                    target: {type: AverageValue, averageValue: "5"}
            """
        )
    }

    /// Two pods, each with 600 tokens in the last minute, half of them output, and a queue.
    private func runAgents(_ cluster: ControlPlane, _ collector: CollectorProcess) async throws -> [String] {
        try await eventually("two pods") {
            try await cluster.pods(Self.namespace, "app=agents").count >= 2
        }
        let pods = try await cluster.startAll(Self.namespace, "app=agents", network: "198.51.100")
        let json = [HTTPHeader(name: "Content-Type", value: "application/json")]
        for (index, pod) in pods.prefix(2).enumerated() {
            let body = Self.request(pod: pod, session: "session-\(index)", tokens: 300)
            #expect(try await collector.post("/v1/logs", Array(body.utf8), headers: json).isSuccess)
        }
        let depth = #"{"namespace": "\#(Self.namespace)", "queue": "work", "depth": 11}"#
        #expect(try await collector.post("/v1/queue-depth", Array(depth.utf8), headers: json).isSuccess)
        return Array(pods.prefix(2))
    }

    private func answers(_ cluster: ControlPlane) async throws {
        let metric = "claude_tokens_per_minute"
        for (path, text) in [
            ("pods/*/\(metric)?labelSelector=app%3Dagents", #""value":"600""#),
            ("pods/*/\(metric)?labelSelector=app+in+%28agents%29&metricLabelSelector=type%3Doutput", #""value":"300""#),
            ("deployments.apps/agents/\(metric)", #""value":"1200""#), ("services/front/\(metric)", #""value":"1200""#),
            ("metrics/\(metric)", #""value":"1200""#), ("metrics/claude_queue_depth", #""value":"11""#),
            ("ingresses.networking.k8s.io/entry/\(metric)", #""value":"1200""#),
            ("horizontalpodautoscalers.autoscaling/agents/\(metric)", #""value":"1200""#),
        ] {
            try await eventually("\(path) has \(text)") {
                // Until the next second begins, an error says that nothing is known.
                (try? await cluster.kubectl("get", "--raw", "\(Self.custom)/\(path)"))?.contains(text) == true
            }
        }
        let table = try await cluster.kubectl("get", "claude_queue_depth", "-n", Self.namespace)
        let lines = table.split(separator: "\n").map { $0.split(whereSeparator: \.isWhitespace).map(String.init) }
        #expect(lines.first == ["NAME", "LABELS", "VALUE", "WINDOW", "TIMESTAMP"])
        #expect(lines.last?.prefix(3) == ["claude_queue_depth", "queue=work", "11"])
        let path = "jsonpath={.items[*].value}"
        #expect(try await cluster.kubectl("get", "claude_queue_depth", "-n", Self.namespace, "-o", path) == "11")
        let unknown = try await cluster.complaint(
            "--kubeconfig",
            cluster.kubeconfig,
            "get",
            "--raw",
            "\(Self.custom)/widgets.example.com/w/\(metric)"
        )
        #expect(unknown.contains("no pod belongs to an object of that kind"))
    }

    /// At our own door, where nobody has asked before us.
    private func refuses(_ cluster: ControlPlane, _ address: String) async throws {
        let token = try await cluster.kubectl("create", "token", "default", "-n", Self.namespace)
        let arguments = ["--server", "https://\(address)", "--insecure-skip-tls-verify", "--kubeconfig", "/dev/null"]
        func ask(_ token: String) async throws -> String {
            let credentials = ["--token", token.filter { !$0.isWhitespace }, "get", "--raw"]
            let path = "\(Self.custom)/pods/*/claude_tokens_per_minute"
            return try await Program.run(
                try #require(Program.find("kubectl")),
                arguments + credentials + [path]
            ).error
        }
        let user = "system:serviceaccount:\(Self.namespace):default"
        #expect(try await ask(token).contains(#"forbidden: User "\#(user)" cannot get resource"#))
        let refusal = try await ask("nonsense")
        #expect(refusal.contains("must be logged in") || refusal.contains("Unauthorized"), "\(refusal)")
    }

    /// 600 of 400 for each of two pods, 600 of 400 in all, and 11 tasks of 5 for each: three replicas.
    private func scales(_ cluster: ControlPlane) async throws {
        try await eventually("the HPA asks for three replicas") {
            let path = "jsonpath={.status.desiredReplicas}"
            return try await cluster.kubectl("get", "hpa", "agents", "-n", Self.namespace, "-o", path) == "3"
        }
        let described = try await cluster.kubectl("describe", "hpa", "agents", "-n", Self.namespace)
        #expect(!described.contains("FailedGet") || described.contains("SuccessfulRescale"), "\(described)")
    }

    private func deletes(_ pod: String, _ cluster: ControlPlane) async throws {
        let path = "\(Self.custom)/pods/*/claude_active_sessions?labelSelector=app%3Dagents"
        #expect(try await cluster.kubectl("get", "--raw", path).contains(pod))
        try await cluster.kubectl("delete", "pod", pod, "-n", Self.namespace, "--wait=false")
        let deleted = ContinuousClock.now
        try await eventually("\(pod) leaves the answer") {
            try await !cluster.kubectl("get", "--raw", path).contains(pod)
        }
        // kubectl itself takes most of this.
        #expect(ContinuousClock.now - deleted < .seconds(15))
    }

    private func doctorIsContent(_ cluster: ControlPlane) async throws {
        let found = try await Program.run(Program.url, ["doctor", "--kubeconfig", cluster.kubeconfig])
        #expect(found.code == 0, "\(found.output)\(found.error)")
    }

    /// One `api_request` event of Claude Code, with as many input as output tokens.
    private static func request(pod: String, session: String, tokens: Int) -> String {
        func text(_ key: String, _ value: String) -> String {
            #"{"key": "\#(key)", "value": {"stringValue": "\#(value)"}}"#
        }
        func number(_ key: String, _ value: Int) -> String {
            #"{"key": "\#(key)", "value": {"intValue": "\#(value)"}}"#
        }
        let now = Date.now.timeIntervalSince1970
        let resource = [text("k8s.pod.name", pod), text("k8s.namespace.name", Self.namespace)].joined(separator: ", ")
        let attributes = [
            text("event.name", "api_request"), text("session.id", session), text("model", "claude-opus-4-8"),
            text("request_id", "request-\(session)"), number("event.sequence", 1), number("input_tokens", tokens),
            number("output_tokens", tokens), number("cache_read_tokens", 0), number("cache_creation_tokens", 0),
        ].joined(separator: ", ")
        return """
            {"resourceLogs": [{"resource": {"attributes": [\(resource)]}, "scopeLogs": [{"logRecords": [{
              "timeUnixNano": "\(Int64(now * 1e9))", "body": {"stringValue": "claude_code.api_request"},
              "attributes": [\(attributes)]}]}]}]}
            """
    }
}
