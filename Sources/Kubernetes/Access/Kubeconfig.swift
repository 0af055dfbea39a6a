import CurlHTTP
import FoundationEssentials

/// A kubeconfig file. Only the executable parses YAML; it decodes this type and asks it for a cluster.
/// <https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/>
package struct Kubeconfig: Decodable, Sendable {
    struct Named<Value: Decodable & Sendable>: Sendable {
        var name: String
        var value: Value
    }

    struct Cluster: Decodable, Sendable {
        var server: String?
        var certificateAuthority: String?
        var certificateAuthorityData: String?
        var insecureSkipTLSVerify: Bool?
        var tlsServerName: String?
        var proxyURL: String?

        enum CodingKeys: String, CodingKey {
            case server
            case certificateAuthority = "certificate-authority"
            case certificateAuthorityData = "certificate-authority-data"
            case insecureSkipTLSVerify = "insecure-skip-tls-verify"
            case tlsServerName = "tls-server-name"
            case proxyURL = "proxy-url"
        }
    }

    struct User: Decodable, Sendable {
        struct Present: Decodable, Sendable {}

        var clientCertificate: String?
        var clientCertificateData: String?
        var clientKey: String?
        var clientKeyData: String?
        var token: String?
        var tokenFile: String?
        var username: String?
        var exec: Present?
        var authProvider: Present?

        enum CodingKeys: String, CodingKey {
            case clientCertificate = "client-certificate"
            case clientCertificateData = "client-certificate-data"
            case clientKey = "client-key"
            case clientKeyData = "client-key-data"
            case token, tokenFile, username, exec
            case authProvider = "auth-provider"
        }
    }

    struct Context: Decodable, Sendable {
        var cluster: String
        var user: String?
        var namespace: String?
    }

    private struct ClusterEntry: Decodable {
        var name: String
        var cluster: Cluster
    }

    private struct UserEntry: Decodable {
        var name: String
        var user: User?
    }

    private struct ContextEntry: Decodable {
        var name: String
        var context: Context
    }

    private enum CodingKeys: String, CodingKey {
        case clusters, users, contexts
        case currentContext = "current-context"
    }

    let currentContext: String?
    let clusters: [Named<Cluster>]
    let users: [Named<User>]
    let contexts: [Named<Context>]

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.currentContext = try container.decodeIfPresent(String.self, forKey: .currentContext)
        self.clusters = try (container.decodeIfPresent([ClusterEntry].self, forKey: .clusters) ?? [])
            .map { Named(name: $0.name, value: $0.cluster) }
        self.users = try (container.decodeIfPresent([UserEntry].self, forKey: .users) ?? [])
            .map { Named(name: $0.name, value: $0.user ?? User()) }
        self.contexts = try (container.decodeIfPresent([ContextEntry].self, forKey: .contexts) ?? [])
            .map { Named(name: $0.name, value: $0.context) }
    }
}

extension Kubeconfig {
    /// - Parameters:
    ///   - context: `nil`: the file's `current-context`.
    ///   - directory: the folder of the file, which relative paths in it start from.
    /// - Throws: `configuration`, with what to change.
    package func cluster(
        context name: String? = nil,
        directory: String
    ) throws(KubernetesError) -> ClusterConfiguration {
        guard let name = name ?? self.currentContext, !name.isEmpty else {
            throw .configuration("the kubeconfig has no current-context; set one with kubectl config use-context")
        }
        let context = try Self.find(name, in: self.contexts, "context")
        let cluster = try Self.find(context.cluster, in: self.clusters, "cluster")
        let user = try context.user.map { user throws(KubernetesError) in
            try Self.find(user, in: self.users, "user")
        }
        let files = FileResolver(directory: directory)
        var result = try Self.server(of: cluster, name: context.cluster)
        result.namespace = context.namespace.flatMap { $0.isEmpty ? nil : $0 } ?? "default"
        result.proxyURL = cluster.proxyURL
        result.tls.authorities = try files.pem(cluster.certificateAuthority, data: cluster.certificateAuthorityData)
        guard let user, let userName = context.user else { return result }
        try Self.refuseUnsupported(user, name: userName)
        result.tls.certificateChain = try files.pem(user.clientCertificate, data: user.clientCertificateData)
        result.tls.privateKey = try files.pem(user.clientKey, data: user.clientKeyData)
        guard (result.tls.certificateChain == nil) == (result.tls.privateKey == nil) else {
            throw .configuration("user \"\(userName)\" has only one of client certificate and client key; give both")
        }
        // client-go: the file wins over the text.
        if let file = user.tokenFile, !file.isEmpty {
            let path = files.absolute(file)
            guard FileManager.default.isReadableFile(atPath: path) else {
                throw .configuration("user \"\(userName)\" names the tokenFile \(path), which cannot be read")
            }
            result.token = .file(path)
        } else if let token = user.token, !token.isEmpty {
            result.token = .text(token)
        }
        return result
    }

    private static func find<Value>(
        _ name: String,
        in list: [Named<Value>],
        _ kind: String
    ) throws(KubernetesError) -> Value {
        guard let entry = list.first(where: { $0.name == name }) else {
            let known = list.map(\.name).joined(separator: ", ")
            throw .configuration(
                "the kubeconfig has no \(kind) \"\(name)\"; it has \(known.isEmpty ? "none" : known)"
            )
        }
        return entry.value
    }

    private static func server(of cluster: Cluster, name: String) throws(KubernetesError) -> ClusterConfiguration {
        guard var server = cluster.server, server.hasPrefix("https://") else {
            throw .configuration("cluster \"\(name)\" has no https:// server; credentials are sent over TLS only")
        }
        guard cluster.insecureSkipTLSVerify != true else {
            throw .configuration(
                "cluster \"\(name)\" sets insecure-skip-tls-verify, which is refused; give certificate-authority"
            )
        }
        guard cluster.tlsServerName == nil else {
            throw .configuration("cluster \"\(name)\" sets tls-server-name, which is not supported; use its DNS name")
        }
        while server.hasSuffix("/") { server.removeLast() }
        return ClusterConfiguration(server: server)
    }

    private static func refuseUnsupported(_ user: User, name: String) throws(KubernetesError) {
        let instead = "use a token instead: kubectl create token SERVICEACCOUNT, then users[].user.tokenFile"
        if user.exec != nil {
            throw .configuration("user \"\(name)\" needs an exec plugin, and tokenscale runs no programs; \(instead)")
        }
        if user.authProvider != nil {
            throw .configuration("user \"\(name)\" needs an auth-provider, which Kubernetes removed; \(instead)")
        }
        if user.username != nil {
            throw .configuration("user \"\(name)\" has a password, which Kubernetes no longer takes; \(instead)")
        }
    }
}

/// Certificates and keys of a kubeconfig: base64 in the file, or a path.
private struct FileResolver {
    var directory: String

    func absolute(_ path: String) -> String { path.hasPrefix("/") ? path : "\(self.directory)/\(path)" }

    /// client-go: the data wins over the file.
    func pem(_ path: String?, data: String?) throws(KubernetesError) -> PEMSource? {
        if let data, !data.isEmpty {
            guard let bytes = Data(base64Encoded: data), let text = String(bytes: bytes, encoding: .utf8) else {
                throw .configuration("a …-data field of the kubeconfig is not base64 of PEM text")
            }
            return .text(text)
        }
        guard let path, !path.isEmpty else { return nil }
        let file = self.absolute(path)
        guard FileManager.default.isReadableFile(atPath: file) else {
            throw .configuration("the kubeconfig names \(file), which cannot be read")
        }
        return .file(file)
    }
}
