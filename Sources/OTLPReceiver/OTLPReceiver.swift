package import Logging
import NIOCore
package import NIOPosix
import NIOSSL
import ServiceLifecycle
import TokenscaleCore

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Accepts OTLP over the network: gRPC and HTTP, and `POST /v1/queue-depth`.
///
/// Clients have one connection for all signals and wait for the answer, so each is answered on the event loop that
/// read it, without a queue between. On a graceful shutdown the listeners close first, open requests are answered,
/// then connections close.
package struct OTLPReceiver: Service {
    /// Where the receiver listens, with the ports that the system chose.
    package struct BoundAddresses: Equatable, Sendable {
        package var grpc: ReceiverConfiguration.Address?
        package var http: ReceiverConfiguration.Address?
    }

    private let configuration: ReceiverConfiguration
    private let delegate: ReceiverDelegate
    private let counters: ReceiverCounters
    private let logger: Logger
    private let group: MultiThreadedEventLoopGroup
    private let onBound: @Sendable (BoundAddresses) -> Void

    /// - Parameters:
    ///   - counters: What the receiver did, for whoever shows it.
    ///   - group: The event loops that serve.
    ///   - onBound: Called once, when all listeners are open.
    package init(
        configuration: ReceiverConfiguration,
        delegate: ReceiverDelegate,
        counters: ReceiverCounters,
        logger: Logger,
        group: MultiThreadedEventLoopGroup = .singleton,
        onBound: @escaping @Sendable (BoundAddresses) -> Void = { _ in }
    ) {
        self.configuration = configuration
        self.delegate = delegate
        self.counters = counters
        self.logger = logger
        self.group = group
        self.onBound = onBound
    }

    /// Serves until a graceful shutdown or cancellation.
    ///
    /// - Throws: ``ReceiverError`` when it cannot begin, or when a listener is closed by something else.
    package func run() async throws {
        let configuration = self.configuration
        self.checkOpenFiles()
        let secrets = try await Self.loadSecrets(configuration)
        let shared = ReceiverShared(
            configuration: configuration,
            delegate: self.delegate,
            counters: self.counters,
            secrets: secrets,
            logger: self.logger
        )
        let workers = try await WorkerPool(shared: shared, group: self.group)
        let listeners = try await self.listen(workers, shared: shared)
        for listener in listeners {
            self.logger.info("Listening for OTLP", metadata: ["address": "\(listener.address)"])
        }
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            for listener in listeners {
                tasks.addTask {
                    try await listener.channel.closeFuture.get()
                    throw ReceiverError.listenerClosed("\(listener.address)")
                }
            }
            if configuration.tls != nil || configuration.bearerTokenFile != nil {
                tasks.addTask { await self.reloadSecrets(shared, from: secrets.files) }
            }
            tasks.addTask { try? await gracefulShutdown() }
            // The reload ends only when cancelled; so the first result is a shutdown or a broken listener.
            let end = await tasks.nextResult()
            tasks.cancelAll()
            for listener in listeners { listener.channel.close(promise: nil) }
            await workers.drain(timeout: configuration.drainTimeout)
            // The listeners' tasks end now because of us: their errors say nothing.
            while await tasks.nextResult() != nil {}
            try end?.get()
        }
    }

    private func checkOpenFiles() {
        let wanted = self.configuration.connectionLimit
        guard let limit = OpenFiles.raiseLimit(toHold: wanted), limit < wanted + OpenFiles.reservedCount else { return }
        self.logger.warning(
            "The limit of open files is lower than that of connections; raise it (ulimit -n), or lower the latter",
            metadata: ["open_file_limit": "\(limit)", "connection_limit": "\(wanted)"]
        )
    }

    // MARK: - Listening

    private struct Listener {
        let channel: any Channel
        let address: ReceiverConfiguration.Address
    }

    private func listen(_ workers: WorkerPool, shared: ReceiverShared) async throws -> [Listener] {
        var listeners: [Listener] = []
        var bound = BoundAddresses()
        do {
            if let address = self.configuration.grpcAddress {
                let listener = try await self.listen(on: address, workers, shared: shared)
                listeners.append(listener)
                bound.grpc = listener.address
            }
            if let address = self.configuration.httpAddress {
                let listener = try await self.listen(on: address, workers, shared: shared)
                listeners.append(listener)
                bound.http = listener.address
            }
        } catch {
            for listener in listeners { try? await listener.channel.close() }
            await workers.drain(timeout: .zero)
            throw error
        }
        self.onBound(bound)
        return listeners
    }

    private func listen(
        on address: ReceiverConfiguration.Address,
        _ workers: WorkerPool,
        shared: ReceiverShared
    ) async throws(ReceiverError) -> Listener {
        let bootstrap = ServerBootstrap(group: self.group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try Self.initialize(channel, worker: workers.worker(of: channel.eventLoop))
                }
            }
        do {
            let channel = try await bootstrap.bind(host: address.host, port: address.port).get()
            let port = channel.localAddress?.port ?? address.port
            return Listener(channel: channel, address: .init(host: address.host, port: port))
        } catch let error as IOError where error.errnoCode == EADDRINUSE {
            throw .addressInUse("\(address)")
        } catch let error as IOError {
            throw .addressUnusable("\(address)", reason: "\(error)")
        } catch {
            throw .addressUnusable("\(address)", reason: "the host name cannot be resolved")
        }
    }

    /// The beginning of a connection's pipeline; ``ProtocolSniffer`` adds the rest.
    private static func initialize(_ channel: any Channel, worker: Worker) throws {
        let peer = channel.remoteAddress.flatMap { PeerAddress($0) }
        guard let connection = worker.admit(peer: peer) else { throw ChannelError.inappropriateOperationForState }
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(connection)
        if let context = worker.shared.tlsContext {
            try pipeline.addHandler(NIOSSLServerHandler(context: context))
        }
        try pipeline.addHandler(ProtocolSniffer(connection: connection))
    }

    // MARK: - Secrets

    private static func loadSecrets(
        _ configuration: ReceiverConfiguration
    ) async throws -> ReceiverSecrets {
        try await NIOThreadPool.singleton.runIfActive { try ReceiverSecrets(configuration) }
    }

    /// Takes changed files into use for new connections and requests. Faulty ones leave the old secrets in force.
    private func reloadSecrets(_ shared: ReceiverShared, from initial: ReceiverSecrets.Files) async {
        var lastSeen = initial
        var lastFault: String?
        while (try? await Task.sleep(for: shared.configuration.fileCheckInterval)) != nil {
            do {
                let next = try await NIOThreadPool.singleton.runIfActive {
                    try ReceiverSecrets.readFiles(shared.configuration)
                }
                guard next != lastSeen else { continue }
                lastSeen = next
                shared.replaceSecrets(try ReceiverSecrets(shared.configuration, files: next))
                lastFault = nil
                self.logger.info("Changed certificates or tokens are in use")
            } catch {
                let fault = "\(error)"
                guard fault != lastFault, !Task.isCancelled else { continue }
                lastFault = fault
                self.logger.error(
                    "Changed certificates or tokens cannot be used; correct the files, until then the old ones hold",
                    metadata: ["error": "\(fault)"]
                )
            }
        }
    }
}

extension PeerAddress {
    /// `nil` for a Unix socket. An IPv4 client of an IPv6 listener is known by its IPv4 address.
    init?(_ address: SocketAddress) {
        guard let text = address.ipAddress else { return nil }
        let mappedPrefix = "::ffff:"
        let isMapped = text.hasPrefix(mappedPrefix) && text.contains(".")
        self.init(text: isMapped ? String(text.dropFirst(mappedPrefix.count)) : text)
    }
}
