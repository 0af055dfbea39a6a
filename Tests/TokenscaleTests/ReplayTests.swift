import CurlHTTP
import Foundation
import TestSupport
import Testing
import TokenscaleCore

@testable import tokenscale

/// Which signals of a capture are sent, and what must come out.
enum ReplayVariant: String, CaseIterable, Sendable {
    case logs, metrics, all

    func includes(_ signal: String) -> Bool { self == .all || signal == self.rawValue }

    /// Totals by type. With all signals it is the greater of the two; where they differ, a capture holds one session.
    func expected(of capture: Capture) throws -> [String: Int64] {
        let events = try capture.expected("event_tokens")
        let metrics = try capture.expected("metric_tokens")
        switch self {
        case .logs: return events
        case .metrics: return metrics
        case .all: return events.merging(metrics) { max($0, $1) }
        }
    }
}

@Suite("Replay of real traffic through the program")
struct ReplayTests {
    @Test("captures are there") func captures() { #expect(Capture.all.count == 30) }

    /// One collector takes all captures one after the other, as a fleet would send them: what each adds is compared.
    @Test("every capture adds exactly the tokens that were billed", arguments: ReplayVariant.allCases)
    func totals(variant: ReplayVariant) async throws {
        let collector = try await CollectorProcess()
        var sum: [String: Int64] = [:]
        for capture in Capture.all {
            try await Self.replay(capture, variant, to: collector)
            let expected = try variant.expected(of: capture)
            sum.merge(expected) { $0 + $1 }
            let result = try await Self.settled(collector, sum)
            #expect(result == sum, "\(capture.name), \(variant.rawValue) only: expected \(expected)")
            // The next capture is compared with what is there, so that one fault is told once.
            sum = result
        }
        let samples = try await collector.metrics()
        let answers = samples.filter { $0.name == "tokenscale_otlp_requests_total" }
        let codes = Set(answers.compactMap { $0.labels["code"] })
        #expect(codes.isSubset(of: ["200", "OK"]), "\(answers)")
        #expect(try await collector.stop().code == 0)
    }

    @Test(
        "a capture that is sent twice counts once",
        arguments: ["healthy-http-protobuf", "steady-cumulative-http-protobuf"]
    )
    func twice(name: String) async throws {
        let capture = Capture(name)
        let collector = try await CollectorProcess()
        try await Self.replay(capture, .all, to: collector)
        try await Self.replay(capture, .all, to: collector)
        // A snapshot between the two has the same totals.
        try await eventually("duplicates are counted") {
            try await collector.metrics().contains {
                $0.name == "tokenscale_recorded_items_total" && $0.labels["outcome"] == "duplicate" && $0.value > 0
            }
        }
        let expected = try ReplayVariant.all.expected(of: capture)
        #expect(try await Self.settled(collector, expected) == expected)
        #expect(try await collector.stop().code == 0)
    }

    @Test("a restart keeps the totals, and what is sent again afterwards counts once")
    func restart() async throws {
        let capture = Capture("steady-cumulative-http-protobuf")
        let first = try await CollectorProcess()
        try await Self.replay(capture, .all, to: first)
        let expected = try ReplayVariant.all.expected(of: capture)
        #expect(try await Self.settled(first, expected) == expected)
        #expect(try await first.stop().code == 0)

        let second = try await CollectorProcess(directory: first.directory)
        #expect(try await Self.settled(second, expected) == expected)
        try await Self.replay(capture, .all, to: second)
        try await Self.ticks(2, of: second)
        let totals = try await second.totals()
        #expect(totals == expected)
        #expect(try await second.stop().code == 0)
    }

    @Test("a killed collector comes back with what it had written")
    func kill() async throws {
        let capture = Capture("healthy-http-protobuf")
        let first = try await CollectorProcess(arguments: ["--state-interval-seconds=1"])
        try await Self.replay(capture, .all, to: first)
        let expected = try ReplayVariant.all.expected(of: capture)
        #expect(try await Self.settled(first, expected) == expected)
        let writes = try await Self.stateWrites(of: first)
        try await eventually("the state is written twice more") {
            try await Self.stateWrites(of: first) >= writes + 2
        }
        _ = try await first.stop(SIGKILL)
        let second = try await CollectorProcess(directory: first.directory)
        #expect(try await Self.settled(second, expected) == expected)
        #expect(try await second.stop().code == 0)
    }

    // MARK: -

    private static func stateWrites(of collector: CollectorProcess) async throws -> Double {
        let samples = try await collector.metrics()
        return samples.first { $0.name == "tokenscale_state_writes_total" && $0.labels["outcome"] == "success" }?.value
            ?? 0
    }

    /// Sends the bodies in order, with the headers they were captured with.
    static func replay(_ capture: Capture, _ variant: ReplayVariant, to collector: CollectorProcess) async throws {
        let requests = try capture.requests().filter { variant.includes($0.signal) }
        // A capture comes from one agent, which speaks one protocol.
        if requests.contains(where: \.isGRPC) { return try await Self.call(requests, of: collector) }
        for request in requests {
            let body = Array(try Data(contentsOf: request.file))
            let response = try await collector.post(request.path, body, headers: request.headers)
            #expect(response.status == 200, "\(capture.name) \(request.file.lastPathComponent)")
        }
    }

    /// Unary gRPC calls with the captured messages, over HTTP/2 with prior knowledge, by one run of the curl program.
    private static func call(_ requests: [Capture.Request], of collector: CollectorProcess) async throws {
        let curl = try #require(Program.find("curl"), "curl is missing: ./test installs it")
        let address = try #require(collector.addresses["otlp_grpc"])
        let port = try #require(address.split(separator: ":").last)
        var arguments: [String] = []
        for (index, request) in requests.enumerated() {
            if index > 0 { arguments.append("--next") }
            arguments += ["-sS", "--http2-prior-knowledge", "--data-binary", "@\(request.file.path)", "-D", "-", "-o"]
            // Names of their own, because curl 7.88 cannot use a connection of prior knowledge a second time.
            arguments += ["/dev/null", "http://call-\(index):\(port)\(request.path)", "--resolve"]
            arguments.append("call-\(index):\(port):127.0.0.1")
            for header in request.headers { arguments += ["-H", "\(header.name): \(header.value)"] }
        }
        let output = try await Program.run(curl, arguments)
        let okCount = output.output.split(whereSeparator: \.isNewline).count { $0.hasPrefix("grpc-status: 0") }
        #expect(okCount == requests.count, "\(output)")
    }

    /// The totals once they are `expected`, or as they are after a minute.
    static func settled(_ collector: CollectorProcess, _ expected: [String: Int64]) async throws -> [String: Int64] {
        var totals: [String: Int64] = [:]
        try? await eventually("totals", seconds: 60) {
            totals = try await collector.totals().filter { $0.value > 0 }
            return totals == expected
        }
        return totals
    }

    /// Waits until so many more snapshots were made.
    static func ticks(_ count: Double, of collector: CollectorProcess) async throws {
        func made() async throws -> Double {
            try await collector.metrics().first { $0.name == "tokenscale_snapshots_total" }?.value ?? 0
        }
        let start = try await made()
        try await eventually("\(count) more snapshots") { try await made() >= start + count }
    }
}
