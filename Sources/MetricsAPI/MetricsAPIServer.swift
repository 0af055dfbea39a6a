package import Logging
import ServiceLifecycle
package import TokenscaleCore

/// custom.metrics.k8s.io and external.metrics.k8s.io over TLS.
package struct MetricsAPIServer: Service {
    /// What the API reads from.
    package struct Sources: Sendable {
        package var snapshots: SnapshotStore
        package var directories: PodDirectoryStore
        /// `nil` without a cluster: everybody who can connect may read.
        package var reviewer: (any AccessReviewer)?
        /// ConfigMap `extension-apiserver-authentication`, as it is now; `nil` until it was read.
        package var requestHeaders: @Sendable () -> RequestHeaderConfiguration?
        package var readiness: @Sendable () -> [HealthCheck]
        package var statistics: APIStatistics
        package var servedValues: ServedValueLog
        /// `/metrics` for those who may read it; usually ``MetricsServer/exposition``.
        package var exposition: (@Sendable (HTTPCall) -> HTTPReply)?

        package init(
            snapshots: SnapshotStore,
            directories: PodDirectoryStore,
            reviewer: (any AccessReviewer)? = nil,
            requestHeaders: @escaping @Sendable () -> RequestHeaderConfiguration? = { nil },
            readiness: @escaping @Sendable () -> [HealthCheck] = { [] },
            statistics: APIStatistics = APIStatistics(),
            servedValues: ServedValueLog = ServedValueLog(limit: 1000),
            exposition: (@Sendable (HTTPCall) -> HTTPReply)? = nil
        ) {
            self.snapshots = snapshots
            self.directories = directories
            self.reviewer = reviewer
            self.requestHeaders = requestHeaders
            self.readiness = readiness
            self.statistics = statistics
            self.servedValues = servedValues
            self.exposition = exposition
        }
    }

    private let handler: MetricsAPIHandler
    private let listener: HTTPListener
    private let certificates: ServerCertificateStore
    private let isOpen: Bool
    private let logger: Logger

    /// - Parameter version: Of this program.
    package init(
        configuration: ListenerConfiguration,
        serving: ServingConfiguration,
        certificates: ServerCertificateStore,
        sources: Sources,
        version: String,
        now: @escaping @Sendable () -> Timestamp,
        logger: Logger
    ) {
        let handler = MetricsAPIHandler(
            snapshots: sources.snapshots,
            directories: sources.directories,
            serving: serving,
            documents: DiscoveryDocuments(version: version),
            authenticator: RequestAuthenticator(configuration: sources.requestHeaders, reviewer: sources.reviewer),
            authorizer: RequestAuthorizer(reviewer: sources.reviewer),
            health: HealthHandler(readiness: sources.readiness),
            statistics: sources.statistics,
            servedValues: sources.servedValues,
            now: now,
            exposition: sources.exposition
        )
        self.handler = handler
        self.certificates = certificates
        self.isOpen = sources.reviewer == nil
        self.logger = logger
        self.listener = HTTPListener(
            configuration: configuration,
            certificates: certificates,
            now: now,
            logger: logger,
            respond: handler.respond
        )
    }

    package var bound: BoundAddress { self.listener.bound }

    /// Answers one request that came some other way than over the listener.
    package func respond(_ call: HTTPCall) async -> HTTPReply { await self.handler.respond(call) }

    /// Serves until shutdown. Throws ``MetricsAPIError`` when it cannot listen.
    package func run() async throws {
        if self.isOpen {
            self.logger.notice(
                "no cluster to check access with: whoever can connect to the metrics APIs may read them"
            )
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.certificates.run() }
            // Ends when requests in flight are finished; the watch over the files ends with it.
            try await self.listener.run()
            group.cancelAll()
        }
    }
}
