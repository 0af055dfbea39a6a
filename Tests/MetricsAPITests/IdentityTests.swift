import CurlHTTP
import Foundation
import MetricsAPI
import Testing
import TokenscaleCore

@Suite("Identity, over TLS")
struct IdentityTests {
    static let metric = "/apis/custom.metrics.k8s.io/v1beta2/namespaces/demo/services/front/claude_tokens_per_minute"

    @Test("the questions to the API server are those of the reference")
    func accessRequests() async throws {
        let fixture = try APIFixture(Fleet.recorded)
        try await withServer(fixture.server, bound: fixture.server.bound) { port in
            let root = "/apis/custom.metrics.k8s.io/v1beta2"
            _ = try await fixture.ask("\(root)/namespaces/demo/pods/%2A/claude_tokens_per_minute", port: port)
            _ = try await fixture.ask(
                "\(root)/namespaces/demo/deployments.apps/agents/claude_tokens_per_minute",
                port: port
            )
            _ = try await fixture.ask("\(root)/namespaces/demo/metrics/claude_tokens_per_minute", port: port)
            _ = try await fixture.ask("\(root)/nodes/n/claude_tokens_per_minute", port: port)
            _ = try await fixture.ask(
                "/apis/external.metrics.k8s.io/v1beta1/namespaces/demo/claude_queue_depth?labelSelector=queue%3Dwork",
                port: port
            )
            _ = try await fixture.ask("/apis", port: port)
        }
        let selector = LabelSelector(requirements: [.init(key: "queue", operation: .isIn(["work"]))])
        let expected: [(String, AccessRequest.Target)] = [
            ("get", Self.target("demo", "pods", "*", "claude_tokens_per_minute")),
            ("get", Self.target("demo", "deployments.apps", "agents", "claude_tokens_per_minute")),
            ("get", Self.target("demo", "metrics", "claude_tokens_per_minute", "")),
            ("get", Self.target("", "nodes", "n", "claude_tokens_per_minute")),
            (
                "list",
                .resource(
                    group: "external.metrics.k8s.io",
                    version: "v1beta1",
                    namespace: "demo",
                    resource: "claude_queue_depth",
                    subresource: "",
                    name: "",
                    labelSelector: selector
                )
            ),
            ("get", .path("/apis")),
        ]
        #expect(fixture.reviewer.requests.map(\.verb) == expected.map(\.0))
        #expect(fixture.reviewer.requests.map(\.target) == expected.map(\.1))
    }

    private static func target(
        _ namespace: String,
        _ resource: String,
        _ name: String,
        _ subresource: String
    ) -> AccessRequest.Target {
        .resource(
            group: "custom.metrics.k8s.io",
            version: "v1beta2",
            namespace: namespace,
            resource: resource,
            subresource: subresource,
            name: name,
            labelSelector: nil
        )
    }

    @Test("the front proxy's headers make the user, extras and uid included")
    func proxiedUser() async throws {
        let fixture = try APIFixture(Fleet.recorded)
        try await withServer(fixture.server, bound: fixture.server.bound) { port in
            let headers = [
                HTTPHeader(name: "X-Remote-User", value: "jane"), HTTPHeader(name: "X-Remote-Uid", value: "u-1"),
                HTTPHeader(name: "X-Remote-Group", value: "dev-team"), HTTPHeader(name: "X-Remote-Group", value: "ops"),
                HTTPHeader(name: "X-Remote-Extra-Authentication.kubernetes.io%2fcredential-Id", value: "JTI=1"),
                HTTPHeader(name: "X-Remote-Extra-Scopes", value: "a"),
                HTTPHeader(name: "X-Remote-Extra-Scopes", value: "b"),
            ]
            let certificate = "front-proxy-client"
            _ = try await fixture.request(Self.metric, port: port, headers: headers, certificate: certificate)
        }
        let user = try #require(fixture.reviewer.requests.first?.user)
        #expect(user.name == "jane")
        #expect(user.uid == "u-1")
        #expect(user.groups == ["dev-team", "ops", "system:authenticated"])
        #expect(user.extra == ["authentication.kubernetes.io/credential-id": ["JTI=1"], "scopes": ["a", "b"]])
    }

    @Test("the aggregator's calls without a group count as authenticated")
    func addsGroup() async throws {
        let fixture = try APIFixture(Fleet.recorded)
        try await withServer(fixture.server, bound: fixture.server.bound) { port in
            let headers = [HTTPHeader(name: "X-Remote-User", value: "system:aggregator")]
            let certificate = "front-proxy-client"
            for path in ["/openapi/v2", "/openapi/v3", "/apis/custom.metrics.k8s.io/v1beta1"] {
                let response = try await fixture.request(path, port: port, headers: headers, certificate: certificate)
                #expect(response.status == 200)
            }
        }
        #expect(fixture.reviewer.requests.allSatisfy { $0.user.groups == ["system:authenticated"] })
    }

    @Test(
        "a certificate that proves nothing is refused, even on health paths",
        arguments: ["stranger", "expired", "apiserver", "front-proxy-badname"]
    )
    func refuses(certificate: String) async throws {
        let fixture = try APIFixture(Fleet.recorded)
        try await withServer(fixture.server, bound: fixture.server.bound) { port in
            for path in [Self.metric, "/healthz"] {
                let response = try await fixture.request(path, port: port, certificate: certificate)
                #expect(response.status == 401)
            }
            let anonymous = try await fixture.request("/healthz", port: port)
            #expect(anonymous.status == 200)
        }
    }

    @Test("a certificate without extended key usages is accepted, as in Go")
    func noUsage() async throws {
        let fixture = try APIFixture(Fleet.recorded)
        try await withServer(fixture.server, bound: fixture.server.bound) { port in
            let response = try await fixture.request(Self.metric, port: port, certificate: "no-usage")
            #expect(response.status == 200)
        }
    }

    @Test("a good token counts even beside a certificate that does not")
    func tokenBesideCertificate() async throws {
        let fixture = try APIFixture(Fleet.recorded)
        try await withServer(fixture.server, bound: fixture.server.bound) { port in
            let headers = [HTTPHeader(name: "Authorization", value: "Bearer <token>")]
            let response = try await fixture.request(
                "/apis",
                port: port,
                headers: headers,
                certificate: "stranger"
            )
            #expect(response.status == 200)
        }
    }

    @Test("when the API server cannot be asked, discovery is served and values are a 500 in words")
    func reviewerFails() async throws {
        let fixture = try APIFixture(Fleet.recorded)
        fixture.reviewer.fail(with: AccessReviewError(message: "the API server timed out", isRetryable: true))
        try await withServer(fixture.server, bound: fixture.server.bound) { port in
            for path in ["/apis", "/apis/custom.metrics.k8s.io/v1beta2", "/openapi/v2", "/version", "/healthz"] {
                #expect(try await fixture.ask(path, port: port).status == 200, "\(path)")
            }
            let value = try await fixture.ask(Self.metric, port: port)
            #expect(value.status == 500)
            #expect(value.text == "Internal Server Error: \"\(Self.metric)\": the API server timed out\n")
        }
    }

    @Test("without a cluster whoever can connect may read")
    func withoutCluster() async throws {
        let fixture = try APIFixture(Fleet.recorded, hasCluster: false)
        try await withServer(fixture.server, bound: fixture.server.bound) { port in
            for path in [Self.metric, "/metrics"] {
                let response = try await fixture.request(path, port: port)
                #expect(response.status == 200, "\(path)")
            }
        }
    }
}
