/// Who makes a request to the metrics APIs, in the terms of Kubernetes.
package struct UserInfo: Hashable, Sendable {
    package var name: String
    package var uid: String
    package var groups: [String]
    package var extra: [String: [String]]

    package init(name: String, uid: String = "", groups: [String] = [], extra: [String: [String]] = [:]) {
        self.name = name
        self.uid = uid
        self.groups = groups
        self.extra = extra
    }
}

/// What a SubjectAccessReview asks: may `user` do this?
package struct AccessRequest: Hashable, Sendable {
    package enum Target: Hashable, Sendable {
        case resource(
            group: String,
            version: String,
            namespace: String,
            resource: String,
            subresource: String,
            name: String,
            labelSelector: LabelSelector?
        )
        case path(String)
    }

    package var user: UserInfo
    /// `get`, `list`, `create`…
    package var verb: String
    package var target: Target

    package init(user: UserInfo, verb: String, target: Target) {
        self.user = user
        self.verb = verb
        self.target = target
    }
}

package enum AccessDecision: Equatable, Sendable {
    case allowed
    case denied(reason: String)
}

/// Why the API server could not be asked. The message names no token and no URL.
package struct AccessReviewError: Error, Equatable, Sendable {
    package var message: String
    package var isRetryable: Bool

    package init(message: String, isRetryable: Bool) {
        self.message = message
        self.isRetryable = isRetryable
    }
}

/// Asks the API server who somebody is and what they may do. `Kubernetes` implements it, `MetricsAPI` calls it, tests
/// stand in for it.
package protocol AccessReviewer: Sendable {
    /// TokenReview. `nil`: the token is not valid. Results are cached for 10 s by the implementation.
    func authenticate(token: String) async throws(AccessReviewError) -> UserInfo?
    /// SubjectAccessReview. Results are cached for 10 s by the implementation.
    func authorize(_ request: AccessRequest) async throws(AccessReviewError) -> AccessDecision
}

/// The content of ConfigMap `kube-system/extension-apiserver-authentication`.
package struct RequestHeaderConfiguration: Equatable, Sendable {
    /// `client-ca-file`, PEM.
    package var clientCA: String?
    /// `requestheader-client-ca-file`, PEM.
    package var requestHeaderCA: String?
    /// `requestheader-allowed-names`; empty: any common name.
    package var allowedNames: [String] = []
    package var usernameHeaders: [String] = ["X-Remote-User"]
    package var groupHeaders: [String] = ["X-Remote-Group"]
    package var extraHeaderPrefixes: [String] = ["X-Remote-Extra-"]
    package var uidHeaders: [String] = []

    package init() {}
}
