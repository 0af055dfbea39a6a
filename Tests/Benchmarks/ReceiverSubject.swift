import CMallocCounter
import Logging
import NIOCore
import NIOPosix
import OTLP
import OTLPReceiver
import Synchronization
import TokenscaleCore

/// A server alone on one event loop, and the connections that load it from another.
///
/// Only the thread of the server's loop is measured, in its own CPU time: the client costs nothing here, and other load
/// on the machine adds noise, not bias.
struct ReceiverSubject {
    enum Server: String, CaseIterable {
        /// ``PlainServer``.
        case plain
        /// The receiver, which hands bodies to nobody.
        case transport
        /// The receiver, and what it feeds: decoder and aggregator.
        case receiver

        var title: String {
            switch self {
            case .plain: "plain handler   "
            case .transport: "without decoding"
            case .receiver: "tokenscale      "
            }
        }
    }

    /// What a round cost the server, per request.
    struct Cost {
        var nanoseconds: Double
        var allocationCount: Double
    }

    static let connectionCount = 16

    let server: Server
    private let serverLoop: any EventLoop
    private let clientLoop: any EventLoop
    private let connections: [NIOLoopBound<any LoadConnection>]

    init(_ server: Server, _ transport: LoadTransport, bodies: RecordedBodies, clientLoop: any EventLoop) throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let turn = bodies.bodies.count
        let port =
            switch server {
            case .plain:
                try PlainServer.start(transport, group: group)
            case .transport:
                try Self.startReceiver(transport, group: group, requestsPerTurn: turn, makeIngest: Self.ingestNothing)
            case .receiver:
                try Self.startReceiver(transport, group: group, requestsPerTurn: turn, makeIngest: Self.ingest)
            }
        self.server = server
        self.serverLoop = group.next()
        self.clientLoop = clientLoop
        self.connections = try (0..<Self.connectionCount).map { index in
            let part = bodies.part(index, of: Self.connectionCount)
            return try transport.connect(port: port, bodies: part, eventLoop: clientLoop)
        }
    }

    /// Lets every connection send `requestCount` requests.
    func measure(requestCount: Int) throws -> Cost {
        let before = try self.reading()
        let connections = self.connections
        let clientLoop = self.clientLoop
        try clientLoop.flatSubmit {
            EventLoopFuture.andAllSucceed(
                connections.map { $0.value.send(requestCount: requestCount) },
                on: clientLoop
            )
        }.wait()
        let after = try self.reading()
        let total = Double(requestCount * connections.count)
        return Cost(
            nanoseconds: (after.nanoseconds - before.nanoseconds) / total,
            allocationCount: (after.allocationCount - before.allocationCount) / total
        )
    }

    private func reading() throws -> Cost {
        try self.serverLoop.submit {
            Cost(nanoseconds: Comparison.threadTime(), allocationCount: Double(malloc_counter_total()))
        }.wait()
    }

    // MARK: The receiver

    /// The time of the server, as the bodies tell it: ten seconds later in each turn of the connections.
    private final class BodyClock: Sendable {
        private let requestCount = Atomic<Int>(0)
        private let requestsPerTurn: Int

        init(requestsPerTurn: Int) { self.requestsPerTurn = requestsPerTurn }

        func now() -> Timestamp {
            let turn = self.requestCount.add(1, ordering: .relaxed).oldValue / self.requestsPerTurn
            return Benchmarks.start.advanced(bySeconds: 10 * Double(turn))
        }
    }

    @Sendable
    private static func ingestNothing() -> Ingest {
        { _, _, _, _, _ throws(OTLPDecodeError) in RecordOutcome() }
    }

    @Sendable
    private static func ingest() -> Ingest {
        let hash = Benchmarks.hash
        let aggregator = Aggregator(configuration: .init(), hash: hash, startTime: Benchmarks.start)
        let ingestor = Ingestor(aggregator: aggregator, hash: hash, names: SemanticNames(), limits: DecodeLimits())
        return { body, signal, encoding, peer, arrival throws(OTLPDecodeError) in
            let outcome = try ingestor.ingest(body, signal: signal, encoding: encoding, peer: peer, arrival: arrival)
            if outcome.duplicateCount > 0 {
                Benchmarks.stop("a body was recorded twice, which is less work: \(outcome)")
            }
            return outcome
        }
    }

    /// - Returns: The port on loopback.
    private static func startReceiver(
        _ transport: LoadTransport,
        group: MultiThreadedEventLoopGroup,
        requestsPerTurn: Int,
        makeIngest: @escaping @Sendable () -> Ingest
    ) throws -> Int {
        let clock = BodyClock(requestsPerTurn: requestsPerTurn)
        let address = ReceiverConfiguration.Address(host: "127.0.0.1", port: 0)
        let bound = group.next().makePromise(of: OTLPReceiver.BoundAddresses.self)
        let receiver = OTLPReceiver(
            configuration: ReceiverConfiguration(
                grpcAddress: transport == .grpc ? address : nil,
                httpAddress: transport == .http ? address : nil
            ),
            delegate: ReceiverDelegate(
                makeIngest: makeIngest,
                recordQueueDepth: { _, _, _, _, _ in true },
                now: { clock.now() }
            ),
            counters: ReceiverCounters(),
            logger: Logger(label: "benchmark"),
            group: group,
            onBound: { bound.succeed($0) }
        )
        // Serves until the process ends.
        Task {
            do { try await receiver.run() } catch { Benchmarks.stop("\(error)") }
        }
        let addresses = try bound.futureResult.wait()
        return (addresses.grpc ?? addresses.http)?.port ?? 0
    }
}
