import HTTPTypes
package import Logging
import ServiceLifecycle
package import TokenscaleCore

/// `/metrics`, the status page and `/api/v1` for people and programs, in plain HTTP.
package struct MetricsServer: Service {
    private let listener: HTTPListener

    /// - Parameters:
    ///   - exposition: Answers `/metrics`.
    ///   - readiness: Shown on the status page.
    package init(
        configuration: ListenerConfiguration,
        serving: ServingConfiguration,
        exposition: MetricsExposition,
        snapshots: SnapshotStore,
        directories: PodDirectoryStore,
        readiness: @escaping @Sendable () -> [HealthCheck] = { [] },
        version: String,
        now: @escaping @Sendable () -> Timestamp,
        logger: Logger
    ) {
        let pages = PagesHandler(
            snapshots: snapshots,
            directories: directories,
            serving: serving,
            readiness: readiness,
            version: version,
            now: now
        )
        self.listener = HTTPListener(configuration: configuration, now: now, logger: logger) { call in
            guard call.method == "GET" || call.method == "HEAD" else { return StatusReply.methodNotAllowed }
            return call.path == "/metrics" ? exposition.respond(call) : pages.respond(call)
        }
    }

    package var bound: BoundAddress { self.listener.bound }

    /// Serves until shutdown. Throws ``MetricsAPIError`` when it cannot listen.
    package func run() async throws { try await self.listener.run() }
}

/// `/healthz`, `/livez` and `/readyz` in plain HTTP, for probes.
package struct HealthServer: Service {
    private let listener: HTTPListener

    package init(
        configuration: ListenerConfiguration,
        readiness: @escaping @Sendable () -> [HealthCheck],
        now: @escaping @Sendable () -> Timestamp,
        logger: Logger
    ) {
        let health = HealthHandler(readiness: readiness)
        self.listener = HTTPListener(configuration: configuration, now: now, logger: logger) { call in
            health.respond(call)
                ?? HTTPReply(status: 404, text: "not found; there are /livez, /readyz and /healthz here\n")
        }
    }

    package var bound: BoundAddress { self.listener.bound }

    /// Serves until shutdown. Throws ``MetricsAPIError`` when it cannot listen.
    package func run() async throws { try await self.listener.run() }
}
