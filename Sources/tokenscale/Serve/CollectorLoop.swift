import Logging
import ServiceLifecycle
import TokenscaleCore
import UnixSignals

/// Runs one ``Collector`` after the other, until one ends without a configuration for the next.
///
/// A service of its own, because signals that end the process must be heard while one collector ends and the next
/// begins: the collectors' own service groups inherit the shutdown of this one.
struct CollectorLoop: Service {
    /// A start that fails within this fails because of its configuration.
    private static let startSeconds = 10.0

    let first: EffectiveConfiguration
    let reload: ConfigurationReload
    let makeLogger: @Sendable (Configuration) -> Logger

    /// Runs until SIGTERM or SIGINT.
    ///
    /// - Throws: What made a collector end otherwise.
    static func run(
        _ first: EffectiveConfiguration,
        reload: ConfigurationReload,
        makeLogger: @escaping @Sendable (Configuration) -> Logger
    ) async throws {
        let loop = CollectorLoop(first: first, reload: reload, makeLogger: makeLogger)
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [.init(service: loop, successTerminationBehavior: .gracefullyShutdownGroup)],
                gracefulShutdownSignals: [.sigterm, .sigint],
                logger: Collector.quietLogger(makeLogger(first.configuration))
            )
        )
        try await group.run()
    }

    func run() async throws {
        var current = self.first
        var former: EffectiveConfiguration?
        while true {
            let logger = self.makeLogger(current.configuration)
            for warning in current.warnings { logger.warning("\(warning)") }
            let start = WallClock.now()
            do {
                try await Collector(configuration: current.configuration, reload: self.reload, logger: logger).run()
                guard let next = self.reload.takeNext(), !Task.isShuttingDownGracefully else { return }
                former = current
                current = next
            } catch {
                let isStart = WallClock.now().seconds(since: start) < Self.startSeconds
                guard isStart, !Task.isShuttingDownGracefully, let working = former else {
                    logger.critical("tokenscale cannot run", metadata: ["reason": "\(error)"])
                    throw error
                }
                logger.error(
                    "tokenscale cannot run with the new configuration; it runs with the former one",
                    metadata: ["reason": "\(error)"]
                )
                self.reload.failed()
                former = nil
                current = working
            }
        }
    }
}
