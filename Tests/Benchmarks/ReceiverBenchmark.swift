import FoundationEssentials
import NIOCore
import NIOPosix
import OTLP

/// What a request costs the receiver, against a plain handler on the same SwiftNIO that reads the body and answers: the
/// same client, connections and bodies, in one run.
enum ReceiverBenchmark {
    private static let roundCount = 21
    private static let requestCount = 250

    static func run(_ arguments: [String]) throws {
        if arguments[0] == "--requests" {
            guard arguments.count > 3, let server = ReceiverSubject.Server(rawValue: arguments[1]),
                let transport = LoadTransport(rawValue: arguments[2]), let requestCount = Int(arguments[3])
            else { Benchmarks.stop("--requests plain|transport|receiver http|grpc COUNT [FOLDER]") }
            let bodies = try Self.bodies(arguments.dropFirst(4).first)
            let clientLoop = MultiThreadedEventLoopGroup(numberOfThreads: 1).next()
            let subject = try ReceiverSubject(server, transport, bodies: bodies, clientLoop: clientLoop)
            _ = try subject.measure(requestCount: requestCount)
            print(requestCount * ReceiverSubject.connectionCount)
            return
        }
        let bodies = try Self.bodies(arguments.dropFirst().first)
        for transport in LoadTransport.allCases { try Self.compare(transport, bodies) }
    }

    /// Without the captures that name no pod, or hold bodies that were sent again: their answers would hold a warning,
    /// and what is known already is quickly done with.
    private static func bodies(_ folder: String?) throws -> RecordedBodies {
        try RecordedBodies(
            folder: folder ?? "Tests/Fixtures/otlp",
            signal: "metrics",
            encoding: .protobuf,
            leftOut: ["nok8s", "503"]
        )
    }

    private static func compare(_ transport: LoadTransport, _ bodies: RecordedBodies) throws {
        let clientLoop = MultiThreadedEventLoopGroup(numberOfThreads: 1).next()
        let subjects = try ReceiverSubject.Server.allCases.map {
            try ReceiverSubject($0, transport, bodies: bodies, clientLoop: clientLoop)
        }
        for subject in subjects { _ = try subject.measure(requestCount: Self.requestCount) }
        var rounds: [[ReceiverSubject.Cost]] = []
        for _ in 0..<Self.roundCount {
            rounds.append(try subjects.map { try $0.measure(requestCount: Self.requestCount) })
        }
        print(
            "receiver over \(transport == .http ? "HTTP/1.1" : "gRPC"), loopback: \(bodies.bodies.count) recorded "
                + "bodies of \(bodies.byteCount / bodies.bodies.count) bytes, "
                + "\(ReceiverSubject.connectionCount) connections that wait for each answer"
        )
        for (index, subject) in subjects.enumerated() {
            let nanoseconds = rounds.map { $0[index].nanoseconds }.sorted()
            let allocations = rounds.map { $0[index].allocationCount }.sorted()
            // Of the same round: what disturbs the machine for longer than a round falls out.
            let ratios = rounds.map { $0[index].nanoseconds / $0[0].nanoseconds }.sorted()
            let median = Comparison.quantile(nanoseconds, 0.5)
            print(
                "  \(subject.server.title)  \(Comparison.tenths(median / 1000)) µs of CPU per request, "
                    + "\(Int(1e6 / median)) thousand requests per CPU second, "
                    + "\(Comparison.tenths(Comparison.quantile(allocations, 0.5))) allocations, "
                    + "\(Self.hundredths(ratios, 0.5))× (middle half \(Self.hundredths(ratios, 0.25))–"
                    + "\(Self.hundredths(ratios, 0.75)))"
            )
        }
    }

    private static func hundredths(_ sorted: [Double], _ part: Double) -> String {
        "\((Comparison.quantile(sorted, part) * 100).rounded() / 100)"
    }
}
