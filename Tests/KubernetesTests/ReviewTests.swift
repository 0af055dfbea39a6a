import Foundation
import ServiceLifecycle
import Synchronization
import TestSupport
import Testing
import TokenscaleCore

@testable import Kubernetes

@Suite("Delegated reviews")
struct ReviewTests {
    private static let tokenReviews = "/apis/authentication.k8s.io/v1/tokenreviews"
    private static let accessReviews = "/apis/authorization.k8s.io/v1/subjectaccessreviews"

    private static func reviewer(
        _ server: APIServerDouble,
        _ change: (inout DelegatedAccessReviewer.Settings) -> Void = { _ in }
    ) -> DelegatedAccessReviewer {
        var settings = DelegatedAccessReviewer.Settings()
        settings.backoffMinimum = .milliseconds(5)
        change(&settings)
        return DelegatedAccessReviewer(client: server.client, settings: settings)
    }

    private static let jane = AccessRequest(
        user: UserInfo(name: "jane", groups: ["dev"]),
        verb: "get",
        target: .path("/metrics")
    )

    /// An access request from the `spec` of a recorded review.
    private static func request(_ spec: JSON) throws -> AccessRequest {
        let user = UserInfo(
            name: spec["user"]?.text ?? "",
            uid: spec["uid"]?.text ?? "",
            groups: (spec["groups"]?.items ?? []).compactMap(\.text),
            extra: try spec["extra"].map { try JSONDecoder().decode([String: [String]].self, from: Data($0.bytes)) }
                ?? [:]
        )
        if let path = spec["nonResourceAttributes"] {
            let target = AccessRequest.Target.path(path["path"]?.text ?? "")
            return AccessRequest(user: user, verb: path["verb"]?.text ?? "", target: target)
        }
        let attributes = try #require(spec["resourceAttributes"])
        func text(_ key: String) -> String { attributes[key]?.text ?? "" }
        let requirements = attributes["labelSelector", "requirements"]?.items?.map { requirement in
            let values = Set((requirement["values"]?.items ?? []).compactMap(\.text))
            let operation: LabelSelector.Operation =
                switch requirement["operator"]?.text {
                case "In": .isIn(values)
                case "NotIn": .isNotIn(values)
                case "Exists": .exists
                default: .doesNotExist
                }
            return LabelSelector.Requirement(key: requirement["key"]?.text ?? "", operation: operation)
        }
        let target = AccessRequest.Target.resource(
            group: text("group"),
            version: text("version"),
            namespace: text("namespace"),
            resource: text("resource"),
            subresource: text("subresource"),
            name: text("name"),
            labelSelector: requirements.map { LabelSelector(requirements: $0) }
        )
        return AccessRequest(user: user, verb: text("verb"), target: target)
    }

    @Test("our requests and our reading of the answers match every recorded exchange")
    func recorded() async throws {
        let server = try await APIServerDouble.started()
        let reviewer = Self.reviewer(server)
        let exchanges = try #require(try JSON(parsing: resource("delegated-calls.json")).items)
        #expect(exchanges.count > 10)
        for exchange in exchanges {
            let expected = try #require(exchange["requestObject"])
            let answer = try #require(exchange["responseObject", "status"])
            if expected["kind"] == "TokenReview" {
                server.change { $0.tokens["<token>"] = answer }
                let user = try await reviewer.authenticate(token: "<token>")
                #expect(user?.name == answer["user", "username"]?.text)
                #expect(user?.groups == answer["user", "groups"]?.items?.compactMap(\.text))
                #expect(user?.extra["authentication.kubernetes.io/credential-id"]?.first?.hasPrefix("JTI=") == true)
            } else {
                server.change { $0.decide = { _ in answer } }
                let decision = try await reviewer.authorize(Self.request(try #require(expected["spec"])))
                let isAllowed = answer["allowed"]?.isTrue ?? false
                #expect(decision == (isAllowed ? .allowed : .denied(reason: answer["reason"]?.text ?? "")))
            }
            let sent = try #require(server.requests.last)
            #expect(try JSON(parsing: sent.body) == expected)
            #expect(sent.path == expected["kind"].map { $0 == "TokenReview" ? Self.tokenReviews : Self.accessReviews })
        }
        try await server.stop()
    }

    @Test("answers are kept, allowed and denied alike, until their time is over")
    func cache() async throws {
        let server = try await APIServerDouble.started()
        server.change { $0.decide = { ["allowed": .bool($0["user"] == "jane"), "reason": "because"] } }
        let clock = Mutex(ContinuousClock.now)
        let reviewer = DelegatedAccessReviewer(client: server.client) { clock.withLock { $0 } }
        var other = Self.jane
        other.user.name = "joe"
        for _ in 0..<3 {
            #expect(try await reviewer.authorize(Self.jane) == .allowed)
            #expect(try await reviewer.authorize(other) == .denied(reason: "because"))
        }
        #expect(server.requests.count == 2)
        server.change { $0.decide = { _ in ["allowed": false] } }
        clock.withLock { $0 += .seconds(9.9) }
        #expect(try await reviewer.authorize(Self.jane) == .allowed)
        clock.withLock { $0 += .seconds(0.1) }
        #expect(try await reviewer.authorize(Self.jane) == .denied(reason: ""))
        #expect(reviewer.statistics.cacheHits == 5 && reviewer.statistics.accessReviews == 3)
        try await server.stop()
    }

    @Test("an explicit denial wins over a permission, and an unknown token is nobody")
    func denied() async throws {
        let server = try await APIServerDouble.started()
        server.change { $0.decide = { _ in ["allowed": true, "denied": true, "reason": "webhook"] } }
        let reviewer = Self.reviewer(server)
        #expect(try await reviewer.authorize(Self.jane) == .denied(reason: "webhook"))
        #expect(try await reviewer.authenticate(token: "unknown") == nil)
        #expect(try await reviewer.authenticate(token: "") == nil)
        #expect(try await reviewer.authenticate(token: String(repeating: "x", count: 1 << 20)) == nil)
        #expect(server.requests.count == 2)
        try await server.stop()
    }

    @Test("a passing failure is tried again; a lasting one is an error that is not kept")
    func retries() async throws {
        let server = try await APIServerDouble.started()
        server.change { $0.decide = { _ in ["allowed": true] } }
        let reviewer = Self.reviewer(server)
        server.fail(.status(500, reason: "InternalError"), path: Self.accessReviews)
        server.fail(.close, path: Self.accessReviews)
        #expect(try await reviewer.authorize(Self.jane) == .allowed)
        #expect(server.requests.count == 3)
        var other = Self.jane
        other.verb = "post"
        server.fail(.status(503, reason: "ServiceUnavailable"), path: Self.accessReviews, count: 3)
        await #expect(throws: AccessReviewError.self) { try await reviewer.authorize(other) }
        #expect(try await reviewer.authorize(other) == .allowed)
        try await server.stop()
    }

    @Test("a missing right is said at once, without the token")
    func forbidden() async throws {
        let server = try await APIServerDouble.started()
        let reviewer = Self.reviewer(server)
        server.fail(.status(403, reason: "Forbidden"), path: Self.tokenReviews)
        let error = await #expect(throws: AccessReviewError.self) { try await reviewer.authenticate(token: "s3cret") }
        #expect(error?.message.contains("403 Forbidden") == true)
        #expect(error?.message.contains("s3cret") == false)
        #expect(server.requests.count == 1)
        try await server.stop()
    }

    @Test("an API server that does not answer costs no more than the time allowed")
    func timeout() async throws {
        let server = try await APIServerDouble.started()
        let reviewer = Self.reviewer(server) { $0.timeout = .milliseconds(200) }
        server.fail(.hang, path: Self.accessReviews, count: 10)
        let start = ContinuousClock.now
        await #expect(throws: AccessReviewError.self) { try await reviewer.authorize(Self.jane) }
        #expect(ContinuousClock.now - start < .seconds(9))
        try await server.stop()
    }
}

@Suite("Request-header configuration")
struct RequestHeaderTests {
    private static let collection = "/api/v1/namespaces/kube-system/configmaps"

    private static func configMap(_ data: [String: JSON]) -> JSON {
        [
            "kind": "ConfigMap", "apiVersion": "v1",
            "metadata": ["name": "extension-apiserver-authentication", "namespace": "kube-system"],
            "data": .object(data),
        ]
    }

    private static let full: [String: JSON] = [
        "client-ca-file": "CLIENT", "requestheader-client-ca-file": "FRONT",
        "requestheader-allowed-names": "[\"front-proxy-client\"]",
        "requestheader-username-headers": "[\"X-Remote-User\"]",
        "requestheader-group-headers": "[\"X-Remote-Group\"]",
        "requestheader-extra-headers-prefix": "[\"X-Remote-Extra-\"]",
        "requestheader-uid-headers": "[\"X-Remote-Uid\"]",
    ]

    private func configuration(_ data: [String: JSON]) throws -> (RequestHeaderConfiguration, faults: [String]) {
        RequestHeaderWatcher.configuration(
            of: try KubernetesClient.decode(ConfigMapObject.self, Self.configMap(data).bytes)
        )
    }

    @Test("the keys of the ConfigMap are read")
    func keys() throws {
        let (configuration, faults) = try self.configuration(Self.full)
        #expect(faults.isEmpty)
        #expect(configuration.clientCA == "CLIENT" && configuration.requestHeaderCA == "FRONT")
        #expect(configuration.allowedNames == ["front-proxy-client"])
        #expect(configuration.uidHeaders == ["X-Remote-Uid"])
    }

    @Test("clusters before 1.32 have no uid header, which then has no default")
    func noUID() throws {
        var data = Self.full
        data["requestheader-uid-headers"] = nil
        #expect(try self.configuration(data).0.uidHeaders.isEmpty)
    }

    @Test("allowed names that do not parse must not become \"any name\"")
    func malformedNames() throws {
        var data = Self.full
        data["requestheader-allowed-names"] = "[\"front"
        let (configuration, faults) = try self.configuration(data)
        #expect(faults == ["requestheader-allowed-names"])
        #expect(configuration.requestHeaderCA == nil)
    }

    @Test("changes are followed without a restart, a 403 at the start is waited out")
    func watch() async throws {
        let server = try await APIServerDouble.started()
        server.put(Self.collection, Self.configMap(Self.full))
        var unrelated = Self.configMap(["client-ca-file": "OTHER"])
        unrelated["metadata"]?["name"] = "kube-root-ca.crt"
        server.put(Self.collection, unrelated)
        server.fail(.status(403, reason: "Forbidden"), path: Self.collection, count: 3)
        var settings = WatchSettings()
        settings.backoffMinimum = .milliseconds(5)
        let seen = Mutex<[String?]>([])
        let watcher = RequestHeaderWatcher(client: server.client, settings: settings, logger: silentLogger) { value in
            seen.withLock { $0.append(value?.clientCA) }
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await watcher.run() }
            try await eventually("the first") { seen.withLock { $0 } == ["CLIENT"] }
            try await eventually("a watch") { server.watchers(Self.collection).count == 1 }
            var data = Self.full
            data["client-ca-file"] = "ROTATED"
            server.put(Self.collection, Self.configMap(data))
            try await eventually("the rotation") { seen.withLock { $0 } == ["CLIENT", "ROTATED"] }
            server.delete(
                Self.collection,
                namespace: "kube-system",
                name: "extension-apiserver-authentication"
            )
            try await eventually("the deletion") { seen.withLock { $0 } == ["CLIENT", "ROTATED", nil] }
            // Back again, and deleted while nobody watches: only a new list can tell.
            server.put(Self.collection, Self.configMap(Self.full))
            try await eventually("the return") { seen.withLock { $0 }.last == "CLIENT" }
            server.change { model in
                _ = model.delete(
                    Self.collection,
                    namespace: "kube-system",
                    name: "extension-apiserver-authentication"
                )
                model.compact()
            }
            server.breakWatches(Self.collection)
            try await eventually("the deletion while away") { seen.withLock { $0 }.last == .some(nil) }
            group.cancelAll()
        }
        let selectors = Set(server.requests.map { $0.query["fieldSelector"] })
        #expect(selectors == ["metadata.name=extension-apiserver-authentication"])
        try await server.stop()
    }
}
