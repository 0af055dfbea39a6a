import HTTPTypes

/// The replies of the Kubernetes API that are no data: `Status` bodies, byte for byte as the apiserver library prints
/// them.
enum StatusReply {
    static let unauthorized = make(code: 401, reason: "Unauthorized", message: "Unauthorized")

    static let notFound = make(
        code: 404,
        reason: "NotFound",
        message: "the server could not find the requested resource",
        details: .init()
    )

    static let methodNotAllowed = make(
        code: 405,
        reason: "MethodNotAllowed",
        message: "the server does not allow this method on the requested resource",
        details: .init()
    )

    static let notAcceptable = make(
        code: 406,
        reason: "NotAcceptable",
        message: "406: Not Acceptable\n\nAvailable representations: application/json",
        details: .init()
    )

    struct Details: Sendable {
        var name = ""
        var group = ""
        var kind = ""
    }

    static func badRequest(_ message: String) -> HTTPReply {
        self.make(code: 400, reason: "BadRequest", message: message)
    }

    /// No metric, no data, not known: the text reaches users through the HPA's condition.
    static func noMetric(_ message: String) -> HTTPReply {
        self.make(code: 404, reason: "NotFound", message: message)
    }

    static func watchNotSupported(group: String) -> HTTPReply {
        self.make(
            code: 405,
            reason: "MethodNotAllowed",
            message: "watch is not supported on resources of kind \"*.\(group)\"",
            details: .init(group: group, kind: "*")
        )
    }

    static func forbidden(_ attributes: RequestAttributes, message: String) -> HTTPReply {
        let resource = attributes.resource
        var reply = self.make(
            code: 403,
            reason: "Forbidden",
            message: message,
            details: .init(
                name: resource?.name ?? "",
                group: resource?.group ?? "",
                kind: resource?.resource ?? ""
            )
        )
        reply.headers[.xContentTypeOptions] = "nosniff"
        return reply
    }

    /// The authorizer could not decide.
    static func internalError(target: String, message: String) -> HTTPReply {
        HTTPReply(status: 500, text: "Internal Server Error: \"\(target)\": \(message)\n")
    }

    private static func make(code: Int, reason: String, message: String, details: Details? = nil) -> HTTPReply {
        var json = JSONWriter()
        json.object { status in
            status.member("kind", "Status")
            status.member("apiVersion", "v1")
            status.object("metadata") { _ in }
            status.member("status", "Failure")
            status.member("message", message)
            status.member("reason", reason)
            if let details {
                status.object("details") { object in
                    if !details.name.isEmpty { object.member("name", details.name) }
                    if !details.group.isEmpty { object.member("group", details.group) }
                    if !details.kind.isEmpty { object.member("kind", details.kind) }
                }
            }
            status.member("code", code)
        }
        json.endLine()
        return HTTPReply(status: code, contentType: "application/json", body: json.bytes)
    }
}
