import Foundation
import TestSupport
import Testing
import TokenscaleCore

@testable import tokenscale

@Suite("Reading the configuration again")
struct ReloadTests {
    private let directory: TemporaryDirectory

    init() throws { self.directory = try TemporaryDirectory() }

    private func start(_ configuration: String) async throws -> CollectorProcess {
        let file = try self.directory.write(configuration, to: "config.yaml")
        return try await CollectorProcess(arguments: ["--config", file])
    }

    private func value(_ name: String, of collector: CollectorProcess) async throws -> Double? {
        try await collector.metrics().first {
            $0.name == name && $0.labels["resource"] ?? "connections" == "connections"
        }?
        .value
    }

    private static func errors(of collector: CollectorProcess) -> [[String: String]] {
        collector.logLines.filter { $0["level"] == "error" }
    }

    @Test("SIGHUP takes a changed file into use, and what was counted stays")
    func takesIntoUse() async throws {
        let collector = try await self.start("otlp-connection-limit: 100\n")
        #expect(try await self.value("tokenscale_otlp_limit", of: collector) == 100)
        let capture = Capture("steady-cumulative-http-protobuf")
        let expected = try ReplayVariant.all.expected(of: capture)
        try await ReplayTests.replay(capture, .all, to: collector)
        #expect(try await ReplayTests.settled(collector, expected) == expected)
        let first = try await self.value("tokenscale_config_last_reload_success_timestamp_seconds", of: collector)

        try self.directory.write("otlp-connection-limit: 200\n", to: "config.yaml")
        try await collector.hangUp()
        #expect(try await self.value("tokenscale_otlp_limit", of: collector) == 200)
        #expect(try await self.value("tokenscale_config_last_reload_successful", of: collector) == 1)
        let second = try await self.value("tokenscale_config_last_reload_success_timestamp_seconds", of: collector)
        #expect(try #require(first) < #require(second))
        #expect(try await ReplayTests.settled(collector, expected) == expected)
        #expect(Self.errors(of: collector).isEmpty)
        #expect(try await collector.stop().code == 0)
    }

    @Test("with faults nothing changes, each fault is logged, and a corrected file is taken")
    func faults() async throws {
        let collector = try await self.start("otlp-connection-limit: 100\n")
        try self.directory.write("otlp-connection-limit: none\npod-limit: 0\n", to: "config.yaml")
        kill(collector.processID, SIGHUP)
        try await eventually("both faults are logged") { Self.errors(of: collector).count == 2 }
        let faults = Self.errors(of: collector).compactMap { $0["fault"] }
        #expect(faults.contains { $0.contains("otlp-connection-limit") })
        #expect(faults.contains { $0.contains("pod-limit") })
        #expect(try await self.value("tokenscale_config_last_reload_successful", of: collector) == 0)
        #expect(try await self.value("tokenscale_otlp_limit", of: collector) == 100)

        try self.directory.write("otlp-connection-limit: 300\n", to: "config.yaml")
        try await collector.hangUp()
        #expect(try await self.value("tokenscale_config_last_reload_successful", of: collector) == 1)
        #expect(try await self.value("tokenscale_otlp_limit", of: collector) == 300)
        #expect(try await collector.stop().code == 0)
    }

    @Test("a configuration that cannot begin gives way to the former one")
    func cannotBegin() async throws {
        let collector = try await self.start("otlp-connection-limit: 100\n")
        let token = try self.directory.write("", to: "token")
        try self.directory.write("otlp-connection-limit: 200\notlp-bearer-token-file: \(token)\n", to: "config.yaml")
        try await collector.hangUp()
        #expect(Self.errors(of: collector).contains { $0["reason"]?.contains(token) ?? false })
        #expect(try await self.value("tokenscale_config_last_reload_successful", of: collector) == 0)
        #expect(try await self.value("tokenscale_otlp_limit", of: collector) == 100)
        #expect(try await collector.stop().code == 0)
    }

    @Test("SIGTERM ends the program, also together with SIGHUP", arguments: [[SIGHUP, SIGTERM], [SIGTERM, SIGHUP]])
    func endsDuringReload(signals: [Int32]) async throws {
        let collector = try await self.start("otlp-connection-limit: 100\n")
        let client = try await StubbornClient(of: collector)
        defer { client.stop() }
        kill(collector.processID, signals[0])
        if signals[0] == SIGHUP {
            try await eventually("the file is read again") { collector.logText.contains("begins anew") }
        }
        let end = try await collector.stop(signals[1])
        #expect(end.code == 0, "\(collector.logText)")
        #expect(end.duration < CollectorProcess.endLimit)
        #expect(Self.errors(of: collector).isEmpty)
    }

    @Test("without a file there is nothing to read: SIGHUP ends the program, as a closed terminal should")
    func withoutFile() async throws {
        let collector = try await CollectorProcess()
        #expect(try await collector.stop(SIGHUP).code == SIGHUP)
    }
}
