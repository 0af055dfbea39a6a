import CurlHTTP
import Foundation
import MetricsAPI
import Testing
import TokenscaleCore

@Suite("Answers of the metrics APIs")
struct APIAnswersTests {
    static let root = "/apis/custom.metrics.k8s.io"

    @Test("the bodies are those of the recorded ones, byte for byte")
    func bodies() async throws {
        let fixture = try APIFixture(Fleet.recorded)
        let time = "2026-11-20T22:15:26Z"
        func pod(_ name: String) -> String {
            #"{"describedObject":{"kind":"Pod","namespace":"demo","name":"\#(name)","apiVersion":"/v1"},"#
        }
        let v2Tail =
            #""metric":{"name":"claude_tokens_per_minute","selector":null},"timestamp":"\#(time)","#
            + #""windowSeconds":60,"value":"250500"}"#
        let v1Tail =
            #""metricName":"claude_tokens_per_minute","timestamp":"\#(time)","window":60,"value":"250500","#
            + #""selector":null}"#
        let names = ["agents-84c88bcf9b-c4v7f", "agents-84c88bcf9b-jzr8r"]
        let cases = [
            (
                "\(Self.root)/v1beta2/namespaces/demo/pods/%2A/claude_tokens_per_minute"
                    + "?labelSelector=app%3Dclaude-agent",
                #"{"kind":"MetricValueList","apiVersion":"custom.metrics.k8s.io/v1beta2","metadata":{},"items":["#
                    + names.map { pod($0) + v2Tail }.joined(separator: ",") + "]}\n"
            ),
            (
                "\(Self.root)/v1beta1/namespaces/demo/pods/\(names[0])/claude_tokens_per_minute",
                #"{"kind":"MetricValueList","apiVersion":"custom.metrics.k8s.io/v1beta1","metadata":{},"items":["#
                    + pod(names[0]) + v1Tail + "]}\n"
            ),
            (
                "/apis/external.metrics.k8s.io/v1beta1/namespaces/demo/claude_queue_depth?labelSelector=queue%3Dwork",
                #"{"kind":"ExternalMetricValueList","apiVersion":"external.metrics.k8s.io/v1beta1","metadata":{},"#
                    // The reference names no kind of an item; kubectl needs it for -o yaml, and no client minds.
                    + #""items":[{"kind":"ClaudeQueueDepth","apiVersion":"external.metrics.k8s.io/v1beta1","#
                    + #""metricName":"claude_queue_depth","metricLabels":{"queue":"work"},"#
                    + #""timestamp":"2026-11-20T22:15:24Z","value":"42"}]}"# + "\n"
            ),
            (
                "\(Self.root)/v1beta2/namespaces/demo/services/front/claude_tokens_per_minute"
                    + "?metricLabelSelector=model%3Dclaude-opus-4-8%2Ctype+notin+%28cacheRead%29",
                #"{"kind":"MetricValueList","apiVersion":"custom.metrics.k8s.io/v1beta2","metadata":{},"items":["#
                    + #"{"describedObject":{"kind":"Service","namespace":"demo","name":"front","apiVersion":"/v1"},"#
                    + #""metric":{"name":"claude_tokens_per_minute","selector":{"matchLabels":"#
                    + #"{"model":"claude-opus-4-8"},"matchExpressions":[{"key":"type","operator":"NotIn","#
                    + #""values":["cacheRead"]}]}},"timestamp":"\#(time)","windowSeconds":60,"value":"501k"}]}"# + "\n"
            ),
        ]
        try await withServer(fixture.server, bound: fixture.server.bound) { port in
            for (target, body) in cases {
                let answer = try await fixture.ask(target, port: port)
                #expect(answer.status == 200)
                #expect(answer.text == body)
            }
        }
    }

    @Test("an external metric prints as a table for kubectl")
    func table() async throws {
        let fixture = try APIFixture(Fleet.recorded)
        try await withServer(fixture.server, bound: fixture.server.bound) { port in
            let accept =
                "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;"
                + "g=meta.k8s.io,application/json"
            let response = try await fixture.request(
                "/apis/external.metrics.k8s.io/v1beta1/namespaces/demo/claude_queue_depth?limit=500",
                port: port,
                headers: APIFixture.hpaHeaders + [HTTPHeader(name: "Accept", value: accept)],
                certificate: "front-proxy-client"
            )
            let root = try #require(
                try JSONSerialization.jsonObject(with: Data(response.body)) as? [String: Any]
            )
            #expect(root["kind"] as? String == "Table")
            #expect(root["apiVersion"] as? String == "meta.k8s.io/v1")
            let rows = try #require(root["rows"] as? [[String: Any]])
            #expect(
                rows.map { ($0["cells"] as? [String] ?? []).prefix(3) } == [
                    ["claude_queue_depth", "queue=work", "42"], ["claude_queue_depth", "queue=other", "43"],
                ]
            )
        }
    }

    @Test("every recorded request of the HPA gets an answer or a reason")
    func hpaRequests() async throws {
        let fixture = try APIFixture(Fleet.recorded)
        try await withServer(fixture.server, bound: fixture.server.bound) { port in
            let namespaced = "\(Self.root)/v1beta2/namespaces/demo"
            for (target, status) in [
                ("\(namespaced)/pods/%2A/claude_busy_pods?labelSelector=app%3Dclaude-agent", 200),
                ("\(namespaced)/services/front/claude_active_sessions", 200),
                ("\(namespaced)/deployments.apps/agents/claude_open_turns", 200),
                ("\(namespaced)/nodes/fake-node-0/claude_tokens_per_minute", 200),
                ("\(namespaced)/metrics/claude_queue_depth", 200),
                ("\(namespaced)/ingresses.networking.k8s.io/x/claude_tokens_per_minute", 404),
                ("\(namespaced)/horizontalpodautoscalers.autoscaling/x/claude_tokens_per_minute", 404),
                ("\(namespaced)/pods/%2A/claude_queue_depth?labelSelector=app%3Dclaude-agent", 404),
                ("\(namespaced)/metrics/claude_token_headroom_ratio", 404),
                ("\(namespaced)/pods/%2/claude_tokens_per_minute", 400),
            ] {
                let answer = try await fixture.ask(target, port: port)
                #expect(answer.status == status, "\(target): \(answer.text)")
            }
            let text = try await fixture.ask("\(namespaced)/pods/%2A/claude_queue_depth", port: port).text
            #expect(text.contains("is not known of any of the 2 matching pods in namespace demo"))
        }
    }

    @Test("objects of any kind are described by their own kind; a kind that leads nowhere is told what does")
    func anyObject() async throws {
        var fleet = Fleet.recorded
        let kind = ObjectKind("Rollout", group: "argoproj.io", version: "v1alpha1")
        let rollout = ObjectReference(kind: kind, namespace: "demo", name: "agents")
        for index in fleet.pods.indices { fleet.pods[index].owners = [rollout] }
        fleet.relations.owners = [rollout]
        let service = ObjectReference(kind: .service, namespace: "demo", name: "front")
        fleet.relations.ingresses[ObjectReference(kind: .ingress, namespace: "demo", name: "entry")] = [service]
        let fixture = try APIFixture(fleet)
        try await withServer(fixture.server, bound: fixture.server.bound) { port in
            let namespaced = "\(Self.root)/v1beta2/namespaces/demo"
            let metric = "claude_tokens_per_minute"
            for name in ["agents", "%2A"] {
                let answer = try await fixture.ask("\(namespaced)/rollouts.argoproj.io/\(name)/\(metric)", port: port)
                let described =
                    #"{"kind":"Rollout","namespace":"demo","name":"agents","apiVersion":"argoproj.io/v1alpha1"}"#
                #expect(answer.status == 200 && answer.text.contains(described), "\(answer.text)")
                #expect(answer.text.contains(#""value":"501k""#), "\(answer.text)")
            }
            let ingress = try await fixture.ask("\(namespaced)/ingresses.networking.k8s.io/entry/\(metric)", port: port)
            #expect(ingress.text.contains(#""kind":"Ingress""#) && ingress.text.contains(#""value":"501k""#))
            let widget = try await fixture.ask("\(namespaced)/widgets.example.com/w/\(metric)", port: port)
            #expect(widget.status == 404)
            #expect(widget.text.contains("no pod belongs to an object of that kind; what leads to pods are pods"))
            #expect(widget.text.contains("and whatever owns pods"))
        }
    }

    @Test("every external metric has a kind of its own: kubectl goes from a resource to its kind and back")
    func kindPerMetric() async throws {
        let fixture = try APIFixture(Fleet.recorded)
        struct List: Decodable {
            struct Resource: Decodable {
                var name: String
                var kind: String
            }
            var resources: [Resource]
        }
        try await withServer(fixture.server, bound: fixture.server.bound) { port in
            let answer = try await fixture.ask("/apis/external.metrics.k8s.io/v1beta1", port: port)
            let resources = try JSONDecoder().decode(List.self, from: Data(answer.text.utf8)).resources
            #expect(resources.count == ServedMetric.allCases.count)
            #expect(Set(resources.map(\.kind)).count == resources.count)
            #expect(resources.contains { $0.name == "claude_queue_depth" && $0.kind == "ClaudeQueueDepth" })
        }
    }

    @Test("discovery answers before anything was counted")
    func discoveryFirst() async throws {
        var fleet = Fleet()
        fleet.snapshot = Snapshot()
        fleet.isSynced = false
        let fixture = try APIFixture(fleet)
        try await withServer(fixture.server, bound: fixture.server.bound) { port in
            for path in [
                "/apis", "/apis/custom.metrics.k8s.io", "/apis/custom.metrics.k8s.io/v1beta1",
                "/apis/custom.metrics.k8s.io/v1beta2", "/apis/external.metrics.k8s.io/v1beta1", "/openapi/v2",
                "/openapi/v3", "/openapi/v3/apis/custom.metrics.k8s.io/v1beta2", "/version",
            ] {
                let answer = try await fixture.ask(path, port: port)
                #expect(answer.status == 200, "\(path)")
                #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(answer.text.utf8)) }
                #expect(!answer.text.contains("\"list\""), "verbs are get only")
            }
            let answer = try await fixture.ask(
                "\(Self.root)/v1beta2/namespaces/demo/pods/%2A/claude_tokens_per_minute",
                port: port
            )
            #expect(answer.status == 404)
            #expect(answer.text.contains("has just started"))
        }
    }

    @Test("an OpenAPI document under its own hash may be kept for ever, under another it may not")
    func openAPIHash() async throws {
        let fixture = try APIFixture(Fleet.recorded)
        try await withServer(fixture.server, bound: fixture.server.bound) { port in
            let root = try await fixture.ask("/openapi/v3", port: port).text
            let object =
                try JSONSerialization.jsonObject(with: Data(root.utf8)) as? [String: [String: [String: String]]]
            let paths = try #require(object?["paths"])
            #expect(paths.count == 3)
            for item in paths.values {
                let url = try #require(item["serverRelativeURL"])
                for (target, control) in [(url, "public, immutable"), (url + "0", "no-cache, private")] {
                    let response = try await fixture.request(
                        target,
                        port: port,
                        headers: APIFixture.hpaHeaders,
                        certificate: "front-proxy-client"
                    )
                    #expect(response.status == 200)
                    #expect(response.head.headers.value(of: "cache-control") == control)
                }
            }
        }
    }

    @Test("what the HPA was told shows on /metrics")
    func servedValues() async throws {
        let fixture = try APIFixture(Fleet.recorded)
        try await withServer(fixture.server, bound: fixture.server.bound) { port in
            _ = try await fixture.ask(
                "\(Self.root)/v1beta2/namespaces/demo/pods/%2A/claude_tokens_per_minute",
                port: port
            )
            _ = try await fixture.ask("\(Self.root)/v1beta2/namespaces/demo/pods/%2A/nope", port: port)
        }
        let text = String(decoding: fixture.exposition.respond(HTTPCall(target: "/metrics")).body, as: UTF8.self)
        let labels = #"{metric="claude_tokens_per_minute",namespace="demo",resource="pods",name="*"}"#
        #expect(text.contains("tokenscale_served_value\(labels) 501000\n"))
        #expect(text.contains("tokenscale_served_items\(labels) 2\n"))
        #expect(text.contains("tokenscale_metric_age_seconds\(labels) 0\n"))
        #expect(
            text.contains(#"tokenscale_metrics_api_requests_total{metric="claude_tokens_per_minute",code="200"} 1"#)
        )
        #expect(text.contains(#"tokenscale_metrics_api_requests_total{metric="",code="404"} 1"#))
    }
}
