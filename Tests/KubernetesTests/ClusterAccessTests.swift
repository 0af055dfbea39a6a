import CurlHTTP
import Foundation
import TestSupport
import Testing

@testable import Kubernetes

@Suite("Cluster access")
struct ClusterAccessTests {
    private static let base = """
        {"apiVersion": "v1", "kind": "Config", "current-context": "main",
         "clusters": [{"name": "prod", "cluster": {"server": "https://10.0.0.1:6443/", "CLUSTER": 1}}],
         "contexts": [{"name": "main", "context": {"cluster": "prod", "user": "me", "namespace": "agents"}}],
         "users": [{"name": "me", "user": {"USER": 1}}]}
        """

    private static func kubeconfig(cluster: String = "", user: String = "") throws -> Kubeconfig {
        let text = Self.base.replacing(", \"CLUSTER\": 1", with: cluster.isEmpty ? "" : ", " + cluster)
            .replacing("\"USER\": 1", with: user)
        return try JSONDecoder().decode(Kubeconfig.self, from: Data(text.utf8))
    }

    @Test("server, namespace, embedded certificates and token are taken over")
    func embedded() throws {
        let encoded = Data("PEM".utf8).base64EncodedString()
        let cluster = try Self.kubeconfig(
            cluster: "\"certificate-authority-data\": \"\(encoded)\", \"proxy-url\": \"http://proxy:1\"",
            user: """
                "client-certificate-data": "\(encoded)", "client-key-data": "\(encoded)", "token": "secret"
                """
        ).cluster(directory: "/nowhere")
        #expect(cluster.server == "https://10.0.0.1:6443")
        #expect(cluster.namespace == "agents")
        #expect(cluster.proxyURL == "http://proxy:1")
        #expect(
            cluster.tls
                == TLSOptions(authorities: .text("PEM"), certificateChain: .text("PEM"), privateKey: .text("PEM"))
        )
        #expect(cluster.token == .text("secret"))
    }

    @Test("relative paths start from the folder of the file, and a token file wins over a token")
    func files() throws {
        let directory = try TemporaryDirectory()
        try directory.write("PEM", to: "ca.crt")
        try directory.write("token", to: "token")
        let kubeconfig = try Self.kubeconfig(
            cluster: "\"certificate-authority\": \"ca.crt\"",
            user: "\"token\": \"text\", \"tokenFile\": \"token\""
        )
        let cluster = try kubeconfig.cluster(directory: directory.url.path)
        #expect(cluster.tls.authorities == .file(directory.path("ca.crt")))
        #expect(cluster.token == .file(directory.path("token")))
    }

    @Test(
        "what is refused is named, with what to do instead",
        arguments: [
            ("", "\"exec\": {\"command\": \"aws\"}", "exec plugin"),
            ("", "\"auth-provider\": {\"name\": \"gcp\"}", "auth-provider"),
            ("", "\"username\": \"admin\", \"password\": \"hunter2\"", "password"),
            ("", "\"client-certificate-data\": \"UEVN\"", "give both"),
            ("", "\"client-certificate-data\": \"***\", \"client-key-data\": \"UEVN\"", "not base64"),
            ("", "\"tokenFile\": \"/nowhere/token\"", "names the tokenFile /nowhere/token"),
            ("\"insecure-skip-tls-verify\": true", "", "insecure-skip-tls-verify"),
            ("\"tls-server-name\": \"other\"", "", "tls-server-name"),
            ("\"certificate-authority\": \"/nowhere/ca.crt\"", "", "/nowhere/ca.crt"),
        ]
    )
    func refused(cluster: String, user: String, expected: String) throws {
        let kubeconfig = try Self.kubeconfig(cluster: cluster, user: user)
        let error = #expect(throws: KubernetesError.self) { try kubeconfig.cluster(directory: "/") }
        guard case .configuration(let text) = error else {
            Issue.record("not a configuration error")
            return
        }
        #expect(text.contains(expected))
        #expect(!text.contains("hunter2"))
    }

    @Test("a context that is missing is answered with those that exist")
    func contexts() throws {
        let kubeconfig = try Self.kubeconfig()
        #expect(throws: KubernetesError.configuration("the kubeconfig has no context \"other\"; it has main")) {
            try kubeconfig.cluster(context: "other", directory: "/")
        }
        let empty = try JSONDecoder().decode(Kubeconfig.self, from: Data("{}".utf8))
        #expect(throws: KubernetesError.self) { try empty.cluster(directory: "/") }
    }

    @Test("an http server is refused: a token would travel in the clear")
    func plainHTTP() throws {
        let text = Self.base.replacing("https://", with: "http://").replacing(", \"CLUSTER\": 1", with: "")
            .replacing("\"USER\": 1", with: "")
        let kubeconfig = try JSONDecoder().decode(Kubeconfig.self, from: Data(text.utf8))
        #expect(throws: KubernetesError.self) { try kubeconfig.cluster(directory: "/") }
    }

    @Test("in a pod the service account is used; outside there is no cluster; half of it is an error")
    func inCluster() throws {
        #expect(try ClusterConfiguration.inCluster(environment: [:]) == nil)
        let directory = try TemporaryDirectory()
        let environment = ["KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "6443"]
        #expect(throws: KubernetesError.self) {
            try ClusterConfiguration.inCluster(environment: environment, directory: directory.url.path)
        }
        for (name, text) in [("token", "t"), ("ca.crt", "c"), ("namespace", "tokenscale\n")] {
            try directory.write(text, to: name)
        }
        let cluster = try ClusterConfiguration.inCluster(environment: environment, directory: directory.url.path)
        #expect(cluster?.server == "https://[fd00::1]:6443")
        #expect(cluster?.namespace == "tokenscale")
        #expect(cluster?.token == .file(directory.path("token")))
        #expect(cluster?.tls.authorities == .file(directory.path("ca.crt")))
    }

    @Test("a token file that changes is used by the next request")
    func tokenRotation() async throws {
        let server = try await APIServerDouble.started()
        let directory = try TemporaryDirectory()
        var cluster = server.cluster
        cluster.token = .file(directory.path("token"))
        let client = KubernetesClient(cluster, userAgent: "t", proxy: .direct)
        for token in ["first", "second"] {
            try directory.write(token, to: "token")
            server.change { $0.requiredToken = token }
            _ = try await client.get(ObjectList<MetadataObject>.self, "/api/v1/pods")
        }
        try await server.stop()
    }

    @Test("a client certificate of the kubeconfig opens a cluster that wants one")
    func clientCertificate() async throws {
        let server = try await APIServerDouble.started(needsClientCertificate: true)
        var cluster = server.cluster
        await #expect(throws: KubernetesError.self) {
            try await KubernetesClient(cluster, userAgent: "t", proxy: .direct)
                .get(ObjectList<MetadataObject>.self, "/api/v1/pods")
        }
        cluster.tls.certificateChain = .text(try server.certificates.text(of: "client.crt"))
        cluster.tls.privateKey = .text(try server.certificates.text(of: "client.key"))
        let list = try await KubernetesClient(cluster, userAgent: "t", proxy: .direct)
            .get(ObjectList<MetadataObject>.self, "/api/v1/pods")
        #expect(list.items.isEmpty)
        try await server.stop()
    }

    @Test("errors of the API server keep their reason and message")
    func status() async throws {
        let server = try await APIServerDouble.started()
        server.fail(.status(403, reason: "Forbidden"), path: "/api/v1/pods")
        server.fail(.status(410, reason: "Expired"), path: "/api/v1/pods")
        server.fail(.body("<html>"), path: "/api/v1/pods")
        let client = server.client
        let expected: [KubernetesError] = [
            .status(code: 403, reason: "Forbidden", message: "injected"), .expired,
            .undecodable("a ObjectList<MetadataObject>"),
        ]
        for error in expected {
            await #expect(throws: error) { try await client.get(ObjectList<MetadataObject>.self, "/api/v1/pods") }
        }
        try await server.stop()
    }
}
