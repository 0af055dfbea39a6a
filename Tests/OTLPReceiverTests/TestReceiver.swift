import Logging
import NIOCore
import NIOPosix
import OTLP
import ServiceLifecycle
import Synchronization
import Testing
import TokenscaleCore

@testable import OTLPReceiver

/// A receiver on free loopback ports that writes down what it was given.
final class TestReceiver: Sendable {
    struct Ingested: Equatable {
        var signal: OTLPSignal
        var encoding: OTLPEncoding
        var body: [UInt8]
        var peer: String?
    }

    /// What the fake ingest answers.
    struct Behaviour {
        var outcome = RecordOutcome()
        var error: OTLPDecodeError?
        var takesQueueDepth = true
    }

    struct QueueDepth: Equatable {
        var namespace: String
        var queue: String
        var pod: String?
        var depth: Double
        var time: Timestamp
    }

    static let now = Timestamp(seconds: 1_700_000_000)

    let counters = ReceiverCounters()
    let behaviour = Mutex(Behaviour())
    private let ingestedBodies = Mutex<[Ingested]>([])
    private let queueDepthEntries = Mutex<[QueueDepth]>([])
    let clock = Mutex(TestReceiver.now)
    /// When set, bodies go on to a real ingestor.
    private let aggregator: Aggregator?
    private let addresses = Mutex<OTLPReceiver.BoundAddresses?>(nil)

    init(aggregator: Aggregator? = nil) { self.aggregator = aggregator }

    var ingested: [Ingested] { self.ingestedBodies.withLock { $0 } }
    var queueDepths: [QueueDepth] { self.queueDepthEntries.withLock { $0 } }
    var statistics: IngestStatistics { self.counters.statistics }
    var grpcPort: Int { self.addresses.withLock { $0?.grpc?.port } ?? 0 }
    var httpPort: Int { self.addresses.withLock { $0?.http?.port } ?? 0 }

    func refusals(_ reason: IngestStatistics.Refusal) -> Int64 { self.statistics.refusals[reason] ?? 0 }

    func requests(_ transport: IngestStatistics.Transport, _ signal: IngestStatistics.Signal, _ code: String) -> Int64 {
        self.statistics.requests[.init(transport: transport, signal: signal, code: code)] ?? 0
    }

    /// Runs `body` with a receiver as it is by default.
    static func run(
        aggregator: Aggregator? = nil,
        _ body: @Sendable @escaping (TestReceiver) async throws -> Void
    ) async throws {
        try await Self.run(aggregator: aggregator) { _ in
        } test: { receiver in
            try await body(receiver)
        }
    }

    /// Runs `body` with a changed receiver and shuts it down gracefully; whatever it does, nothing may stay in flight.
    static func run(
        aggregator: Aggregator? = nil,
        _ change: (inout ReceiverConfiguration) -> Void,
        test body: @Sendable @escaping (TestReceiver) async throws -> Void
    ) async throws {
        let loopback = ReceiverConfiguration.Address(host: "127.0.0.1", port: 0)
        var configuration = ReceiverConfiguration(grpcAddress: loopback, httpAddress: loopback)
        configuration.fileCheckInterval = .milliseconds(20)
        change(&configuration)
        let test = TestReceiver(aggregator: aggregator)
        let (bound, boundContinuation) = AsyncStream.makeStream(of: Void.self)
        let receiver = OTLPReceiver(
            configuration: configuration,
            delegate: test.delegate,
            counters: test.counters,
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }),
            onBound: { addresses in
                test.addresses.withLock { $0 = addresses }
                boundContinuation.yield()
            }
        )
        let group = ServiceGroup(services: [receiver], logger: receiver.testLogger)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                defer { boundContinuation.finish() }
                try await group.run()
            }
            for await _ in bound { break }
            do {
                if test.addresses.withLock({ $0 }) != nil { try await body(test) }
            } catch {
                await group.triggerGracefulShutdown()
                throw error
            }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
        let statistics = test.statistics
        #expect(statistics.openConnectionCount == 0)
        #expect(statistics.inFlightRequestCount == 0)
        #expect(statistics.inFlightByteCount == 0)
    }

    static let hash = KeyedHash(key: 42)

    static func ingestor(_ aggregator: Aggregator) -> Ingestor {
        Ingestor(aggregator: aggregator, hash: Self.hash, names: SemanticNames(), limits: DecodeLimits())
    }

    private var delegate: ReceiverDelegate {
        ReceiverDelegate(
            makeIngest: {
                let ingestor = self.aggregator.map { Self.ingestor($0) }
                return { body, signal, encoding, peer, arrival throws(OTLPDecodeError) in
                    let bytes = unsafe body.withUnsafeBytes { unsafe Array($0) }
                    self.ingestedBodies.withLock {
                        $0.append(Ingested(signal: signal, encoding: encoding, body: bytes, peer: peer?.text))
                    }
                    if let ingestor {
                        return try ingestor.ingest(
                            body,
                            signal: signal,
                            encoding: encoding,
                            peer: peer,
                            arrival: arrival
                        )
                    }
                    let behaviour = self.behaviour.withLock { $0 }
                    if let error = behaviour.error { throw error }
                    return behaviour.outcome
                }
            },
            recordQueueDepth: { namespace, queue, pod, depth, time in
                let entry = QueueDepth(namespace: namespace, queue: queue, pod: pod, depth: depth, time: time)
                self.queueDepthEntries.withLock { $0.append(entry) }
                return self.behaviour.withLock { $0.takesQueueDepth }
            },
            now: { self.clock.withLock { $0 } }
        )
    }
}

extension OTLPReceiver {
    fileprivate var testLogger: Logger { Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }) }
}
