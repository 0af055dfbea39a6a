import FoundationEssentials
import Kubernetes
import Yams

/// Finds the cluster to talk to: the kubeconfig that was named, else the pod's service account.
enum ClusterAccess {
    static let userAgent = "tokenscale/\(Version.current)"

    /// - Returns: `nil` when no kubeconfig is named and we are in no pod.
    /// - Throws: `KubernetesError.configuration`, with what to change.
    static func find(
        kubeconfig path: String?,
        context: String? = nil,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(KubernetesError) -> ClusterConfiguration? {
        guard let path, !path.isEmpty else { return try ClusterConfiguration.inCluster(environment: environment) }
        guard let data = FileManager.default.contents(atPath: path) else {
            let hint =
                path.contains(":")
                ? "it names several files; give one with --kubeconfig (kubectl config view --flatten writes one)"
                : "it is missing, or this user may not read it; give another with --kubeconfig FILE"
            throw .configuration("the kubeconfig \(path) cannot be read: \(hint)")
        }
        guard let text = String(bytes: data, encoding: .utf8) else {
            throw .configuration("\(path) is not a kubeconfig: it is not text; give another with --kubeconfig FILE")
        }
        let kubeconfig: Kubeconfig
        do {
            kubeconfig = try YAMLDecoder().decode(Kubeconfig.self, from: text)
        } catch {
            // The parser's message would quote the file, which holds credentials.
            throw .configuration("\(path) is not a kubeconfig: its YAML does not have clusters, users and contexts")
        }
        return try kubeconfig.cluster(context: context, directory: Self.directory(of: path))
    }

    private static func directory(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}
