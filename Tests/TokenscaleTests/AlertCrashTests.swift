import Alerting
import CurlHTTP
import Foundation
import TestSupport
import Testing
import TokenscaleCore

@testable import tokenscale

/// `kill -9` of the whole program while sessions get stuck under real telemetry and a receiver is being told.
/// `CrashTests` of AlertingTests does the same hundreds of times with the parts that store and send.
@Suite("Alerts over kills")
struct AlertCrashTests {
    /// 8, or `TOKENSCALE_TEST_KILLS`.
    private static let killCount =
        ProcessInfo.processInfo.environment["TOKENSCALE_TEST_KILLS"].flatMap { Int($0) } ?? 8
    private static let sessionsPerLife = 4

    @Test("what the program stored before it was killed is told: all of it, under one id, in the order of each alert")
    func kills() async throws {
        let receiver = try WebhookSink(name: "kills")
        let directory = FileManager.default.temporaryDirectory.appending(path: "tokenscale-\(UUID())")
        defer { try? FileManager.default.removeItem(at: directory) }
        let arguments = [
            "--alert-receivers", "[{name: sink, type: webhook, url: '\(receiver.url)'}]", "--alert-group-minimum=1000",
            "--alert-absent-seconds=1", "--alert-clear-seconds=1", "--alert-restart-grace-seconds=1",
            "--session-expiry-seconds=60", "--alert-backoff-initial-seconds=0.1",
        ]
        let file = DataDirectory.outboxFile(in: directory.path)
        for life in 0..<Self.killCount {
            let collector = try await CollectorProcess(directory: directory, arguments: arguments)
            for number in 0..<Self.sessionsPerLife {
                try await StuckSession(pod: Self.pod(life, number)).send(to: collector)
            }
            // Every other kill before, within or after the tick that stores the alerts; the rest while they are told.
            if life % 2 == 1 { try await self.waitUntilStored(life: life, in: file) }
            try await Task.sleep(for: .milliseconds(Int.random(in: 0...(life % 2 == 1 ? 200 : 2200))))
            _ = try await collector.stop(SIGKILL)
        }
        let collector = try await CollectorProcess(directory: directory, arguments: arguments)
        try await StuckSession(pod: "last").send(to: collector)
        let outbox = AlertOutbox(path: file)
        try await eventually("everything is told, and every alert but the last is over") {
            let alerts = try await outbox.alerts()
            guard alerts.map({ $0.subject.pod?.name }) == ["last"] else { return false }
            return try await outbox.openDeliveries(limit: 1).isEmpty
        }
        #expect(try await collector.stop().code == 0)
        try self.compare(try await outbox.transitionIDs(), with: try await receiver.records())
    }

    /// Leaves no connection behind: the next life finds the file as the killed one left it.
    private func waitUntilStored(life: Int, in file: String) async throws {
        let outbox = AlertOutbox(path: file)
        try await eventually("the alerts of life \(life) are stored") {
            let pods = Set(try await outbox.alerts().compactMap { $0.subject.pod?.name })
            return pods.isSuperset(of: (0..<Self.sessionsPerLife).map { Self.pod(life, $0) })
        }
    }

    private static func pod(_ life: Int, _ number: Int) -> String { "fixer-\(life)-\(number)" }

    private func compare(_ stored: [String], with records: [WebhookSink.Record]) throws {
        let places = Dictionary(uniqueKeysWithValues: stored.enumerated().map { ($0.element, $0.offset) })
        var newest: [String: Int] = [:]
        var seen: Set<String> = []
        for record in records where seen.insert(record.webhookID).inserted {
            let place = try #require(places[record.webhookID], "\(record.webhookID) was never stored")
            let alert = String(record.webhookID.prefix(16))
            #expect(place > newest[alert, default: -1], "\(record.webhookID) is out of order")
            newest[alert] = place
        }
        #expect(seen == Set(stored))
        print(
            "alerts over kills: \(Self.killCount) kills, \(stored.count) transitions of \(newest.count) alerts, "
                + "\(records.count - seen.count) told once more"
        )
        #expect(newest.count > Self.killCount, "the history must be worth the test")
    }
}

/// The telemetry of a session that runs the same failing command, just now.
private struct StuckSession {
    let pod: String

    func send(to collector: CollectorProcess) async throws {
        let now = Int64(Date().timeIntervalSince1970 * 1000)
        let records = (0..<16).flatMap { round -> [String] in
            let time = now - Int64(16 - round) * 1000
            return [
                self.record(
                    "api_request",
                    time,
                    round * 2,
                    [
                        ("request_id", "\(self.pod)-\(round)"), ("model", "claude-opus-4-5"), ("input_tokens", "9"),
                        ("output_tokens", "140"), ("cache_read_tokens", "60000"), ("query_source", "sdk"),
                    ]
                ),
                self.record(
                    "tool_result",
                    time + 200,
                    round * 2 + 1,
                    [
                        ("tool_name", "Bash"), ("tool_use_id", "\(self.pod)-use-\(round)"), ("success", "false"),
                        ("error_type", "ShellError"), ("tool_input", #"{\"command\":\"npm test\"}"#),
                        ("error", "exit code 1"), ("tool_result_size_bytes", "512"), ("tool_input_size_bytes", "24"),
                    ]
                ),
            ]
        }
        let pod = [("k8s.namespace.name", "agents"), ("k8s.pod.name", self.pod)]
        let body = """
            {"resourceLogs":[{"resource":{"attributes":[\(pod.map(Self.attribute).joined(separator: ","))]},\
            "scopeLogs":[{"logRecords":[\(records.joined(separator: ","))]}]}]}
            """
        let response = try await collector.post(
            "/v1/logs",
            Array(body.utf8),
            headers: [HTTPHeader(name: "content-type", value: "application/json")]
        )
        #expect(response.status == 200, "\(String(decoding: response.body, as: UTF8.self))")
    }

    private func record(_ name: String, _ time: Int64, _ sequence: Int, _ values: [(String, String)]) -> String {
        let all = [("event.name", name), ("session.id", "session-of-\(self.pod)"), ("event.sequence", "\(sequence)")]
        let attributes = (all + values).map { Self.attribute($0.0, $0.1) }.joined(separator: ",")
        return #"{"timeUnixNano":"\#(time)000000","attributes":[\#(attributes)]}"#
    }

    private static func attribute(_ key: String, _ value: String) -> String {
        #"{"key":"\#(key)","value":{"stringValue":"\#(value)"}}"#
    }
}
