import Synchronization
import TokenscaleCore

/// Answers like a cluster's RBAC: the HPA may read metrics, every authenticated user may discover.
final class TestReviewer: AccessReviewer {
    private let asked = Mutex<[AccessRequest]>([])
    private let failure = Mutex<AccessReviewError?>(nil)

    var requests: [AccessRequest] { self.asked.withLock { $0 } }

    func fail(with error: AccessReviewError?) { self.failure.withLock { $0 = error } }

    func authenticate(token: String) async throws(AccessReviewError) -> UserInfo? {
        if let error = self.failure.withLock({ $0 }) { throw error }
        guard token == "<token>" else { return nil }
        return UserInfo(
            name: "system:serviceaccount:claude-metrics:claude-metrics",
            groups: ["system:serviceaccounts", "system:authenticated"]
        )
    }

    func authorize(_ request: AccessRequest) async throws(AccessReviewError) -> AccessDecision {
        self.asked.withLock { $0.append(request) }
        if let error = self.failure.withLock({ $0 }) { throw error }
        switch request.target {
        case .path(let path):
            let isDiscovery = ["/apis", "/openapi", "/version", "/healthz", "/livez", "/readyz"].contains {
                path == $0 || path.hasPrefix($0 + "/")
            }
            let isKnown = request.user.groups.contains("system:authenticated")
            return isDiscovery && isKnown && request.verb == "get" ? .allowed : .denied(reason: "")
        case .resource:
            let isHPA = request.user.name == "system:serviceaccount:kube-system:horizontal-pod-autoscaler"
            let verbs: Set<String> = ["get", "list", "watch"]
            return isHPA && verbs.contains(request.verb) ? .allowed : .denied(reason: "")
        }
    }
}
