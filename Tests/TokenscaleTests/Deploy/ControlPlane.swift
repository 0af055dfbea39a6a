import Foundation

@testable import tokenscale

/// A real control plane without nodes (`Tests/Tools/control-plane`), on which this program stands in for the kubelet,
/// and for the pods of `Deploy/base`.
struct ControlPlane: Sendable {
    /// Where the cluster's Service `tokenscale` leads to, on this machine: `127.100.200.10:443`. `nil`: not such a
    /// cluster.
    static let serviceAddress = ProcessInfo.processInfo.environment["TOKENSCALE_TEST_SERVICE_ADDRESS"]
    static let node = "node-1"

    let kubeconfig: String
    let folder: URL
    private let kubectl: URL
    let apiVersions: Set<String>

    init(kubeconfig: String) async throws {
        self.kubeconfig = kubeconfig
        self.folder = FileManager.default.temporaryDirectory.appending(path: "control-plane-\(UUID())")
        try FileManager.default.createDirectory(at: self.folder, withIntermediateDirectories: true)
        guard let kubectl = Program.find("kubectl") else { throw ProgramError(description: "kubectl is not installed") }
        self.kubectl = kubectl
        let arguments = ["--kubeconfig", kubeconfig, "api-versions"]
        let versions = try await Program.run(kubectl, arguments).output
        self.apiVersions = Set(versions.split(separator: "\n").map(String.init))
    }

    /// - Throws: ``ProgramError`` with what kubectl said.
    @discardableResult
    func kubectl(_ arguments: String...) async throws -> String {
        let result = try await Program.run(self.kubectl, ["--kubeconfig", self.kubeconfig] + arguments)
        guard result.code == 0 else { throw ProgramError(description: "kubectl \(arguments): \(result.error)") }
        return result.output
    }

    /// What kubectl complains of; empty when it does not.
    func complaint(_ arguments: String...) async throws -> String {
        try await Program.run(self.kubectl, arguments).error
    }

    func apply(_ yaml: String) async throws {
        let file = self.folder.appending(path: "\(UUID()).yaml")
        try Data(yaml.utf8).write(to: file)
        try await self.kubectl("apply", "-f", file.path)
    }

    /// `Deploy/base` with what a control plane without nodes needs besides.
    func applyBase(serviceIP: String) async throws {
        try await self.apply("apiVersion: v1\nkind: Node\nmetadata: {name: \(Self.node)}")
        let base = Program.root.appending(path: "Deploy/base")
        try FileManager.default.copyItem(at: base, to: self.folder.appending(path: "base"))
        let withoutBudget = """
              - target: {kind: PodDisruptionBudget}
                patch: '{"$patch": "delete", "kind": "PodDisruptionBudget", "metadata": {"name": "tokenscale"}}'
            """
        let kustomization = """
            resources: [base]
            patches:
              - target: {kind: Service}
                patch: '[{"op": "add", "path": "/spec/clusterIP", "value": "\(serviceIP)"}]'
              - target: {kind: Deployment}
                patch: '[{"op": "add", "path": "/spec/template/spec/nodeName", "value": "\(Self.node)"}]'
            \(self.apiVersions.contains("policy/v1") ? "" : withoutBudget)
            """
        try Data(kustomization.utf8).write(to: self.folder.appending(path: "kustomization.yaml"))
        try await self.kubectl("apply", "-k", self.folder.path)
    }

    /// Without a kubelet nobody but us ends a pod.
    func delete(namespace: String) async throws {
        try await self.kubectl("delete", "deployments,replicasets", "--all", "-n", namespace)
        try await self.kubectl("delete", "pods", "--all", "-n", namespace, "--force", "--grace-period=0")
        try await self.kubectl("delete", "namespace", namespace, "--wait=false", "--ignore-not-found")
    }

    func deleteBase() async throws {
        try await self.delete(namespace: "tokenscale")
        try await self.kubectl("delete", "-k", self.folder.path, "--timeout=60s", "--ignore-not-found")
        try await self.kubectl("delete", "node", Self.node, "--ignore-not-found")
        try FileManager.default.removeItem(at: self.folder)
    }

    /// A kubeconfig of a ServiceAccount, with no more rights than it has.
    func kubeconfig(of account: String, namespace: String) async throws -> String {
        let token = try await self.kubectl("create", "token", account, "-n", namespace)
        let cluster = try await self.kubectl(
            "config",
            "view",
            "--raw",
            "--minify",
            "-o",
            "jsonpath={.clusters[0].cluster}"
        )
        let text = """
            {"apiVersion": "v1", "kind": "Config", "current-context": "c",
             "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
             "clusters": [{"name": "c", "cluster": \(cluster)}],
             "users": [{"name": "u", "user": {"token": "\(token.filter { !$0.isWhitespace })"}}]}
            """
        let file = self.folder.appending(path: "\(account).kubeconfig")
        try Data(text.utf8).write(to: file)
        return file.path
    }

    func pods(_ namespace: String, _ selector: String) async throws -> [String] {
        let names = try await self.kubectl("get", "pods", "-n", namespace, "-l", selector, "-o", "name")
        return names.split(separator: "\n").map { String($0.dropFirst("pod/".count)) }
    }

    /// What a kubelet says of a pod that runs. The addresses are those of RFC 5737: nothing is ever sent to them.
    func start(_ pod: String, _ namespace: String, ip: String) async throws {
        let status = """
            {"status": {"phase": "Running", "podIP": "\(ip)", "podIPs": [{"ip": "\(ip)"}],
             "conditions": [{"type": "Ready", "status": "True"}]}}
            """
        try await self.kubectl(
            "patch",
            "pod",
            pod,
            "-n",
            namespace,
            "--subresource=status",
            "--type=merge",
            "-p",
            status
        )
    }

    func startAll(_ namespace: String, _ selector: String, network: String) async throws -> [String] {
        let pods = try await self.pods(namespace, selector)
        for (index, pod) in pods.enumerated() { try await self.start(pod, namespace, ip: "\(network).\(index + 10)") }
        return pods
    }
}
