import HTTPTypes

/// One thing that must be well before traffic should come, or that a person should know of.
package struct HealthCheck: Equatable, Sendable {
    package var name: String
    /// Why it is not well; `nil`: it is.
    package var fault: String?
    /// False: a fault is shown, but traffic may come all the same.
    package var isRequired: Bool

    package init(name: String, fault: String? = nil, isRequired: Bool = true) {
        self.name = name
        self.fault = fault
        self.isRequired = isRequired
    }
}

/// `/livez` and `/healthz`: the process answers. `/readyz`: it may be sent traffic. Bodies as of Kubernetes components.
///
/// Liveness depends on nothing else: an outage of the API server must not restart the metrics path.
package struct HealthHandler: Sendable {
    private let readiness: @Sendable () -> [HealthCheck]

    package init(readiness: @escaping @Sendable () -> [HealthCheck]) { self.readiness = readiness }

    /// `nil`: not a health path.
    package func respond(_ call: HTTPCall) -> HTTPReply? {
        let checks: [HealthCheck]
        let name: String
        switch call.path {
        case "/livez", "/healthz", "/livez/ping", "/healthz/ping", "/readyz/ping":
            checks = [HealthCheck(name: "ping")]
            name = String(call.path.dropFirst())
        case "/readyz":
            checks = [HealthCheck(name: "ping")] + self.readiness()
            name = "readyz"
        default: return nil
        }
        guard call.method == "GET" || call.method == "HEAD" else { return StatusReply.methodNotAllowed }
        let isWell = checks.allSatisfy { $0.fault == nil || !$0.isRequired }
        var reply = HTTPReply(status: isWell ? 200 : 500, text: "ok")
        reply.headers[.cacheControl] = "no-cache, private"
        reply.headers[.xContentTypeOptions] = "nosniff"
        guard call.query.flag("verbose") || !isWell else { return reply }
        var text = ""
        for check in checks {
            let sign = check.isRequired ? "[-]\(check.name) failed" : "[!]\(check.name) degraded"
            text += check.fault.map { "\(sign): \($0)\n" } ?? "[+]\(check.name) ok\n"
        }
        text += isWell ? "\(name) check passed\n" : "\(name) check failed\n"
        reply.body = Array(text.utf8)
        return reply
    }
}
