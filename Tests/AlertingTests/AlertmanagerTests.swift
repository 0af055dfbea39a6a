import CurlHTTP
import Foundation
import TestSupport
import Testing
import TokenscaleCore

@testable import Alerting

/// Against a real Alertmanager and its own command line, where they are installed (Debian: `prometheus-alertmanager`).
@Suite("Alertmanager", .serialized)
struct AlertmanagerTests {
    private struct Listed: Decodable {
        struct Status: Decodable { var state: String }
        var labels: [String: String]
        var annotations: [String: String]
        var fingerprint: String
        var startsAt: String
        var endsAt: String
        var status: Status
    }

    private static func list(_ server: AlertmanagerProcess) async throws -> [Listed] {
        let text = try await Program.run(
            server.amtool,
            ["--alertmanager.url", server.url, "alert", "query", "-o", "json"]
        )
        return try JSONDecoder().decode([Listed].self, from: Data(text.utf8))
    }

    private static func configuration(_ server: AlertmanagerProcess) -> AlertingConfiguration {
        var configuration = AlertingFixtures.configuration(
            AlertReceiver(name: "am", kind: .alertmanager, url: server.url + "/")
        )
        configuration.delivery.resendSeconds = 1
        return configuration
    }

    @Test("an alert fires, rises and ends in Alertmanager, with the fingerprint it computes itself")
    func life() async throws {
        guard let server = try await AlertmanagerProcess.start() else { return }
        let run = try SenderRun(Self.configuration(server))
        var policy = run.configuration.policy
        policy.externalLabels = ["cluster": "test"]
        var machine = AlertStateMachine(policy: policy)
        let now = AlertingFixtures.wallClock()
        func step(_ seconds: Double, _ severity: LoopSeverity?) async throws {
            let snapshot = AlertingFixtures.snapshot(at: now.advanced(bySeconds: seconds), [("fixer", severity)])
            let transitions = machine.step(snapshot)
            _ = try await run.outbox.append(
                transitions,
                changed: machine.changedAlerts,
                removedIDs: machine.changes.removedIDs
            ) { _ in ["am"] }
            run.sender.signals.signalAll()
        }
        try await run {
            try await step(-2, .warning)
            let first = try await eventualValue("a warning") { try await Self.list(server).first }
            #expect(first.labels["severity"] == "warning")
            #expect(first.labels["cluster"] == "test")
            #expect(first.fingerprint == AlertLabel.fingerprint(first.labels))
            #expect(first.annotations["description"]?.contains("Bash failed 37 times in 41 min") == true)
            #expect(first.annotations["runbook_url"] == "https://runbooks.example/tokenscale#failing-action")
            let resent = try await eventualValue("told again before it expires") {
                let alert = try await Self.list(server).first
                return alert?.endsAt != first.endsAt ? alert : nil
            }
            #expect(resent.startsAt == first.startsAt)
            #expect(resent.endsAt > first.endsAt)

            try await step(-1, .critical)
            try await eventually("critical only") {
                let severities = try await Self.list(server).map { $0.labels["severity"] }
                return severities == ["critical"]
            }
            try await step(0, nil)
            try await eventually("resolved") { try await Self.list(server).isEmpty }
        }
        #expect(run.receiver("am").notifications[.parked] == nil)
    }

    @Test("our webhook has the fields that Alertmanager's own webhook has")
    func webhookFields() async throws {
        guard let server = try await AlertmanagerProcess.start() else { return }
        let run = try SenderRun(Self.configuration(server))
        let life = AlertingFixtures.life(at: AlertingFixtures.wallClock())
        try await run {
            try await run.append([life[0]])
            let theirs = try #require(try await server.double.records(server.webhookName, count: 1).first)
            let ours = AlertPayload(links: AlertLinks(), resendSeconds: 60).webhook(life[0], receiver: "r")
            let parsed = try #require(
                try JSONSerialization.jsonObject(with: Data(ours.bytes)) as? [String: Any]
            )
            let wanted = try theirs.json()
            #expect(Set(wanted.keys) == Set(parsed.keys))
            let (their, our) = (wanted["alerts"] as? [[String: Any]], parsed["alerts"] as? [[String: Any]])
            #expect(Set(try #require(their?.first).keys) == Set(try #require(our?.first).keys))
            #expect(wanted["version"] as? String == parsed["version"] as? String)
            #expect(their?.first?["endsAt"] as? String == our?.first?["endsAt"] as? String)
        }
    }

    @Test("a thousand alerts at once are all accepted")
    func many() async throws {
        guard let server = try await AlertmanagerProcess.start() else { return }
        let run = try SenderRun(Self.configuration(server))
        let now = AlertingFixtures.wallClock()
        try await run {
            try await run.append((0..<1000).map { AlertingFixtures.life("pod-\($0)", at: now)[0] })
            try await run.wait(for: "am", .delivered, count: 1000)
            #expect(try await Self.list(server).count == 1000)
        }
    }
}

/// A real Alertmanager that sends what it is told on to the receiver double.
final class AlertmanagerProcess: Sendable {
    let url: String
    let amtool: String
    let double: ReceiverDouble
    let webhookName: String
    private let process: Process
    private let directory: TemporaryDirectory

    /// `nil` where it is not installed: the test says so and is over.
    static func start() async throws -> AlertmanagerProcess? {
        guard let program = Program.find("prometheus-alertmanager", "alertmanager"),
            let amtool = Program.find("amtool")
        else {
            print("skipped: Alertmanager is not installed")
            return nil
        }
        let server = try AlertmanagerProcess(program: program, amtool: amtool)
        let client = HTTPClient(HTTPClient.Configuration(userAgent: "tokenscale/test", proxy: .direct))
        try await eventually("Alertmanager ready") {
            let response = try? await client.send(HTTPRequest(url: server.url + "/-/ready"))
            return response?.isSuccess == true
        }
        return server
    }

    private init(program: String, amtool: String) throws {
        self.double = try ReceiverDouble.shared.get()
        self.webhookName = "alertmanager-\(UUID().uuidString.prefix(8))"
        self.directory = try TemporaryDirectory()
        let configuration = try self.directory.write(
            """
            route: {receiver: double, group_by: ['...'], group_wait: 0s, group_interval: 1s}
            receivers:
            - name: double
              webhook_configs: [{url: '\(self.double.url(self.webhookName))'}]
            """,
            to: "alertmanager.yml"
        )
        let port = try FreePort.find()
        self.url = "http://127.0.0.1:\(port)"
        self.amtool = amtool
        self.process = Process()
        self.process.executableURL = URL(filePath: program)
        self.process.arguments = [
            "--config.file=\(configuration)", "--storage.path=\(self.directory.path("data"))",
            "--web.listen-address=127.0.0.1:\(port)", "--cluster.listen-address=", "--log.level=error",
        ]
        self.process.standardError = FileHandle.nullDevice
        try self.process.run()
    }

    deinit {
        self.process.terminate()
        self.process.waitUntilExit()
    }
}
