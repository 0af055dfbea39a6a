import MetricsAPI
import OTLPReceiver
import ServiceLifecycle
import TokenscaleCore

extension Collector {
    /// What the servers share: one exposition, one count of what was asked and answered.
    private struct Serving: Sendable {
        let exposition: MetricsExposition
        let statistics: APIStatistics
        let servedValues: ServedValueLog
        let readiness: @Sendable () -> [HealthCheck]
    }

    /// Without a cluster no HPA asks, and nobody could ever tell which pods have not reported yet: sums are then of the
    /// pods that telemetry names, from the first moment.
    private func serving(_ parts: Parts) -> ServingConfiguration {
        var serving = self.configuration.serving
        if parts.cluster == nil { serving.coverageSeconds = 0 }
        return serving
    }

    /// `/metrics` and pages, the metrics APIs, health: each with what reports where it listens.
    func servers(_ parts: Parts) throws -> [any Service] {
        let statistics = APIStatistics()
        let servedValues = ServedValueLog(limit: 1_000)
        let metrics = SelfMetrics(
            receiver: parts.receiverCounters,
            alerting: parts.alerting,
            process: parts.processCounters,
            reload: self.reload,
            pods: parts.cluster?.pods,
            reviewer: parts.cluster?.reviewer
        )
        let exposition = MetricsExposition(
            configuration: self.configuration.exposition,
            serving: self.serving(parts),
            snapshots: parts.snapshots,
            directories: parts.directories,
            statistics: statistics,
            servedValues: servedValues,
            version: Version.current,
            now: { WallClock.now() },
            additional: { metrics.families }
        )
        let ageMaxSeconds = self.configuration.serving.snapshotAgeMaxSeconds
        let serving = Serving(
            exposition: exposition,
            statistics: statistics,
            servedValues: servedValues,
            readiness: { Self.readiness(parts, ageMaxSeconds: ageMaxSeconds) }
        )
        return self.healthServer(parts, serving) + (try self.apiServer(parts, serving))
            + self.metricsServer(parts, serving)
    }

    private func healthServer(_ parts: Parts, _ serving: Serving) -> [any Service] {
        guard let listener = self.listener("health", self.configuration.healthAddress) else { return [] }
        let server = HealthServer(
            configuration: listener,
            readiness: serving.readiness,
            now: { WallClock.now() },
            logger: self.logger
        )
        return [BoundReporter(name: "health", bound: server.bound, report: parts.report), server]
    }

    private func apiServer(_ parts: Parts, _ serving: Serving) throws -> [any Service] {
        guard let listener = self.listener("api", self.configuration.apiAddress) else { return [] }
        let certificates = try ServerCertificateStore(
            source: self.certificateSource,
            checkInterval: self.configuration.receiver.fileCheckInterval,
            now: { WallClock.now() },
            logger: self.logger
        )
        var sources = MetricsAPIServer.Sources(snapshots: parts.snapshots, directories: parts.directories)
        sources.reviewer = parts.cluster?.reviewer
        sources.requestHeaders = { parts.cluster?.requestHeaders.current }
        sources.readiness = serving.readiness
        sources.statistics = serving.statistics
        sources.servedValues = serving.servedValues
        sources.exposition = { serving.exposition.respond($0) }
        let server = MetricsAPIServer(
            configuration: listener,
            serving: self.serving(parts),
            certificates: certificates,
            sources: sources,
            version: Version.current,
            now: { WallClock.now() },
            logger: self.logger
        )
        var services: [any Service] = [
            BoundReporter(name: "api", bound: server.bound, report: parts.report), server,
        ]
        let registrar = parts.cluster?.registrar(
            service: self.configuration.apiService,
            logger: self.logger,
            authority: { certificates.authorityPEM }
        )
        if let registrar { services.append(registrar) }
        return services
    }

    private func metricsServer(_ parts: Parts, _ serving: Serving) -> [any Service] {
        guard let listener = self.listener("metrics", self.configuration.metricsAddress) else { return [] }
        let server = MetricsServer(
            configuration: listener,
            serving: self.serving(parts),
            exposition: serving.exposition,
            snapshots: parts.snapshots,
            directories: parts.directories,
            readiness: serving.readiness,
            version: Version.current,
            now: { WallClock.now() },
            logger: self.logger
        )
        return [BoundReporter(name: "metrics", bound: server.bound, report: parts.report), server]
    }

    private func listener(_ name: String, _ address: ListenAddress) -> ListenerConfiguration? {
        guard case .address(let host, let port) = address else { return nil }
        var listener = ListenerConfiguration(name: name, host: host, port: port)
        listener.connectionLimit = self.configuration.serverConnectionLimit
        // Answers take milliseconds; the whole process has 5 s to end.
        listener.gracefulCloseSeconds = 1
        return listener
    }

    private var certificateSource: ServerCertificateSource {
        if let chain = self.configuration.apiTLSCertificateFile, let key = self.configuration.apiTLSPrivateKeyFile {
            return .files(chain: chain, privateKey: key)
        }
        return .selfSigned(names: self.configuration.apiService.certificateNames)
    }

    /// What must be well before traffic should come.
    private static func readiness(_ parts: Parts, ageMaxSeconds: Double) -> [HealthCheck] {
        let snapshot = parts.snapshots.current
        let age = WallClock.now().seconds(since: snapshot.time)
        let isTicking = snapshot.sequence > 0 && age <= ageMaxSeconds
        var checks = [
            HealthCheck(name: "snapshot", fault: isTicking ? nil : "no snapshot in the last \(Int(ageMaxSeconds)) s")
        ]
        if let cluster = parts.cluster {
            let isSynced = parts.directories.current.isSynced
            let fault = isSynced ? nil : "the pods are not listed yet, or the API server is out of reach"
            checks.append(HealthCheck(name: "pod-directory", fault: cluster.isStarting ? fault : nil))
        }
        // Alerts wait for the disk; ingest and metrics do not.
        let alerting = parts.alerting.status.current.statistics
        let problem = alerting.isOutboxHealthy ? nil : alerting.outboxProblem
        checks.append(HealthCheck(name: "outbox", fault: problem, isRequired: false))
        return checks
    }
}

/// Tells the start report where a server listens, once it does.
private struct BoundReporter: Service {
    let name: String
    let bound: BoundAddress
    let report: StartReport

    func run() async throws {
        if let value = await self.bound.value() {
            let host = value.host.contains(":") ? "[\(value.host)]" : value.host
            self.report.listening(self.name, at: "\(host):\(value.port)")
        }
        // A service that ends would end the group: stay until the shutdown.
        try? await gracefulShutdown()
    }
}
