import TokenscaleCore

/// What a request asks of whom, as the authorization of the apiserver library sees it.
/// <https://github.com/kubernetes/apiserver/blob/v0.36.2/pkg/endpoints/request/requestinfo.go>
struct RequestAttributes: Equatable, Sendable {
    struct Resource: Equatable, Sendable {
        var group: String
        var version: String
        var namespace: String
        var resource: String
        var name: String
        var subresource: String
        /// Segments after the resource's name and subresource: no route has them.
        var hasMore: Bool
    }

    var verb: String
    /// Decoded, segment by segment.
    var path: String
    /// Decoded segments without the outer slashes.
    var segments: [String]
    /// `nil`: a path that is no resource.
    var resource: Resource?
    /// Of list requests, for the review.
    var labelSelector: LabelSelector?

    private static let segmentLimit = 16

    /// - Returns: `nil` when an escape in the path is cut short: 400.
    init?(_ call: HTTPCall) {
        let raw = call.path.split(separator: "/", maxSplits: Self.segmentLimit, omittingEmptySubsequences: false)
        var segments: [String] = []
        for segment in raw {
            guard let decoded = PercentEncoding.decode(segment) else { return nil }
            segments.append(decoded)
        }
        self.path = segments.joined(separator: "/")
        while segments.first == "" { segments.removeFirst() }
        while segments.last == "" { segments.removeLast() }
        self.segments = segments
        self.verb = call.method.lowercased()
        self.resource = nil
        self.labelSelector = nil
        guard segments.count >= 4, segments[0] == "apis" else { return }
        self.setResource(call)
    }

    private mutating func setResource(_ call: HTTPCall) {
        var parts = self.segments.dropFirst(3)
        var namespace = ""
        if parts.first == "namespaces", parts.count > 1 {
            namespace = parts[parts.startIndex + 1]
            // `/namespaces/x` is the namespace itself.
            if parts.count > 2 { parts = parts.dropFirst(2) }
        }
        let rest = Array(parts)
        let name = rest.count > 1 ? rest[1] : ""
        self.resource = Resource(
            group: self.segments[1],
            version: self.segments[2],
            namespace: namespace,
            resource: rest[0],
            name: name,
            subresource: rest.count > 2 ? rest[2] : "",
            hasMore: rest.count > 3
        )
        let query = call.query
        switch call.method {
        case "GET", "HEAD": self.verb = name.isEmpty ? (query.flag("watch") ? "watch" : "list") : "get"
        case "POST": self.verb = "create"
        case "PUT": self.verb = "update"
        case "PATCH": self.verb = "patch"
        case "DELETE": self.verb = name.isEmpty ? "deletecollection" : "delete"
        default: self.verb = ""
        }
        if name.isEmpty, let text = query["labelSelector"] {
            self.labelSelector = try? LabelSelector(parsing: text)
        }
    }

    /// The question of a SubjectAccessReview.
    func accessRequest(user: UserInfo) -> AccessRequest {
        guard let resource else {
            return AccessRequest(user: user, verb: self.verb, target: .path(self.path))
        }
        return AccessRequest(
            user: user,
            verb: self.verb,
            target: .resource(
                group: resource.group,
                version: resource.version,
                namespace: resource.namespace,
                resource: resource.resource,
                subresource: resource.subresource,
                name: resource.name,
                labelSelector: self.labelSelector
            )
        )
    }

    /// The sentence of a 403.
    func forbiddenMessage(user: UserInfo, reason: String) -> String {
        let who = "User \(Self.quoted(user.name)) cannot \(self.verb)"
        guard let resource else {
            return "forbidden: \(who) path \(Self.quoted(self.path))" + (reason.isEmpty ? "" : ": \(reason)")
        }
        let full = resource.resource + (resource.subresource.isEmpty ? "" : "/\(resource.subresource)")
        let scope =
            resource.namespace.isEmpty ? "at the cluster scope" : "in the namespace \(Self.quoted(resource.namespace))"
        let name = resource.name.isEmpty ? "" : " \(Self.quoted(resource.name))"
        return "\(resource.resource).\(resource.group)\(name) is forbidden: \(who) resource \(Self.quoted(full)) "
            + "in API group \(Self.quoted(resource.group)) \(scope)" + (reason.isEmpty ? "" : ": \(reason)")
    }

    private static func quoted(_ text: String) -> String { "\"\(text)\"" }
}
