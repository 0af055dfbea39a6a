import CurlHTTP
import Synchronization
package import TokenscaleCore

/// Asks the API server who a bearer token belongs to and what a user may do, and remembers the answers for 10 s, the
/// times of k8s.io/apiserver (`pkg/server/options`: `cacheTTL`, `allowCacheTTL`, `denyCacheTTL`, all 10 s here).
package final class DelegatedAccessReviewer: AccessReviewer {
    package struct Settings: Sendable {
        package var cacheLifetime = Duration.seconds(10)
        /// Entries each of the two caches holds; the oldest makes room.
        package var cacheCountLimit = 4096
        /// For a review with all its attempts.
        package var timeout = Duration.seconds(10)
        package var attemptLimit = 3
        package var backoffMinimum = Duration.milliseconds(250)
        /// A token longer than this is not asked about.
        package var tokenByteLimit = 16 * 1024

        package init() {}
    }

    package struct Statistics: Equatable, Sendable {
        package var tokenReviews = 0
        package var accessReviews = 0
        package var cacheHits = 0
        package var retries = 0
        package var failures = 0
    }

    private struct State {
        /// By the token itself, which stays in memory for the cache's lifetime and goes nowhere else.
        var users: ExpiringCache<String, UserInfo?>
        var decisions: ExpiringCache<AccessRequest, AccessDecision>
        var statistics = Statistics()
    }

    private let client: KubernetesClient
    private let settings: Settings
    private let now: @Sendable () -> ContinuousClock.Instant
    private let state: Mutex<State>

    /// - Parameter now: the clock of the caches.
    package init(
        client: KubernetesClient,
        settings: Settings = Settings(),
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        self.client = client
        self.now = now
        self.settings = settings
        self.state = Mutex(
            State(
                users: ExpiringCache(lifetime: settings.cacheLifetime, countLimit: settings.cacheCountLimit),
                decisions: ExpiringCache(lifetime: settings.cacheLifetime, countLimit: settings.cacheCountLimit)
            )
        )
    }

    package var statistics: Statistics { self.state.withLock { $0.statistics } }

    package func authenticate(token: String) async throws(AccessReviewError) -> UserInfo? {
        guard !token.isEmpty, token.utf8.count <= self.settings.tokenByteLimit else { return nil }
        let asked = self.now()
        let cached = self.state.withLock { state in
            let value = state.users.value(of: token, now: asked)
            if value != nil { state.statistics.cacheHits += 1 } else { state.statistics.tokenReviews += 1 }
            return value
        }
        if let cached { return cached }
        let review = try await self.review(
            "/apis/authentication.k8s.io/v1/tokenreviews",
            TokenReviewRequest(token: token),
            returning: TokenReviewResponse.self
        )
        let user = Self.user(of: review)
        let answered = self.now()
        self.state.withLock { $0.users.insert(user, for: token, now: answered) }
        return user
    }

    package func authorize(_ request: AccessRequest) async throws(AccessReviewError) -> AccessDecision {
        let asked = self.now()
        let cached = self.state.withLock { state in
            let value = state.decisions.value(of: request, now: asked)
            if value != nil { state.statistics.cacheHits += 1 } else { state.statistics.accessReviews += 1 }
            return value
        }
        if let cached { return cached }
        let review = try await self.review(
            "/apis/authorization.k8s.io/v1/subjectaccessreviews",
            SubjectAccessReviewRequest(request),
            returning: SubjectAccessReviewResponse.self
        )
        guard let status = review.status, let isAllowed = status.allowed else {
            throw AccessReviewError(
                message: "the API server sent a SubjectAccessReview without status",
                isRetryable: true
            )
        }
        let decision: AccessDecision =
            isAllowed && status.denied != true
            ? .allowed : .denied(reason: status.reason ?? status.evaluationError ?? "")
        let answered = self.now()
        self.state.withLock { $0.decisions.insert(decision, for: request, now: answered) }
        return decision
    }

    private static func user(of review: TokenReviewResponse) -> UserInfo? {
        guard review.status?.authenticated == true, let user = review.status?.user, let name = user.username else {
            return nil
        }
        return UserInfo(name: name, uid: user.uid ?? "", groups: user.groups ?? [], extra: user.extra ?? [:])
    }

    private func review<Response: Decodable>(
        _ path: String,
        _ body: some Encodable,
        returning type: Response.Type
    ) async throws(AccessReviewError) -> Response {
        let deadline = ContinuousClock.now + self.settings.timeout
        var backoff = Backoff(minimum: self.settings.backoffMinimum, maximum: .seconds(2))
        while true {
            do throws(KubernetesError) {
                return try await self.client.send(
                    .post,
                    path,
                    query: ["timeout": "10s"],
                    body: body,
                    returning: type,
                    timeout: max(.milliseconds(1), deadline - .now)
                )
            } catch {
                let pause = backoff.next()
                guard Self.isTransient(error), backoff.failureCount < self.settings.attemptLimit,
                    ContinuousClock.now + pause < deadline, (try? await Task.sleep(for: pause)) != nil
                else {
                    self.state.withLock { $0.statistics.failures += 1 }
                    throw AccessReviewError(message: error.description, isRetryable: error.isRetryable)
                }
                self.state.withLock { $0.statistics.retries += 1 }
            }
        }
    }

    /// Worth another attempt within the same request; a 403 (a missing right) is not.
    private static func isTransient(_ error: KubernetesError) -> Bool {
        if case .status(403, _, _) = error { return false }
        return error.isRetryable
    }
}
