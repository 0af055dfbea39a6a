import TokenscaleCore

/// Whether somebody may make a request.
struct RequestAuthorizer: Sendable {
    enum Outcome: Equatable, Sendable {
        case allowed
        case forbidden(reason: String)
        /// The API server could not be asked: 500.
        case failed(message: String)
    }

    /// `nil` without a cluster: whoever can connect may read.
    let reviewer: (any AccessReviewer)?

    private static let alwaysAllowedPaths: Set<Substring> = ["/healthz", "/livez", "/readyz"]
    private static let mastersGroup = "system:masters"

    func authorize(_ call: HTTPCall, _ attributes: RequestAttributes, user: UserInfo) async -> Outcome {
        guard let reviewer else { return .allowed }
        // Exactly these, as they came: nothing that decodes to them.
        if Self.alwaysAllowedPaths.contains(call.path) { return .allowed }
        if user.groups.contains(Self.mastersGroup) { return .allowed }
        do {
            switch try await reviewer.authorize(attributes.accessRequest(user: user)) {
            case .allowed: return .allowed
            case .denied(let reason): return .forbidden(reason: reason)
            }
        } catch {
            // Discovery is static and public knowledge; namespaces hang in deletion when it fails (facts: §7), so it
            // does not depend on the API server's health.
            return attributes.isDiscovery ? .allowed : .failed(message: error.message)
        }
    }
}

extension RequestAttributes {
    /// Documents that never depend on data.
    var isDiscovery: Bool {
        guard let first = self.segments.first else { return false }
        switch first {
        case "apis": return self.segments.count <= 3
        case "openapi", "version": return true
        default: return false
        }
    }
}
