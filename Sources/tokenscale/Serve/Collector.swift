import CurlHTTP
import Glibc
import Kubernetes
import Logging
import MetricsAPI
import OTLP
import OTLPReceiver
import ServiceLifecycle
import TokenscaleCore

/// The wiring: makes every part from the configuration, connects them, and runs them until a signal.
///
/// Services are listed so that they stop in reverse: intake drains first, then the scrapers, then a last tick is
/// published and decided on, the state is written, the servers that show it close, and the sender of alerts gets its
/// deadline.
struct Collector: Sendable {
    let configuration: Configuration
    let reload: ConfigurationReload
    let logger: Logger

    /// From SIGTERM until what still runs is cancelled, which may take a second for TLS connections that nobody closes:
    /// the whole stays below 5 s.
    static let shutdownSeconds = 3.9
    static let userAgent = "tokenscale/\(Version.current)"

    /// What the parts share.
    struct Parts: Sendable {
        let aggregator: Aggregator
        let hash: KeyedHash
        let clock: WatchedClock
        let snapshots = SnapshotStore(Snapshot())
        let directories: PodDirectoryStore
        /// `nil` without a cluster.
        let cluster: Cluster?
        let receiverCounters = ReceiverCounters()
        let processCounters = ProcessCounters()
        let alerting: AlertingParts
        let report: StartReport
    }

    /// Runs until the surrounding ``CollectorLoop`` shuts down, or until there is another configuration to run with.
    ///
    /// - Throws: What made it end otherwise; a port that is taken, an unusable data directory.
    func run() async throws {
        // A reader that goes away must not end the process (signal(7)).
        signal(SIGPIPE, SIG_IGN)
        try await PortProbe.check(self.configuration.addresses)
        let directory = try DataDirectory(path: self.configuration.dataDirectory)
        let file = StateFile(path: directory.stateFile, byteLimit: self.configuration.stateByteLimit)
        let directories = PodDirectoryStore(PodDirectory())
        let cluster = try Cluster(self.configuration, directories: directories, logger: self.logger)
        let (aggregator, hash) = StateKeeper.makeAggregator(
            configuration: self.configuration.aggregatorConfiguration,
            directory: cluster == nil ? nil : directories,
            file: file,
            logger: self.logger
        )
        let parts = Parts(
            aggregator: aggregator,
            hash: hash,
            clock: WatchedClock(aggregator: aggregator, logger: self.logger),
            directories: directories,
            cluster: cluster,
            alerting: AlertingParts(
                configuration: self.configuration.alertingConfiguration,
                outboxFile: directory.outboxFile,
                directories: directories,
                logger: self.logger
            ),
            report: StartReport(expecting: self.listenerNames, logger: self.logger)
        )
        let client = HTTPClient(.init(userAgent: Self.userAgent))
        defer { client.shutdown() }
        var services: [any Service] = [parts.alerting.sender]
        services += try self.servers(parts)
        services.append(
            StateKeeper(
                aggregator: aggregator,
                file: file,
                interval: .seconds(self.configuration.stateIntervalSeconds),
                counters: parts.processCounters,
                logger: self.logger
            )
        )
        services.append(
            TickLoop(
                aggregator: aggregator,
                clock: parts.clock,
                store: parts.snapshots,
                deciders: [parts.alerting.decider]
            )
        )
        services += cluster?.services ?? []
        services += self.scrapers(parts, client: client)
        services.append(self.receiver(parts))
        try await self.run(services)
        withExtendedLifetime(directory) {}
    }

    private func run(_ services: [any Service]) async throws {
        // The reload comes last, so that it ends first: one that ended during a shutdown would be taken for a failure.
        var configuration = ServiceGroupConfiguration(
            services: services.map { .init(service: $0) }
                + [.init(service: self.reload, successTerminationBehavior: .gracefullyShutdownGroup)],
            logger: Self.quietLogger(self.logger)
        )
        configuration.maximumGracefulShutdownDuration = .seconds(Self.shutdownSeconds)
        try await ServiceGroup(configuration: configuration).run()
    }

    /// The listeners that are not off, as the start report names them.
    private var listenerNames: Set<String> {
        Set(self.configuration.addresses.filter { $0.address != .off }.map { Self.reportName(of: $0.key) })
    }

    /// `otlp_grpc` for `otlp-grpc-address`.
    static func reportName(of key: String) -> String {
        key.split(separator: "-").dropLast().joined(separator: "_")
    }

    /// The service group tells each step of its work; only its troubles are of interest.
    static func quietLogger(_ logger: Logger) -> Logger {
        var quiet = logger
        quiet.logLevel = max(.warning, logger.logLevel)
        return quiet
    }

    private func scrapers(_ parts: Parts, client: HTTPClient) -> [any Service] {
        guard !self.configuration.runnerScrapeTargets.isEmpty else { return [] }
        return [
            RunnerScraper(
                targets: self.configuration.runnerScrapeTargets,
                interval: .seconds(self.configuration.runnerScrapeIntervalSeconds),
                client: client,
                aggregator: parts.aggregator,
                counters: parts.processCounters,
                logger: self.logger
            )
        ]
    }

    private func receiver(_ parts: Parts) -> OTLPReceiver {
        let aggregator = parts.aggregator
        let hash = parts.hash
        let names = self.configuration.names
        let limits = self.configuration.decodeLimits
        let delegate = ReceiverDelegate(
            aggregator: aggregator,
            makeIngestor: { Ingestor(aggregator: aggregator, hash: hash, names: names, limits: limits) },
            now: { parts.clock.now() }
        )
        return OTLPReceiver(
            configuration: self.configuration.receiverConfiguration,
            delegate: delegate,
            counters: parts.receiverCounters,
            logger: self.logger,
            onBound: { bound in
                if let address = bound.grpc { parts.report.listening("otlp_grpc", at: "\(address)") }
                if let address = bound.http { parts.report.listening("otlp_http", at: "\(address)") }
            }
        )
    }
}
