import HTTPTypes
import Synchronization
import TokenscaleCore

/// Who makes a request. The order and the outcomes are those of the apiserver library's delegated authentication, as
/// recorded: front proxy, client certificate, bearer token, anonymous; a failed attempt without a successful one is
/// refused, even on health paths.
/// <https://github.com/kubernetes/apiserver/blob/v0.36.2/pkg/authentication/authenticatorfactory/delegating.go>
final class RequestAuthenticator: Sendable {
    enum Outcome: Equatable, Sendable {
        case user(UserInfo)
        /// 401.
        case refused
    }

    private struct Verifiers {
        var requestHeader: ClientCertificateVerifier?
        var client: ClientCertificateVerifier?
    }

    private let configuration: @Sendable () -> RequestHeaderConfiguration?
    private let reviewer: (any AccessReviewer)?
    private let verifiers = Mutex(Verifiers())

    static let authenticatedGroup = "system:authenticated"
    static let unauthenticatedGroup = "system:unauthenticated"
    static let anonymous = UserInfo(name: "system:anonymous", groups: [unauthenticatedGroup])

    /// - Parameters:
    ///   - configuration: The current content of ConfigMap `extension-apiserver-authentication`; `nil` until it was
    ///     read.
    ///   - reviewer: Checks bearer tokens; `nil` without a cluster: tokens are not looked at.
    init(
        configuration: @escaping @Sendable () -> RequestHeaderConfiguration?,
        reviewer: (any AccessReviewer)?
    ) {
        self.configuration = configuration
        self.reviewer = reviewer
    }

    func authenticate(_ call: HTTPCall, now: Timestamp) async -> Outcome {
        var isRefused = false
        if let configuration = self.configuration(), !call.certificates.isEmpty {
            let verifiers = self.verifiers(for: configuration)
            if let verifier = verifiers.requestHeader {
                let certificate = await verifier.verify(call.certificates, now: now)
                if let certificate, Self.allows(certificate.commonName, configuration.allowedNames) {
                    if let user = Self.proxiedUser(call, configuration) { return .user(Self.withGroup(user)) }
                } else {
                    isRefused = true
                }
            }
            if let verifier = verifiers.client {
                if let certificate = await verifier.verify(call.certificates, now: now) {
                    return .user(Self.withGroup(Self.user(of: certificate)))
                }
                isRefused = true
            }
        }
        if let token = Self.bearerToken(call), let reviewer {
            // A TokenReview that fails is a 401 in the reference, too.
            if let user = try? await reviewer.authenticate(token: token) { return .user(Self.withGroup(user)) }
            isRefused = true
        }
        return isRefused ? .refused : .user(Self.anonymous)
    }

    private func verifiers(for configuration: RequestHeaderConfiguration) -> Verifiers {
        self.verifiers.withLock { verifiers in
            if verifiers.requestHeader?.authorities != configuration.requestHeaderCA {
                let authorities = configuration.requestHeaderCA
                verifiers.requestHeader = authorities.map { ClientCertificateVerifier(authorities: $0) }
            }
            if verifiers.client?.authorities != configuration.clientCA {
                verifiers.client = configuration.clientCA.map { ClientCertificateVerifier(authorities: $0) }
            }
            return verifiers
        }
    }

    /// No names: any.
    private static func allows(_ commonName: String, _ allowedNames: [String]) -> Bool {
        allowedNames.isEmpty || allowedNames.contains(commonName)
    }

    private static func proxiedUser(_ call: HTTPCall, _ configuration: RequestHeaderConfiguration) -> UserInfo? {
        let name = configuration.usernameHeaders.lazy
            .flatMap { self.values($0, call) }
            .first { !$0.isEmpty }
        guard let name else { return nil }
        var extra: [String: [String]] = [:]
        for field in call.headers {
            let header = field.name.canonicalName
            for prefix in configuration.extraHeaderPrefixes where header.hasPrefix(prefix.lowercased()) {
                let raw = header.dropFirst(prefix.utf8.count)
                // A key that does not decode is used as it is, as the reference does.
                let key = PercentEncoding.decode(raw) ?? String(raw)
                extra[key, default: []].append(field.value)
            }
        }
        return UserInfo(
            name: name,
            uid: configuration.uidHeaders.lazy.flatMap { self.values($0, call) }.first { !$0.isEmpty } ?? "",
            groups: configuration.groupHeaders.flatMap { self.values($0, call) },
            extra: extra
        )
    }

    private static func values(_ name: String, _ call: HTTPCall) -> [String] {
        let lowered = name.lowercased()
        return call.headers.filter { $0.name.canonicalName == lowered }.map(\.value)
    }

    private static func user(of certificate: ClientCertificate) -> UserInfo {
        UserInfo(
            name: certificate.commonName,
            groups: certificate.organisations,
            extra: ["authentication.kubernetes.io/credential-id": ["X509SHA256=\(certificate.fingerprint)"]]
        )
    }

    /// The aggregator's discovery and OpenAPI calls come without any group: they count as authenticated.
    private static func withGroup(_ user: UserInfo) -> UserInfo {
        guard user.name != self.anonymous.name else { return user }
        guard !user.groups.contains(self.authenticatedGroup) else { return user }
        guard !user.groups.contains(self.unauthenticatedGroup) else { return user }
        var user = user
        user.groups.append(self.authenticatedGroup)
        return user
    }

    private static func bearerToken(_ call: HTTPCall) -> String? {
        let value = call.headers[.authorization] ?? ""
        let parts = value.split(separator: " ", maxSplits: 2)
        guard parts.count >= 2, parts[0].lowercased() == "bearer" else { return nil }
        return String(parts[1])
    }
}
