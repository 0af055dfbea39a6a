package import CurlHTTP
import FoundationEssentials

/// How to reach an API server and who we are there.
package struct ClusterConfiguration: Equatable, Sendable {
    package enum Token: Equatable, Sendable {
        case none
        case text(String)
        /// Read anew for every request: projected tokens are replaced in place about once an hour.
        case file(String)
    }

    /// `https://HOST[:PORT]`, without a trailing slash.
    package var server: String
    package var tls = TLSOptions()
    package var token = Token.none
    /// The namespace we run in, or that of the kubeconfig's context.
    package var namespace = "default"
    /// `clusters[].cluster.proxy-url`
    package var proxyURL: String?

    package init(server: String) { self.server = server }

    /// The service account that Kubernetes mounts into each pod.
    package static let serviceAccountDirectory = "/var/run/secrets/kubernetes.io/serviceaccount"

    /// From inside a pod. The certificate authority and the token stay files: both are rotated.
    ///
    /// - Returns: `nil` outside a cluster: `KUBERNETES_SERVICE_HOST` is not set.
    /// - Throws: `configuration` when the variables are there but the service account is not.
    package static func inCluster(
        environment: [String: String],
        directory: String = serviceAccountDirectory
    ) throws(KubernetesError) -> ClusterConfiguration? {
        guard let host = environment["KUBERNETES_SERVICE_HOST"], !host.isEmpty else { return nil }
        let port = environment["KUBERNETES_SERVICE_PORT"].flatMap { $0.isEmpty ? nil : $0 } ?? "443"
        var result = ClusterConfiguration(server: "https://\(host.contains(":") ? "[\(host)]" : host):\(port)")
        for file in ["token", "ca.crt"] {
            guard FileManager.default.isReadableFile(atPath: "\(directory)/\(file)") else {
                throw .configuration(
                    "\(directory)/\(file) cannot be read; set automountServiceAccountToken: true in the pod"
                )
            }
        }
        result.tls.authorities = .file("\(directory)/ca.crt")
        result.token = .file("\(directory)/token")
        if let namespace = try? SmallFile.read("\(directory)/namespace").trimmed, !namespace.isEmpty {
            result.namespace = namespace
        }
        return result
    }
}
