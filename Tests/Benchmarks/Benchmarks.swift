import CMallocCounter
import FoundationEssentials
import OTLP
import SwiftProtobuf
import TokenscaleCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// `tokenscale-benchmarks [FOLDER]`: what decoding and recording costs per item, against swift-protobuf with the same
/// work. `tokenscale-benchmarks --rounds N [FOLDER]`: decodes and records all metrics N times and nothing else, for
/// callgrind. `tokenscale-benchmarks --receiver [FOLDER]`: what a request costs the receiver; `--requests SERVER
/// TRANSPORT N [FOLDER]`: N requests a connection, and nothing else, likewise.
///
/// Run by `./test --benchmarks`. Synchronous: valgrind does not survive an asynchronous main.
@main
enum Benchmarks {
    static let hash = KeyedHash(key: 0x5eed_5eed_5eed_5eed)
    static let start = Timestamp(seconds: 1_795_213_400)

    static func main() throws {
        var arguments = CommandLine.arguments.dropFirst()
        var roundCount: Int?
        let isIdle = arguments.first == "--idle-rounds"
        if isIdle || arguments.first == "--rounds" {
            roundCount = arguments.dropFirst().first.flatMap { Int($0) }
            arguments = arguments.dropFirst(2)
        }
        if arguments.first == "--receiver" || arguments.first == "--requests" {
            try ReceiverBenchmark.run(Array(arguments))
            return
        }
        let folder = arguments.first ?? "Tests/Fixtures/otlp"
        let metrics = try RecordedBodies(folder: folder, signal: "metrics", encoding: .protobuf)
        if let roundCount {
            print(try Self.rounds(roundCount, metrics, isIdle: isIdle))
            return
        }
        try Self.metrics(metrics)
        try Self.logs(RecordedBodies(folder: folder, signal: "logs", encoding: .protobuf))
        try Self.jsonMetrics(RecordedBodies(folder: folder, signal: "metrics", encoding: .json))
    }

    /// Ends the process. (A precondition says nothing in a release build.)
    static func stop(_ message: String) -> Never {
        print("error: \(message)")
        exit(1)
    }

    // MARK: Metrics, decoded and recorded

    /// One side of the comparison: its own aggregator and its own copy of the bodies, moved by 10 s per round.
    private final class Side {
        var bodies: RecordedBodies
        let aggregator = Aggregator(configuration: AggregatorConfiguration(), hash: hash, startTime: start)
        var now = start
        var outcome = RecordOutcome()

        init(_ bodies: RecordedBodies) { self.bodies = bodies }

        /// Prepares the next round.
        func advance() {
            self.bodies.advance(bySeconds: 10)
            self.now = self.now.advanced(bySeconds: 10)
            _ = self.aggregator.snapshot(now: self.now)
        }
    }

    private static func metrics(_ recorded: RecordedBodies) throws {
        let ours = Side(recorded)
        let ingestor = Ingestor(aggregator: ours.aggregator, hash: hash, names: SemanticNames(), limits: DecodeLimits())
        let reference = Side(recorded)
        var decoder = ReferenceDecoder(hash: hash)
        let ourRound = { () throws -> Int in
            let before = ours.outcome.itemCount
            for body in ours.bodies.bodies {
                ours.outcome += try unsafe ingestor.ingest(
                    body.span.bytes,
                    signal: .metrics,
                    encoding: .protobuf,
                    peer: nil,
                    arrival: ours.now
                )
            }
            return ours.outcome.itemCount - before
        }
        let referenceRound = { () throws -> Int in
            let before = reference.outcome.itemCount
            for body in reference.bodies.bodies {
                let request = try ReferenceDecoder.Request(serializedBytes: body)
                decoder.metrics(request) { batch, text in
                    reference.outcome += reference.aggregator.record(
                        batch,
                        text: text,
                        peer: nil,
                        arrival: reference.now
                    )
                }
            }
            return reference.outcome.itemCount - before
        }
        // Both sides must do the same work: warm up, and compare what was recorded.
        for _ in 0..<3 {
            _ = try ourRound()
            _ = try referenceRound()
            precondition(ours.outcome == reference.outcome, "\(ours.outcome) is not \(reference.outcome)")
            ours.advance()
            reference.advance()
        }
        let allocations = try Self.allocations(ourRound)
        let referenceAllocations = try Self.allocations(referenceRound)
        let comparison = try Comparison(
            roundCount: 25,
            prepare: {
                ours.advance()
                reference.advance()
            },
            ours: ourRound,
            reference: referenceRound
        )
        let pointCount = try ourRound()
        let bytesPerPoint = recorded.byteCount / pointCount
        comparison.report(
            "metrics, decoded and recorded: \(recorded.bodies.count) recorded bodies, \(pointCount) points, "
                + "\(bytesPerPoint) bytes per point",
            "point"
        )
        print("  allocations per point: tokenscale \(allocations), swift-protobuf \(referenceAllocations)")
    }

    private static func allocations(_ round: () throws -> Int) rethrows -> Double {
        let before = malloc_counter_total()
        let itemCount = try round()
        return Double(malloc_counter_total() - before) / Double(itemCount)
    }

    private static func rounds(_ count: Int, _ recorded: RecordedBodies, isIdle: Bool) throws -> Int {
        let side = Side(recorded)
        let ingestor = Ingestor(aggregator: side.aggregator, hash: hash, names: SemanticNames(), limits: DecodeLimits())
        for _ in 0..<count {
            for body in side.bodies.bodies where !isIdle {
                side.outcome += try unsafe ingestor.ingest(
                    body.span.bytes,
                    signal: .metrics,
                    encoding: .protobuf,
                    peer: nil,
                    arrival: side.now
                )
            }
            // Times move by hand here: a snapshot would be counted as work of the points.
            side.bodies.advance(bySeconds: 10)
            side.now = side.now.advanced(bySeconds: 10)
        }
        return side.outcome.itemCount
    }

    // MARK: Decoding alone

    private static func logs(_ recorded: RecordedBodies) throws {
        let decoder = OTLPDecoder(hash: hash, names: SemanticNames(), limits: DecodeLimits())
        var reference = ReferenceDecoder(hash: hash)
        let comparison = try Comparison(
            roundCount: 15,
            ours: { try Self.decode(recorded, .logs, .protobuf, decoder) },
            reference: {
                var itemCount = 0
                for body in recorded.bodies {
                    let request = try ReferenceDecoder.LogsRequest(serializedBytes: body)
                    reference.logs(request) { batch, _ in itemCount += batch.events.count }
                }
                return itemCount
            }
        )
        comparison.report("log records, decoded: \(recorded.bodies.count) recorded bodies", "record")
    }

    private static func jsonMetrics(_ recorded: RecordedBodies) throws {
        let decoder = OTLPDecoder(hash: hash, names: SemanticNames(), limits: DecodeLimits())
        var reference = ReferenceDecoder(hash: hash)
        let comparison = try Comparison(
            roundCount: 15,
            ours: { try Self.decode(recorded, .metrics, .json, decoder) },
            reference: {
                var itemCount = 0
                var options = JSONDecodingOptions()
                options.ignoreUnknownFields = true
                for body in recorded.bodies {
                    let request = try ReferenceDecoder.Request(jsonUTF8Bytes: body, options: options)
                    reference.metrics(request) { batch, _ in itemCount += batch.points.count }
                }
                return itemCount
            }
        )
        comparison.report("metrics as JSON, decoded: \(recorded.bodies.count) recorded bodies", "point")
    }

    private static func decode(
        _ recorded: RecordedBodies,
        _ signal: OTLPSignal,
        _ encoding: OTLPEncoding,
        _ decoder: OTLPDecoder
    ) throws -> Int {
        var itemCount = 0
        for body in recorded.bodies {
            _ = try unsafe decoder.decode(body.span.bytes, signal: signal, encoding: encoding) { batch, _ in
                itemCount += batch.points.count + batch.events.count
            }
        }
        return itemCount
    }
}

extension RecordOutcome {
    fileprivate var itemCount: Int {
        self.acceptedCount + self.duplicateCount + self.ignoredCount + self.limitedCount + self.ambiguousCount
            + self.invalidCount + self.refusedCount
    }
}
