import Kubernetes
import Logging
import ServiceLifecycle
import Synchronization
import TokenscaleCore

/// The cluster the collector is connected to: its pods, and whom its API server vouches for.
struct Cluster: Sendable {
    let pods: PodWatcher
    let reviewer: DelegatedAccessReviewer
    let requestHeaders: RequestHeaderStore
    private let client: KubernetesClient
    private let headerWatcher: RequestHeaderWatcher

    /// - Returns: `nil` when no kubeconfig is named and we are in no pod; that is said once.
    /// - Throws: `KubernetesError.configuration`.
    init?(_ configuration: Configuration, directories: PodDirectoryStore, logger: Logger) throws(KubernetesError) {
        guard let cluster = try ClusterAccess.find(kubeconfig: configuration.kubeconfig) else {
            logger.notice(
                "No cluster: pods are those that telemetry names. In a pod, or with --kubeconfig, there is one."
            )
            return nil
        }
        let client = KubernetesClient(cluster, userAgent: ClusterAccess.userAgent)
        let headers = RequestHeaderStore()
        self.client = client
        self.requestHeaders = headers
        self.pods = PodWatcher(client: client, store: directories, logger: logger)
        self.reviewer = DelegatedAccessReviewer(client: client)
        self.headerWatcher = RequestHeaderWatcher(client: client, logger: logger) { headers.publish($0) }
    }

    var services: [any Service] { [self.pods, self.headerWatcher] }

    /// Everything is being listed for the first time. Readiness waits for that, but for nothing of the API server once
    /// it is done or has failed for long: an outage there must not take the metrics path away.
    var isStarting: Bool { self.pods.status.phase == .starting }

    /// Writes the authority of a self-signed certificate into the APIServices that lead to `service`.
    func registrar(
        service: ServiceReference,
        logger: Logger,
        authority: @escaping @Sendable () -> String?
    ) -> APIServiceRegistrar? {
        guard authority() != nil else { return nil }
        return APIServiceRegistrar(
            client: self.client,
            service: ServiceName(namespace: service.namespace, name: service.name),
            logger: logger,
            authority: authority
        )
    }
}

/// Whom the aggregation layer's certificate must come from, as the ConfigMap says now.
final class RequestHeaderStore: Sendable {
    private let configuration = Mutex<RequestHeaderConfiguration?>(nil)

    var current: RequestHeaderConfiguration? { self.configuration.withLock { $0 } }

    func publish(_ configuration: RequestHeaderConfiguration?) {
        self.configuration.withLock { $0 = configuration }
    }
}
