import CurlHTTP
import Glibc
import Logging
import OTLP
import OTLPReceiver
import ServiceLifecycle
import TokenscaleCore
import UnixSignals

/// The wiring: makes every part from the configuration, connects them, and runs them until a signal.
///
/// Services are listed so that they stop in reverse: intake drains first, then the scrapers, then a last tick is
/// published and decided on, the state is written, and only then do the servers that show it close.
struct Collector: Sendable {
    let configuration: Configuration
    let logger: Logger

    /// From SIGTERM to the end; Kubernetes is asked for more (`terminationGracePeriodSeconds`), users wait no longer.
    static let shutdownSeconds = 4.5

    /// Runs until SIGTERM or SIGINT.
    ///
    /// - Throws: What made it end otherwise; a port that is taken, an unusable data directory.
    func run() async throws {
        // A reader that goes away must not end the process (signal(7)).
        signal(SIGPIPE, SIG_IGN)
        try await PortProbe.check(self.configuration.addresses)
        let directory = try DataDirectory(path: self.configuration.dataDirectory)
        let file = StateFile(path: directory.stateFile, byteLimit: self.configuration.stateByteLimit)
        let (aggregator, hash) = StateKeeper.makeAggregator(
            configuration: self.configuration.aggregatorConfiguration,
            directory: nil,
            file: file,
            logger: self.logger
        )
        let store = SnapshotStore()
        let client = HTTPClient(.init(userAgent: "tokenscale/\(Version.current)"))
        defer { client.shutdown() }
        let report = StartReport(expecting: self.listenerNames, logger: self.logger)
        var services: [any Service] = []
        services.append(
            StateKeeper(
                aggregator: aggregator,
                file: file,
                interval: .seconds(self.configuration.stateIntervalSeconds),
                logger: self.logger
            )
        )
        services.append(TickLoop(aggregator: aggregator, store: store, deciders: [], logger: self.logger))
        if !self.configuration.runnerScrapeTargets.isEmpty {
            services.append(
                RunnerScraper(
                    targets: self.configuration.runnerScrapeTargets,
                    interval: .seconds(self.configuration.runnerScrapeIntervalSeconds),
                    client: client,
                    aggregator: aggregator,
                    logger: self.logger
                )
            )
        }
        services.append(self.receiver(aggregator, hash: hash, counters: ReceiverCounters(), report: report))
        try await self.run(services)
        withExtendedLifetime(directory) {}
    }

    /// The listeners that are not off, as the start report names them.
    private var listenerNames: Set<String> {
        Set(self.configuration.addresses.filter { $0.address != .off }.map { Self.reportName(of: $0.key) })
            .intersection(["otlp_grpc", "otlp_http"])
    }

    /// `otlp_grpc` for `otlp-grpc-address`.
    private static func reportName(of key: String) -> String {
        key.split(separator: "-").dropLast().joined(separator: "_")
    }

    private func receiver(
        _ aggregator: Aggregator,
        hash: KeyedHash,
        counters: ReceiverCounters,
        report: StartReport
    ) -> OTLPReceiver {
        let names = self.configuration.names
        let limits = self.configuration.decodeLimits
        let delegate = ReceiverDelegate(
            makeIngest: {
                let ingestor = Ingestor(aggregator: aggregator, hash: hash, names: names, limits: limits)
                return { body, signal, encoding, peer, arrival throws(OTLPDecodeError) in
                    try ingestor.ingest(body, signal: signal, encoding: encoding, peer: peer, arrival: arrival)
                }
            },
            recordQueueDepth: { namespace, queue, pod, depth, time in
                aggregator.recordQueueDepth(
                    namespace: namespace,
                    queue: queue,
                    pod: pod,
                    depth: depth,
                    source: .push,
                    time: time,
                    arrival: WallClock.now()
                )
            },
            now: { WallClock.now() }
        )
        return OTLPReceiver(
            configuration: self.configuration.receiverConfiguration,
            delegate: delegate,
            counters: counters,
            logger: self.logger,
            onBound: { bound in
                if let address = bound.grpc { report.listening("otlp_grpc", at: "\(address)") }
                if let address = bound.http { report.listening("otlp_http", at: "\(address)") }
            }
        )
    }

    private func run(_ services: [any Service]) async throws {
        var configuration = ServiceGroupConfiguration(
            services: services.map { .init(service: $0) },
            gracefulShutdownSignals: [.sigterm, .sigint],
            logger: self.quietLogger
        )
        configuration.maximumGracefulShutdownDuration = .seconds(Self.shutdownSeconds)
        try await ServiceGroup(configuration: configuration).run()
    }

    /// The service group tells each step of its work; only its troubles are of interest.
    private var quietLogger: Logger {
        var logger = self.logger
        logger.logLevel = max(.warning, self.logger.logLevel)
        return logger
    }
}
