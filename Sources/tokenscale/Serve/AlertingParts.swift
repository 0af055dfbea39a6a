import Alerting
import Logging
import MetricsAPI
import TokenscaleCore

/// Everything of alerting that ``Collector`` connects: the tick loop's decider, the sender, and how they are doing.
struct AlertingParts: Sendable {
    let status = AlertingStatusStore()
    let sender: WebhookSender
    let decider: AlertDecider

    /// - Parameter outboxFile: Opened at the first tick; a volume that cannot be written delays alerts, nothing else.
    init(
        configuration: AlertingConfiguration,
        outboxFile: String,
        directories: PodDirectoryStore,
        logger: Logger
    ) {
        let outbox = AlertOutbox(path: outboxFile, limits: configuration.outbox)
        self.sender = WebhookSender(
            configuration: configuration,
            outbox: outbox,
            status: self.status,
            userAgent: "tokenscale/\(Version.current)",
            now: { WallClock.now() },
            logger: logger
        )
        self.decider = AlertDecider(
            AlertEvaluator(
                outbox: outbox,
                configuration: configuration,
                status: self.status,
                sender: self.sender,
                logger: logger
            ),
            directories: directories
        )
    }
}

extension AlertingParts {
    /// For `/metrics`.
    var families: [MetricFamily] { self.status.current.statistics.families }
}

/// Steps 8 and 9: alerts, from each snapshot. An actor, because its one caller is asynchronous and calls once a second.
actor AlertDecider: TickDecider {
    private var evaluator: AlertEvaluator
    private let directories: PodDirectoryStore

    init(_ evaluator: AlertEvaluator, directories: PodDirectoryStore) {
        self.evaluator = evaluator
        self.directories = directories
    }

    func decide(_ snapshot: Snapshot, isLast: Bool) async {
        // One snapshot is decided on before the next is made, so the copy is the only one.
        var evaluator = self.evaluator
        await evaluator.evaluate(snapshot, directory: self.directories.current)
        self.evaluator = evaluator
    }
}
