import Foundation
import TestSupport
import Testing
import TokenscaleCore

@testable import Kubernetes

/// The table of rights is what the services really ask for: every request is looked up in it.
@Suite("Rights")
struct RightsTests {
    /// <https://kubernetes.io/docs/reference/access-authn-authz/authorization/#determine-the-request-verb>
    private static func right(_ request: APIServerDouble.Request) throws -> RequiredRight {
        var parts = request.path.split(separator: "/").map(String.init)
        let group = parts[0] == "api" ? "" : parts[1]
        parts.removeFirst(parts[0] == "api" ? 2 : 3)
        var namespace: String?
        if parts.first == "namespaces", parts.count > 2 {
            namespace = parts[1]
            parts.removeFirst(2)
        }
        let selected = request.query["fieldSelector"].flatMap { text -> String? in
            let pair = text.split(separator: "=")
            return pair.first == "metadata.name" ? pair.last.map(String.init) : nil
        }
        let name = parts.count > 1 ? parts[1] : selected
        let verb =
            switch request.method {
            case "POST": "create"
            case "PATCH": "patch"
            case "PUT": "update"
            case "DELETE": "delete"
            default: request.isWatch ? "watch" : parts.count > 1 ? "get" : "list"
            }
        return RequiredRight(group, parts[0], verb, in: namespace, name: name, "")
    }

    @Test("the services ask for exactly the rights of the table")
    func complete() async throws {
        let server = try await APIServerDouble.started()
        Fixture.emptyCollections(of: server)
        for name in MetricsAPIService.names {
            server.put(MetricsAPIService.path, RegistrationTests.apiService(name))
        }
        server.change { $0.decide = { _ in ["allowed": true] } }
        let client = server.client
        let reviewer = DelegatedAccessReviewer(client: client)
        let pods = PodWatcher(client: client, store: PodDirectoryStore(PodDirectory()), logger: silentLogger)
        let headers = RequestHeaderWatcher(client: client, logger: silentLogger) { _ in }
        let registrar = APIServiceRegistrar(client: client, service: RegistrationTests.ours, logger: silentLogger) {
            RegistrationTests.certificate("ours")
        }
        let expected = Set(
            RequiredRight.all.map { RequiredRight($0.group, $0.resource, $0.verb, in: $0.namespace, name: $0.name, "") }
        )
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await pods.run() }
            group.addTask { await headers.run() }
            group.addTask { await registrar.run() }
            _ = try await reviewer.authenticate(token: "t")
            _ = try await reviewer.authorize(
                AccessRequest(user: UserInfo(name: "jane"), verb: "get", target: .path("/metrics"))
            )
            try await eventually("every right to be used") {
                Set(try server.requests.map(Self.right)) == expected
            }
            group.cancelAll()
        }
        #expect(Set(try server.requests.map(Self.right)) == expected)
        try await server.stop()
    }
}
