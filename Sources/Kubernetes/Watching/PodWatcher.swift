package import Logging
import ServiceLifecycle
import Synchronization
package import TokenscaleCore

/// Keeps the pod directory in step with the cluster, by one watch each for pods, ReplicaSets, Deployments,
/// StatefulSets, Services, Jobs, Ingresses and HorizontalPodAutoscalers. Level-triggered: a directory is made from what
/// is known now, at most once per `publishInterval`.
package final class PodWatcher: Service {
    /// What the health page and the self-metrics say.
    package struct Status: Sendable {
        package enum Phase: Equatable, Sendable {
            /// Not everything has been listed yet.
            case starting
            case synced
            /// A watch that is required has been failing for this long; the directory grows old.
            case broken(for: Duration, reason: String)
        }

        package var phase: Phase
        package var podCount: Int
        /// Objects received, by kind (`pods`, `replicasets`…).
        package var objectCounts: [String: Int]
        /// Complete lists received, by kind.
        package var listCounts: [String: Int]
        /// Failed lists and watches, by kind and reason (`timeout`, `http_403`…).
        package var failureCounts: [String: [String: Int]]
        package var publishedCount: Int
    }

    private struct Failure {
        var since: ContinuousClock.Instant
        var reason: String
    }

    private struct State {
        var builder = PodDirectoryBuilder()
        /// Of the kinds that are required.
        var failures: [PodDirectoryBuilder.Kind: Failure] = [:]
        var objectCounts: [String: Int] = [:]
        var listCounts: [String: Int] = [:]
        var failureCounts: [String: [String: Int]] = [:]
        var publishedCount = 0
        var publishedSynced = false
    }

    private typealias Kind = PodDirectoryBuilder.Kind

    private let client: KubernetesClient
    private let store: PodDirectoryStore
    private let settings: WatchSettings
    private let logger: Logger
    private let state = Mutex(State())

    package init(
        client: KubernetesClient,
        store: PodDirectoryStore,
        settings: WatchSettings = WatchSettings(),
        logger: Logger
    ) {
        self.client = client
        self.store = store
        self.settings = settings
        self.logger = logger
    }

    /// Returns at graceful shutdown or cancellation; never throws.
    package func run() async {
        let (changes, signal) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        await cancelWhenGracefulShutdown {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await self.watch(.pods, "/api/v1/pods", signal) { $0.put($1 as PodObject) } }
                group.addTask {
                    await self.watch(.replicasets, "/apis/apps/v1/replicasets", metadataOnly: true, signal) {
                        $0.put($1 as MetadataObject, .replicasets)
                    }
                }
                group.addTask {
                    await self.watch(.jobs, "/apis/batch/v1/jobs", metadataOnly: true, signal) {
                        $0.put($1 as MetadataObject, .jobs)
                    }
                }
                group.addTask {
                    await self.watch(.ingresses, "/apis/networking.k8s.io/v1/ingresses", signal) {
                        $0.put($1 as IngressObject)
                    }
                }
                group.addTask {
                    let older = AutoscalerObject.olderPath
                    await self.watch(.horizontalpodautoscalers, AutoscalerObject.path, olderPath: older, signal) {
                        $0.put($1 as AutoscalerObject)
                    }
                }
                group.addTask {
                    await self.watch(.deployments, "/apis/apps/v1/deployments", signal) {
                        $0.put($1 as WorkloadObject, .deployments)
                    }
                }
                group.addTask {
                    await self.watch(.statefulsets, "/apis/apps/v1/statefulsets", signal) {
                        $0.put($1 as WorkloadObject, .statefulsets)
                    }
                }
                group.addTask {
                    await self.watch(.services, "/api/v1/services", signal) { $0.put($1 as ServiceObject) }
                }
                group.addTask { await self.tick(signal) }
                group.addTask { await self.publish(changes) }
                await group.waitForAll()
            }
        }
    }

    package var status: Status {
        let now = ContinuousClock.now
        return self.state.withLock { state in
            let oldest = state.failures.values.min { $0.since < $1.since }
            let phase: Status.Phase =
                if let oldest {
                    .broken(for: now - oldest.since, reason: oldest.reason)
                } else {
                    state.builder.isComplete ? .synced : .starting
                }
            return Status(
                phase: phase,
                podCount: state.builder.podCount,
                objectCounts: state.objectCounts,
                listCounts: state.listCounts,
                failureCounts: state.failureCounts,
                publishedCount: state.publishedCount
            )
        }
    }

    // MARK: Watches

    private func watch<Object: KubernetesObject>(
        _ kind: Kind,
        _ path: String,
        olderPath: String? = nil,
        metadataOnly: Bool = false,
        _ signal: AsyncStream<Void>.Continuation,
        put: @escaping @Sendable (inout PodDirectoryBuilder, Object) -> Void
    ) async {
        var resource = WatchedResource(name: kind.rawValue, path: path, metadataOnly: metadataOnly)
        resource.olderPath = olderPath
        let reflector = Reflector<Object>(
            client: self.client,
            resource: resource,
            settings: self.settings,
            logger: self.logger
        ) { event in
            self.state.withLock { state in Self.apply(event, kind, to: &state, put: put) }
            signal.yield()
        }
        await reflector.run()
    }

    private static func apply<Object: KubernetesObject>(
        _ event: ReflectorEvent<Object>,
        _ kind: Kind,
        to state: inout State,
        put: (inout PodDirectoryBuilder, Object) -> Void
    ) {
        switch event {
        case .listBegan: state.builder.beginList(kind)
        case .put(let objects):
            for object in objects { put(&state.builder, object) }
            state.objectCounts[kind.rawValue, default: 0] += objects.count
        case .listEnded:
            state.builder.endList(kind)
            state.listCounts[kind.rawValue, default: 0] += 1
        case .deleted(let object): state.builder.delete(object.metadata.objectName, kind)
        case .recovered: state.failures[kind] = nil
        case .failed(let error):
            state.builder.fail(kind)
            if kind.isRequired {
                let since = state.failures[kind]?.since ?? ContinuousClock.now
                state.failures[kind] = Failure(since: since, reason: "\(kind.rawValue): \(error)")
            }
            state.failureCounts[kind.rawValue, default: [:]][error.label, default: 0] += 1
        }
    }

    // MARK: Publishing

    /// Time alone can make a directory unsynced.
    private func tick(_ signal: AsyncStream<Void>.Continuation) async {
        while (try? await Task.sleep(for: .seconds(1))) != nil { signal.yield() }
    }

    private func publish(_ changes: AsyncStream<Void>) async {
        for await _ in changes {
            self.publishIfNeeded()
            guard (try? await Task.sleep(for: self.settings.publishInterval)) != nil else { return }
        }
    }

    private func publishIfNeeded() {
        let now = ContinuousClock.now
        let budget = self.settings.brokenBudget
        let directory: PodDirectory? = self.state.withLock { state in
            // Nothing before the first complete lists: half a directory would contradict pods it does not know yet.
            guard state.builder.isComplete else { return nil }
            let isSynced = state.failures.values.allSatisfy { now - $0.since <= budget }
            guard state.builder.isDirty || isSynced != state.publishedSynced else { return nil }
            state.publishedSynced = isSynced
            state.publishedCount += 1
            return state.builder.makeDirectory(isSynced: isSynced)
        }
        if let directory { self.store.publish(directory) }
    }
}
