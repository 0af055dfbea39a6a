import TokenscaleCore

// The bodies of TokenReview and SubjectAccessReview, as k8s.io/apiserver's delegating authenticator and authorizer send
// them: fields that would be empty are left out.

struct EmptyObject: Encodable, Sendable {}

struct TokenReviewRequest: Encodable {
    struct Spec: Encodable { var token: String }
    struct Status: Encodable { var user = EmptyObject() }

    var kind = "TokenReview"
    var apiVersion = "authentication.k8s.io/v1"
    var metadata = EmptyObject()
    var spec: Spec
    var status = Status()

    init(token: String) { self.spec = Spec(token: token) }
}

struct TokenReviewResponse: Decodable {
    struct User: Decodable {
        var username: String?
        var uid: String?
        var groups: [String]?
        var extra: [String: [String]]?
    }

    struct Status: Decodable {
        var authenticated: Bool?
        var user: User?
        var error: String?
    }

    var status: Status?
}

struct SubjectAccessReviewRequest: Encodable {
    struct Requirement: Encodable {
        var key: String
        var `operator`: String
        var values: [String]?
    }

    struct Selector: Encodable { var requirements: [Requirement] }

    struct ResourceAttributes: Encodable {
        var namespace: String?
        var verb: String?
        var group: String?
        var version: String?
        var resource: String?
        var subresource: String?
        var name: String?
        var labelSelector: Selector?
    }

    struct NonResourceAttributes: Encodable {
        var path: String?
        var verb: String?
    }

    struct Spec: Encodable {
        var resourceAttributes: ResourceAttributes?
        var nonResourceAttributes: NonResourceAttributes?
        var user: String?
        var groups: [String]?
        var extra: [String: [String]]?
        var uid: String?
    }

    struct Status: Encodable { var allowed = false }

    var kind = "SubjectAccessReview"
    var apiVersion = "authorization.k8s.io/v1"
    var metadata = EmptyObject()
    var spec: Spec
    var status = Status()

    init(_ request: AccessRequest) {
        let user = request.user
        self.spec = Spec(
            user: user.name.orNil,
            groups: user.groups.isEmpty ? nil : user.groups,
            extra: user.extra.isEmpty ? nil : user.extra,
            uid: user.uid.orNil
        )
        switch request.target {
        case .path(let path):
            self.spec.nonResourceAttributes = NonResourceAttributes(path: path.orNil, verb: request.verb.orNil)
        case .resource(let group, let version, let namespace, let resource, let subresource, let name, let selector):
            self.spec.resourceAttributes = ResourceAttributes(
                namespace: namespace.orNil,
                verb: request.verb.orNil,
                group: group.orNil,
                version: version.orNil,
                resource: resource.orNil,
                subresource: subresource.orNil,
                name: name.orNil,
                labelSelector: selector.flatMap(Self.selector)
            )
        }
    }

    /// `metav1.LabelSelectorRequirement` knows four operators; a requirement beyond them is left out, which asks for
    /// more than is needed and so never allows too much.
    private static func selector(_ selector: LabelSelector) -> Selector? {
        let requirements = selector.requirements.compactMap { requirement -> Requirement? in
            let key = requirement.key
            return switch requirement.operation {
            case .exists: Requirement(key: key, operator: "Exists")
            case .doesNotExist: Requirement(key: key, operator: "DoesNotExist")
            case .isIn(let values): Requirement(key: key, operator: "In", values: values.sorted())
            case .isNotIn(let values): Requirement(key: key, operator: "NotIn", values: values.sorted())
            case .isGreaterThan, .isLessThan: nil
            }
        }
        return requirements.isEmpty ? nil : Selector(requirements: requirements)
    }
}

struct SubjectAccessReviewResponse: Decodable {
    struct Status: Decodable {
        var allowed: Bool?
        var denied: Bool?
        var reason: String?
        var evaluationError: String?
    }

    var status: Status?
}

extension String {
    fileprivate var orNil: String? { self.isEmpty ? nil : self }
}
