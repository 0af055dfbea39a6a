import HummingbirdCore
package import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
package import TokenscaleCore

/// Where and within which limits a listener works.
package struct ListenerConfiguration: Equatable, Sendable {
    /// For log lines and errors: `metrics`, `api`, `health`.
    package var name: String
    package var host: String
    /// 0 picks a free port, see ``BoundAddress``.
    package var port: Int
    /// More connections wait in the kernel's backlog.
    package var connectionLimit = 512
    /// All header fields of one request, in bytes.
    package var headerByteLimit = 65_536
    /// Bodies are read and dropped; a connection that sends more than this is closed.
    package var requestBodyByteLimit = 65_536
    /// Until the TLS handshake must be through.
    package var handshakeSeconds = 10
    /// Until a request must be complete once its connection or stream is open, and how long an HTTP/1.1 connection may
    /// wait for its next one.
    package var idleSeconds = 120
    /// How long an HTTP/2 connection may be without requests. kube-apiserver asks at least every 30 s.
    package var connectionIdleSeconds = 300
    /// How long a client may leave a full send buffer unread.
    package var stalledWriteSeconds = 10
    /// For requests in flight at a shutdown.
    package var gracefulCloseSeconds = 2

    package init(name: String, host: String, port: Int) {
        self.name = name
        self.host = host
        self.port = port
    }
}

/// One listening socket that answers requests with a function.
package struct HTTPListener: Service {
    package let bound = BoundAddress()
    private let configuration: ListenerConfiguration
    private let certificates: ServerCertificateStore?
    private let now: @Sendable () -> Timestamp
    private let respond: @Sendable (HTTPCall) async -> HTTPReply
    private let logger: Logger

    /// - Parameter certificates: With it the listener speaks TLS only.
    package init(
        configuration: ListenerConfiguration,
        certificates: ServerCertificateStore? = nil,
        now: @escaping @Sendable () -> Timestamp,
        logger: Logger,
        respond: @escaping @Sendable (HTTPCall) async -> HTTPReply
    ) {
        self.configuration = configuration
        self.certificates = certificates
        self.now = now
        self.logger = logger
        self.respond = respond
    }

    /// Listens until the task is cancelled or a graceful shutdown begins; then requests in flight are finished.
    ///
    /// - Throws: ``MetricsAPIError/cannotListen(listener:address:reason:)``; retrying helps once the port is free.
    package func run() async throws {
        let setup = ListenerChannel(
            configuration: self.configuration,
            certificates: self.certificates,
            now: self.now,
            respond: self.respond
        )
        let bound = self.bound
        let server = Server(
            childChannelSetup: setup,
            configuration: ServerConfiguration(
                address: .hostname(self.configuration.host, port: self.configuration.port),
                availableConnectionsDelegate: MaximumAvailableConnections(
                    self.configuration.connectionLimit,
                    logger: self.logger
                )
            ),
            onServerRunning: { channel in
                let address = channel.localAddress
                bound.resolve(.init(host: address?.ipAddress ?? "", port: address?.port ?? 0))
            },
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
            logger: self.libraryLogger
        )
        defer { bound.resolve(nil) }
        do {
            try await server.run()
        } catch let error as IOError {
            throw self.cannotListen(
                error.errnoCode == EADDRINUSE
                    ? "the address is in use; stop the other program or choose another port" : "\(error)"
            )
        } catch let error as SocketAddressError {
            throw self.cannotListen("\(error)")
        }
    }

    /// Hummingbird tells each start, and calls an ordinary shutdown an error. What is of interest is thrown or ours.
    private var libraryLogger: Logger {
        var logger = self.logger
        logger.logLevel = max(.critical, self.logger.logLevel)
        return logger
    }

    private func cannotListen(_ reason: String) -> MetricsAPIError {
        let address = "\(self.configuration.host):\(self.configuration.port)"
        return .cannotListen(listener: self.configuration.name, address: address, reason: reason)
    }
}
