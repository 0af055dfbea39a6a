import CurlHTTP
import Foundation
import Logging
import Synchronization
import Testing
import TokenscaleCore

@testable import Kubernetes
@testable import tokenscale

let realKubeconfig = ProcessInfo.processInfo.environment["TOKENSCALE_TEST_KUBECONFIG"]

/// Against the cluster of `TOKENSCALE_TEST_KUBECONFIG`. Reads only, and asks for reviews.
@Suite("A real cluster", .enabled(if: realKubeconfig != nil), .serialized)
struct RealClusterTests {
    private let client: KubernetesClient
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    init() throws {
        let cluster = try #require(try ClusterAccess.find(kubeconfig: realKubeconfig))
        self.client = KubernetesClient(cluster, userAgent: ClusterAccess.userAgent)
    }

    /// Runs `service` until `isDone`; fails after half a minute.
    private func run(_ service: @escaping @Sendable () async -> Void, until isDone: () -> Bool) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await service() }
            let deadline = ContinuousClock.now + .seconds(30)
            while !isDone() {
                try #require(ContinuousClock.now < deadline, "nothing happened within 30 s")
                try await Task.sleep(for: .milliseconds(50))
            }
            group.cancelAll()
        }
    }

    @Test("the pod directory holds the pods that the API server lists")
    func pods() async throws {
        let store = PodDirectoryStore(PodDirectory())
        let watcher = PodWatcher(client: self.client, store: store, logger: self.logger)
        try await self.run(watcher.run) { store.current.isSynced }
        let listed = try await self.client.get(ObjectList<PodObject>.self, "/api/v1/pods")
        let uids = Set(listed.items.compactMap(\.metadata.uid))
        let known = Set(store.current.records.map(\.uid))
        // Pods come and go between the two looks.
        #expect(known.symmetricDifference(uids).count <= max(5, uids.count / 10))
        #expect(watcher.status.failureCounts.isEmpty)
    }

    @Test("the request-header configuration of the aggregator is found")
    func requestHeaders() async throws {
        let found = Mutex<RequestHeaderConfiguration?>(nil)
        let watcher = RequestHeaderWatcher(client: self.client, logger: self.logger) { value in
            found.withLock { $0 = value }
        }
        try await self.run(watcher.run) { found.withLock { $0 } != nil }
        let configuration = try #require(found.withLock { $0 })
        #expect(configuration.clientCA?.contains("BEGIN CERTIFICATE") == true)
        #expect(configuration.requestHeaderCA?.contains("BEGIN CERTIFICATE") == true)
    }

    @Test("reviews are answered")
    func reviews() async throws {
        let reviewer = DelegatedAccessReviewer(client: self.client)
        #expect(try await reviewer.authenticate(token: "not-a-token") == nil)
        let nobody = UserInfo(name: "tokenscale-test-nobody", groups: ["system:unauthenticated"])
        let request = AccessRequest(
            user: nobody,
            verb: "get",
            target: .resource(
                group: "custom.metrics.k8s.io",
                version: "v1beta2",
                namespace: "default",
                resource: "pods",
                subresource: "claude_tokens_per_minute",
                name: "*",
                labelSelector: nil
            )
        )
        guard case .denied = try await reviewer.authorize(request) else {
            Issue.record("an unknown user may read metrics")
            return
        }
        var admin = request
        admin.user.groups = ["system:masters"]
        #expect(try await reviewer.authorize(admin) == .allowed)
    }

    @Test("the doctor comes to an end and every finding names an object and a fix")
    func doctor() async throws {
        let doctor = Doctor(
            client: self.client,
            service: ServiceName(namespace: "tokenscale", name: "tokenscale"),
            subject: .current,
            userAgent: ClusterAccess.userAgent
        )
        for finding in try await doctor.examine() {
            #expect(!finding.object.isEmpty && !finding.problem.isEmpty && !finding.fix.isEmpty)
        }
    }
}
