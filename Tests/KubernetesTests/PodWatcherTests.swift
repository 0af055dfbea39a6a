import Foundation
import ServiceLifecycle
import TestSupport
import Testing
import TokenscaleCore

@testable import Kubernetes

@Suite("Pod watcher")
struct PodWatcherTests {
    /// Fast rhythms; the real ones differ only in length.
    private static var settings: WatchSettings {
        var settings = WatchSettings()
        settings.pageSize = 10
        settings.backoffMinimum = .milliseconds(10)
        settings.backoffMaximum = .milliseconds(100)
        settings.publishInterval = .milliseconds(10)
        settings.brokenBudget = .milliseconds(300)
        return settings
    }

    /// Runs a watcher against a server of its own for as long as `body` does.
    private func withWatcher(
        speaksHTTP2: Bool = true,
        prepare: (APIServerDouble) -> Void = { _ in },
        settings: WatchSettings = Self.settings,
        _ body: (APIServerDouble, PodDirectoryStore, PodWatcher) async throws -> Void
    ) async throws {
        let server = try await APIServerDouble.started(speaksHTTP2: speaksHTTP2)
        Fixture.emptyCollections(of: server)
        prepare(server)
        let store = PodDirectoryStore(PodDirectory())
        let watcher = PodWatcher(client: server.client, store: store, settings: settings, logger: silentLogger)
        let service: any Service = watcher
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await service.run() }
            try await body(server, store, watcher)
            group.cancelAll()
        }
        try await server.stop()
    }

    private func names(_ store: PodDirectoryStore) -> Set<String> { Set(store.current.records.map(\.id.name)) }

    @Test("lists in pages, then follows additions, changes and deletions", arguments: [true, false])
    func lifeCycle(speaksHTTP2: Bool) async throws {
        try await self.withWatcher(speaksHTTP2: speaksHTTP2) { server in
            for number in 0..<25 { server.put(Fixture.pods, Fixture.pod("pod-\(number)", ip: "10.0.0.\(number)")) }
        } _: { server, store, watcher in
            try await eventually("25 pods") { store.current.count == 25 && store.current.isSynced }
            let pages = server.requests.filter { $0.path == Fixture.pods && !$0.isWatch }
            #expect(pages.map { $0.query["limit"] } == ["10", "10", "10"])
            #expect(pages.map { $0.query["continue"] != nil } == [false, true, true])
            server.put(Fixture.pods, Fixture.pod("new", ip: "10.0.1.1"))
            try await eventually("the new pod") { store.current.pod(address: "10.0.1.1")?.id.name == "new" }
            server.put(Fixture.pods, Fixture.pod("new", ip: "10.0.1.2"))
            try await eventually("the new address") { store.current.pod(address: "10.0.1.2") != nil }
            #expect(store.current.pod(address: "10.0.1.1") == nil)
            server.delete(Fixture.pods, namespace: "demo", name: "new")
            try await eventually("the deletion") { store.current.count == 25 }
            #expect(watcher.status.phase == .synced && watcher.status.podCount == 25)
            #expect(watcher.status.listCounts["pods"] == 1)
        }
    }

    @Test("pods are rolled up to Deployments through ReplicaSets of which only the metadata travels")
    func rollUp() async throws {
        try await self.withWatcher { server in
            server.put(Fixture.pods, Fixture.pod("a", owner: Fixture.owner("ReplicaSet", "agents-1")))
            server.put(Fixture.deployments, Fixture.workload("Deployment", "agents", replicas: 4))
        } _: { server, store, _ in
            try await eventually("the pod") { store.current.count == 1 }
            let owner = Fixture.owner("Deployment", "agents")
            server.put(Fixture.replicaSets, Fixture.workload("ReplicaSet", "agents-1", owner: owner))
            let expected = WorkloadID(namespace: "demo", kind: "Deployment", name: "agents")
            try await eventually("the roll-up") { store.current.records.first?.workload == expected }
            #expect(store.current.workloads[expected]?.replicas == 4)
            let lists = server.requests.filter { $0.path == Fixture.replicaSets }
            #expect(lists.allSatisfy { $0.headers["accept"]?.contains("as=PartialObjectMetadata") == true })
        }
    }

    @Test("an older API server has autoscalers elsewhere")
    func olderAutoscalers() async throws {
        try await self.withWatcher { server in
            server.fail(.status(404, reason: "NotFound"), path: Fixture.autoscalers, count: 1)
            server.put(AutoscalerObject.olderPath, Fixture.autoscaler("agents", target: "agents"))
        } _: { server, store, watcher in
            try await eventually("the autoscaler") { store.current.relations.linking.count == 1 }
            server.put(AutoscalerObject.olderPath, Fixture.autoscaler("more", target: "agents"))
            try await eventually("another, by the watch") { store.current.relations.linking.count == 2 }
            #expect(watcher.status.failureCounts.isEmpty && store.current.relations.unlisted.isEmpty)
        }
    }

    @Test("without the right to list Ingresses everything else works, and comes when the right is there")
    func optionalKind() async throws {
        try await self.withWatcher { server in
            server.put(Fixture.pods, Fixture.pod("a"))
            server.put(Fixture.ingresses, Fixture.ingress("entry", services: ["front"]))
            server.fail(.status(403, reason: "Forbidden"), path: Fixture.ingresses, count: 20)
        } _: { _, store, watcher in
            try await eventually("the pod") { store.current.count == 1 && store.current.isSynced }
            #expect(store.current.relations.unlisted == [.ingress] || !store.current.relations.linking.isEmpty)
            #expect(watcher.status.phase == .synced)
            try await eventually("the Ingress") { store.current.relations.linking.count == 1 }
            #expect(store.current.isSynced && store.current.relations.unlisted.isEmpty)
            #expect(watcher.status.failureCounts["ingresses"]?["http_403"] == 20)
        }
    }

    @Test("half a cluster is not published")
    func completeFirst() async throws {
        try await self.withWatcher { server in
            server.put(Fixture.pods, Fixture.pod("a"))
            server.fail(.status(503, reason: "ServiceUnavailable"), path: Fixture.services, count: 5)
        } _: { server, store, watcher in
            try await eventually("five refused lists") {
                server.requests.filter { $0.path == Fixture.services }.count >= 5
            }
            #expect(store.current.version == 0 || server.requests.filter { $0.path == Fixture.services }.count > 5)
            try await eventually("the pod") { store.current.count == 1 && store.current.isSynced }
            #expect(watcher.status.failureCounts["services"]?["http_503"] == 5)
        }
    }

    @Test("a watch that the server ends is resumed where it was, without a list", arguments: [true, false])
    func resume(speaksHTTP2: Bool) async throws {
        try await self.withWatcher(speaksHTTP2: speaksHTTP2) { server in
            server.put(Fixture.pods, Fixture.pod("a"))
        } _: { server, store, watcher in
            try await eventually("a watch") { server.watchers(Fixture.pods).count == 1 && store.current.count == 1 }
            server.put(Fixture.pods, Fixture.pod("b"))
            try await eventually("b") { store.current.count == 2 }
            for round in 0..<3 {
                server.breakWatches(Fixture.pods)
                server.put(Fixture.pods, Fixture.pod("while-away-\(round)"))
                try await eventually("the pod of round \(round)") { store.current.count == 3 + round }
                try await eventually("a new watch") { server.watchers(Fixture.pods).count == 1 }
                server.endWatches(Fixture.pods)
                try await eventually("another watch") { server.watchers(Fixture.pods).count == 1 }
            }
            #expect(watcher.status.listCounts["pods"] == 1)
        }
    }

    @Test("a bookmark moves the place from which a watch is resumed")
    func bookmarks() async throws {
        try await self.withWatcher { server in
            server.put(Fixture.pods, Fixture.pod("a"))
        } _: { server, store, watcher in
            try await eventually("a watch") { server.watchers(Fixture.pods).count == 1 && store.current.count == 1 }
            #expect(server.requests.last { $0.isWatch }?.query["allowWatchBookmarks"] == "true")
            // Much happens elsewhere; what this watch last saw of its own is long forgotten by the server.
            server.change { model in
                model.advance(by: 500)
                model.compact()
                model.advance(by: 1)
            }
            server.bookmark(Fixture.pods)
            let version = server.change { String($0.version) }
            server.endWatches(Fixture.pods)
            try await eventually("a watch from the bookmark") {
                server.requests.last { $0.path == Fixture.pods && $0.isWatch }?.query["resourceVersion"] == version
            }
            server.put(Fixture.pods, Fixture.pod("b"))
            try await eventually("b") { store.current.count == 2 }
            #expect(watcher.status.listCounts["pods"] == 1)
        }
    }

    @Test("410 leads to a new list that also finds what went away meanwhile", arguments: [true, false])
    func gone(inStream: Bool) async throws {
        try await self.withWatcher { server in
            server.put(Fixture.pods, Fixture.pod("a"), Fixture.pod("b"))
        } _: { server, store, watcher in
            try await eventually("a watch") { server.watchers(Fixture.pods).count == 1 && store.current.count == 2 }
            if inStream { server.fail(.goneInWatch, path: Fixture.pods, isWatch: true) }
            server.change { model in
                model.advance(by: 10)
                model.compact()
                _ = model.delete(Fixture.pods, namespace: "demo", name: "a")
                // A compaction after this one would make the new list too old, too, and the next, and so on.
                _ = model.put(Fixture.pods, Fixture.pod("c"))
            }
            server.breakWatches(Fixture.pods)
            try await eventually("a new list") { self.names(store) == ["b", "c"] }
            try await eventually("a watch from there") { server.watchers(Fixture.pods).count == 1 }
            #expect(watcher.status.listCounts["pods"] == 2)
        }
    }

    @Test("a continue token that expires leads to one list without pages")
    func expiredContinueToken() async throws {
        try await self.withWatcher { server in
            for number in 0..<25 { server.put(Fixture.pods, Fixture.pod("pod-\(number)")) }
            server.change { $0.expireContinueTokens() }
            server.fail(.status(500, reason: "InternalError"), path: Fixture.pods)
        } _: { server, store, _ in
            // Tokens handed out from now on are good; those of the first page are made old at once.
            try await eventually("all pods") { store.current.count == 25 }
            server.change { model in
                model.compact()
                model.advance(by: 1)
            }
            server.fail(.status(410, reason: "Expired"), path: Fixture.pods, isWatch: false)
            server.breakWatches(Fixture.pods)
            try await eventually("a list in one piece") {
                server.requests.contains { $0.path == Fixture.pods && !$0.isWatch && $0.query["limit"] == nil }
            }
            try await eventually("still synced") { store.current.count == 25 && store.current.isSynced }
        }
    }

    @Test("a directory whose watch stays broken stops being synced, keeps its pods, and recovers")
    func broken() async throws {
        try await self.withWatcher { server in
            server.put(Fixture.pods, Fixture.pod("a"))
        } _: { server, store, watcher in
            try await eventually("synced") { store.current.isSynced }
            server.fail(.status(500, reason: "InternalError"), path: Fixture.pods, count: 10_000)
            server.breakWatches(Fixture.pods)
            try await eventually("unsynced") { !store.current.isSynced }
            #expect(store.current.count == 1)
            guard case .broken(let duration, let reason) = watcher.status.phase else {
                Issue.record("the phase is \(watcher.status.phase)")
                return
            }
            #expect(duration >= .milliseconds(300) && reason.hasPrefix("pods: "))
            server.change { $0.clearFailures() }
            try await eventually("synced again") { store.current.isSynced && watcher.status.phase == .synced }
        }
    }

    @Test("connections that break, answers that are not JSON and forbidden lists are survived")
    func failures() async throws {
        try await self.withWatcher { server in
            server.put(Fixture.pods, Fixture.pod("a"))
            server.fail(.close, path: Fixture.pods)
            server.fail(.body("<html>"), path: Fixture.pods)
            server.fail(.status(403, reason: "Forbidden"), path: Fixture.pods)
            server.fail(.status(401, reason: "Unauthorized"), path: Fixture.pods)
        } _: { _, store, watcher in
            try await eventually("the pod") { store.current.count == 1 }
            let counts = watcher.status.failureCounts["pods"] ?? [:]
            #expect(counts == ["transport": 1, "undecodable": 1, "http_403": 1, "http_401": 1])
        }
    }

    @Test("an object over the limit is refused and does not stop the watch")
    func objectLimit() async throws {
        var settings = Self.settings
        settings.objectByteLimit = 16 * 1024
        try await self.withWatcher(settings: settings) { server, store, watcher in
            try await eventually("a watch") { server.watchers(Fixture.pods).count == 1 }
            var huge = Fixture.pod("huge")
            huge["metadata"]?["annotations"]?["x"] = .string(String(repeating: "x", count: 1 << 20))
            server.put(Fixture.pods, huge)
            try await eventually("the refusal") { watcher.status.failureCounts["pods"]?["object_too_large"] == 1 }
            server.put(Fixture.pods, Fixture.pod("after"))
            try await eventually("both, from a new list") { self.names(store) == ["huge", "after"] }
        }
    }

    @Test("many changes at once are published together")
    func coalescing() async throws {
        var settings = Self.settings
        settings.publishInterval = .milliseconds(200)
        try await self.withWatcher(settings: settings) { server, store, watcher in
            try await eventually("synced") { store.current.isSynced }
            let before = watcher.status.publishedCount
            for number in 0..<500 { server.put(Fixture.pods, Fixture.pod("pod-\(number)")) }
            try await eventually("all pods") { store.current.count == 500 }
            #expect(watcher.status.publishedCount - before <= 20)
        }
    }
}
