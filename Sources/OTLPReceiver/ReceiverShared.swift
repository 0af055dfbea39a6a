import Logging
import NIOCore
import NIOSSL
import Synchronization
import TokenscaleCore

/// What all connections of a receiver share: settings, counters, and the secrets that can be renewed.
final class ReceiverShared: Sendable {
    /// Connections beyond the limit that are still taken, to be told to come back; more are closed at once.
    static let refusableConnectionCount = 64

    /// The configuration's, converted once: they are looked at several times a request.
    struct Timeouts {
        let head: TimeAmount
        let body: TimeAmount
        let idle: TimeAmount
        let drain: TimeAmount
    }

    let configuration: ReceiverConfiguration
    let timeouts: Timeouts
    let rules: RequestRules
    let delegate: ReceiverDelegate
    let counters: ReceiverCounters
    let log: ThrottledLog
    private let secrets: Mutex<ReceiverSecrets>

    init(
        configuration: ReceiverConfiguration,
        delegate: ReceiverDelegate,
        counters: ReceiverCounters,
        secrets: ReceiverSecrets,
        logger: Logger
    ) {
        self.configuration = configuration
        self.timeouts = Timeouts(
            head: TimeAmount(configuration.headerTimeout),
            body: TimeAmount(configuration.bodyTimeout),
            idle: TimeAmount(configuration.idleTimeout),
            drain: TimeAmount(configuration.drainTimeout)
        )
        self.rules = RequestRules(configuration: configuration)
        self.delegate = delegate
        self.counters = counters
        self.secrets = Mutex(secrets)
        self.log = ThrottledLog(logger: logger)
        counters.setLimits(
            connections: configuration.connectionLimit,
            inFlightBytes: configuration.effectiveInFlightByteLimit
        )
    }

    /// For new connections; those that are open keep theirs.
    var tlsContext: NIOSSLContext? { self.secrets.withLock { $0.tlsContext } }

    func replaceSecrets(_ secrets: ReceiverSecrets) { self.secrets.withLock { $0 = secrets } }

    func isAuthorized(_ authorization: String?) -> Bool {
        guard self.configuration.bearerTokenFile != nil else { return true }
        return self.secrets.withLock { $0.tokens }?.accept(authorization: authorization) ?? false
    }

    /// A refusal for lack of room: the client is told when to come back.
    func overload(_ reason: IngestStatistics.Refusal, _ message: String) -> Refusal {
        Refusal(reason, message, retryAfterSeconds: self.counters.nextRetryAfterSeconds())
    }
}
