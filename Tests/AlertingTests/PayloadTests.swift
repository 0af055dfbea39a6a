import Foundation
import TestSupport
import Testing
import TokenscaleCore

@testable import Alerting

@Suite("Payloads")
struct PayloadTests {
    private static let links = AlertingFixtures.configuration().links
    private let payload = AlertPayload(links: Self.links, resendSeconds: 60)
    private let life = AlertingFixtures.life()

    private func object(_ value: JSONValue) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(value.bytes)) as? [String: Any])
    }

    @Test("the webhook payload has every field of Alertmanager's version 4")
    func webhook() throws {
        let fired = try self.object(self.payload.webhook(self.life[0], receiver: "team"))
        let fields = [
            "version", "groupKey", "truncatedAlerts", "status", "receiver", "groupLabels", "commonLabels",
            "commonAnnotations", "externalURL", "alerts",
        ]
        #expect(Set(fired.keys) == Set(fields))
        let alert = try #require((fired["alerts"] as? [[String: Any]])?.first)
        #expect(alert["endsAt"] as? String == "0001-01-01T00:00:00Z")
        #expect((alert["fingerprint"] as? String)?.count == 16)
        let resolved = try self.object(self.payload.webhook(self.life[2], receiver: "team"))
        #expect(resolved["status"] as? String == "resolved")
        #expect((resolved["alerts"] as? [[String: Any]])?.first?["endsAt"] as? String == "2026-11-21T10:02:02.000Z")
    }

    @Test("Alertmanager is told that the lower severity is over")
    func alertmanager() throws {
        let body = self.payload.alertmanager([self.life[1]], now: AlertingFixtures.start)
        let alerts = try #require(try JSONSerialization.jsonObject(with: Data(body.bytes)) as? [[String: Any]])
        let severities = alerts.compactMap { ($0["labels"] as? [String: String])?["severity"] }
        #expect(severities == ["warning", "critical"])
        #expect(alerts.map { $0["endsAt"] as? String } == ["2026-11-21T10:02:00.001Z", "2026-11-21T10:06:00.000Z"])
    }

    @Test("PagerDuty: one incident from trigger to resolve, within its limits")
    func pagerDuty() throws {
        let events = try self.life.map { try self.object(self.payload.pagerDuty($0, routingKey: "R")) }
        #expect(events.map { $0["event_action"] as? String } == ["trigger", "trigger", "resolve"])
        #expect(Set(events.map { $0["dedup_key"] as? String }).count == 1)
        let payload = try #require(events[1]["payload"] as? [String: Any])
        #expect(payload["severity"] as? String == "critical")
        #expect(payload["source"] as? String == "agents/fixer")
        #expect((payload["custom_details"] as? [String: String])?["description"]?.contains("37 times") == true)
    }

    @Test("Slack: text of senders cannot mention people or make links")
    func slack() throws {
        let life = AlertingFixtures.life("<!channel>&<https://evil.example|x>")
        let message = try self.object(self.payload.slack(life[0]))
        let blocks = try #require(message["blocks"] as? [[String: Any]])
        // Everything but the header, whose `plain_text` Slack shows as it is.
        let marked = "\(message["text"] ?? "") \(blocks.dropFirst())"
        #expect(marked.contains("!channel"))
        #expect(!marked.contains("<!channel>") && !marked.contains("<https://evil"))
        #expect(blocks.map { $0["type"] as? String } == ["header", "section", "section", "section", "context"])
        #expect(((blocks[0]["text"] as? [String: String])?["text"] ?? "").count <= 150)
    }

    @Test("bodies are the same bytes on every attempt")
    func stability() {
        for transition in self.life {
            let first = self.payload.webhook(transition, receiver: "r").bytes
            #expect((0..<20).allSatisfy { _ in self.payload.webhook(transition, receiver: "r").bytes == first })
        }
    }

    @Test("the reference libraries accept signatures (one key, and two while keys are replaced) and events")
    func references() async throws {
        guard let python = ProcessInfo.processInfo.environment["TOKENSCALE_TEST_PYTHON"] else {
            print("skipped: set TOKENSCALE_TEST_PYTHON to a Python with standardwebhooks and cloudevents")
            return
        }
        let directory = try TemporaryDirectory()
        let double = try ReceiverDouble.shared.get()
        let secrets = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"]
        let files = try secrets.enumerated().map { try directory.write($0.element, to: "key-\($0.offset)") }
        let run = UUID().uuidString.prefix(8)
        var receivers: [AlertReceiver] = []
        for (kind, mode) in [(AlertReceiver.Kind.webhook, nil), (.cloudevents, .structured), (.cloudevents, .binary)]
            as [(AlertReceiver.Kind, AlertReceiver.ContentMode?)]
        {
            let name = "\(kind.rawValue)-\(mode?.rawValue ?? "v4")-\(run)"
            var receiver = AlertReceiver(name: name, kind: kind, url: double.url(name))
            receiver.contentMode = mode ?? .structured
            receiver.secretFiles = files
            receivers.append(receiver)
        }
        var configuration = AlertingFixtures.configuration()
        configuration.receivers = receivers
        let sender = SenderRun(configuration, directory: directory)
        let life = AlertingFixtures.life("fixer é%")
        try await sender {
            try await sender.append(life)
            for receiver in receivers { try await sender.wait(for: receiver.name, .delivered, count: 3) }
        }
        for receiver in receivers {
            let records = try await double.records(receiver.name)
            let lines = try await Self.verify(records, secrets: secrets, python: python)
            #expect(lines.map { $0["id"] as? String } == life.map(\.id))
            guard receiver.kind == .cloudevents else { continue }
            let events = lines.compactMap { $0["event"] as? [String: String] }
            #expect(events.map { $0["id"] } == life.map(\.id))
            #expect(
                events.map { $0["type"] } == ["fired", "escalated", "resolved"].map { "dev.tokenscale.alert.\($0)" }
            )
            #expect(events.map { $0["status"] } == ["firing", "firing", "resolved"])
            #expect(events.first?["subject"] == "agents/fixer é%/session-of-fixer é%")
        }
    }

    private static func verify(
        _ records: [ReceiverDouble.Record],
        secrets: [String],
        python: String
    ) async throws -> [[String: Any]] {
        struct Input: Encodable {
            var secrets: [String]
            var records: [ReceiverDouble.Record]
        }
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Resources/verify.py")
        let input = try JSONEncoder().encode(Input(secrets: secrets, records: records))
        let output = try await Program.run(python, [script.path], input: input)
        return try output.split(separator: "\n").map { line in
            try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        }
    }
}
