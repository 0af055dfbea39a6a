import CurlHTTP
import Foundation
import Kubernetes
import Testing

@testable import tokenscale

@Suite("Doctor command")
struct DoctorCommandTests {
    private let finding = Finding(.error, check: "rbac", object: "this user", problem: "may not", fix: "grant it")

    @Test("a finding is told with its object and its fix")
    func text() {
        let expected = "ERROR [rbac] this user\n    may not\n    fix: grant it"
        #expect(DoctorCommand.text([self.finding]) == expected)
        #expect(DoctorCommand.text([]) == "Everything is in order.")
    }

    @Test("findings are JSON for scripts")
    func json() throws {
        let lines = try JSONDecoder().decode(
            [[String: String]].self,
            from: Data(DoctorCommand.json([self.finding]).utf8)
        )
        #expect(
            lines == [
                ["severity": "error", "check": "rbac", "object": "this user", "problem": "may not", "fix": "grant it"]
            ]
        )
    }

    @Test("names that are not NAMESPACE/NAME are refused", arguments: ["tokenscale", "/x", "x/", "a/b/c", ""])
    func names(text: String) {
        #expect(DoctorCommand.parts(text) == nil)
        #expect(DoctorCommand.parts("a/b")?.namespace == "a" && DoctorCommand.parts("a/b")?.name == "b")
    }

    @Test("a kubeconfig is read as YAML, and its content is not in the error")
    func kubeconfig() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "kubeconfig-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        let text = """
            apiVersion: v1
            kind: Config
            current-context: main
            clusters: [{name: c, cluster: {server: "https://10.0.0.1:6443"}}]
            users:
            - name: u
              user:
                token: s3cret
            contexts:
            - context: {cluster: c, user: u, namespace: agents}
              name: main
            """
        try Data(text.utf8).write(to: file)
        let cluster = try ClusterAccess.find(kubeconfig: file.path, environment: [:])
        #expect(cluster?.server == "https://10.0.0.1:6443")
        #expect(cluster?.token == .text("s3cret") && cluster?.namespace == "agents")
        try Data(text.replacing("clusters: [", with: "clusters: {s3cret: [").utf8).write(to: file)
        let error = #expect(throws: KubernetesError.self) {
            try ClusterAccess.find(kubeconfig: file.path, environment: [:])
        }
        #expect(error?.description.contains("s3cret") == false)
        for (path, part) in [("/nowhere", "it is missing, or this user may not read it"), ("/a:/b", "several files")] {
            let missing = #expect(throws: KubernetesError.self) {
                try ClusterAccess.find(kubeconfig: path, environment: [:])
            }
            #expect(missing?.description.contains(part) == true)
        }
        try Data([0xff, 0xfe, 0x00, 0x80]).write(to: file)
        let binary = #expect(throws: KubernetesError.self) {
            try ClusterAccess.find(kubeconfig: file.path, environment: [:])
        }
        #expect(binary?.description.contains("it is not text") == true)
        #expect(try ClusterAccess.find(kubeconfig: nil, environment: [:]) == nil)
    }

    @Test(
        "an API server that does not answer is named with what to look at",
        arguments: [
            (KubernetesError.transport(.connectionFailed), "Is https://h:6443 running, and open from here"),
            (.transport(.nameNotResolved), "clusters[].cluster.server (https://h:6443)"),
            (.transport(.serverUntrusted), "certificate-authority that of this cluster"),
            (.transport(.credentialUnreadable(errorNumber: 2)), "tokenFile must be readable"),
            (.status(code: 401, reason: "Unauthorized", message: ""), "renew them"),
            (.status(code: 403, reason: "Forbidden", message: ""), "may list pods"), (.configuration("x"), ""),
        ]
    )
    func advice(error: KubernetesError, part: String) {
        let advice = DoctorCommand.advice(error, server: "https://h:6443")
        #expect(part.isEmpty ? advice.isEmpty : advice.contains(part))
    }
}
