import Alerting
import FoundationEssentials
import TokenscaleCore

/// What `tokenscale alerts` shows: as text for people, as JSON for programs.
struct AlertListing {
    var alerts: [Alert]
    var deliveries: [DeliveryListing]
    var now: Timestamp

    // MARK: - Text

    var text: String {
        var lines: [String] = []
        if self.alerts.isEmpty { lines.append("No alerts.") }
        for alert in self.alerts { lines += self.lines(of: alert) }
        let parked = self.deliveries.filter { $0.state == "parked" }
        let waiting = self.deliveries.filter { $0.state == "pending" }
        if !waiting.isEmpty { lines += ["", "Waiting to be delivered:"] + waiting.map(self.line) }
        if !parked.isEmpty {
            lines += ["", "Parked (repair the receiver, then tokenscale alerts --retry-parked):"]
            lines += parked.map(self.line)
        }
        return lines.joined(separator: "\n")
    }

    private func lines(of alert: Alert) -> [String] {
        let text = AlertText(self.transition(of: alert))
        let state = alert.displayState.rawValue.uppercased()
        let since = UTCTime(alert.firingSince ?? alert.pendingSince).clock(seenAt: UTCTime(self.now))
        return [
            "\(state) \(alert.severity.rawValue) since \(since)  \(text.summary)  [\(alert.id)]",
            "    \(text.evidenceSentence)",
        ]
    }

    private func line(of delivery: DeliveryListing) -> String {
        let age = DurationText.prose(seconds: self.now.seconds(since: delivery.time))
        let attempts = NumberText.counted(delivery.attemptCount, "attempt")
        let problem = delivery.problem.isEmpty ? "" : ": \(delivery.problem)"
        return "    \(delivery.receiver)  \(delivery.kind) \(delivery.transitionID)  \(age) ago, \(attempts)\(problem)"
    }

    /// The words of an alert are those of its last transition; this one is told to nobody.
    private func transition(of alert: Alert) -> AlertTransition {
        AlertTransition(kind: .repeated, alert: alert, previousSeverity: nil, resolution: nil, time: self.now)
    }

    // MARK: - JSON

    struct AlertItem: Encodable {
        var id: String
        var state: String
        var labels: [String: String]
        var annotations: [String: String]
        var pendingSince: String
        var firingSince: String?
        var evidence: AlertEvidence
    }

    struct DeliveryItem: Encodable {
        var receiver: String
        var transition: String
        var alert: String
        var kind: String
        var state: String
        var time: String
        var attempts: Int
        var nextAttempt: String?
        var problem: String
    }

    struct SilenceItem: Encodable {
        var id: String
        var matchers: [String]
        var startsAt: String
        var endsAt: String
        var createdBy: String
        var comment: String

        init(_ silence: AlertSilence) {
            self.id = silence.id
            self.matchers = silence.matchers.map(\.description)
            self.startsAt = UTCTime(silence.startsAt).rfc3339
            self.endsAt = UTCTime(silence.endsAt).rfc3339
            self.createdBy = silence.createdBy
            self.comment = silence.comment
        }
    }

    private struct Document: Encodable {
        var alerts: [AlertItem]
        var deliveries: [DeliveryItem]
    }

    func write() throws {
        let alerts = self.alerts.map { alert in
            AlertItem(
                id: alert.id,
                state: alert.displayState.rawValue,
                labels: alert.labels,
                annotations: AlertText(self.transition(of: alert)).annotations,
                pendingSince: UTCTime(alert.pendingSince).rfc3339,
                firingSince: alert.firingSince.map { UTCTime($0).rfc3339 },
                evidence: alert.evidence
            )
        }
        let deliveries = self.deliveries.map { delivery in
            DeliveryItem(
                receiver: delivery.receiver,
                transition: delivery.transitionID,
                alert: delivery.alertID,
                kind: delivery.kind,
                state: delivery.state,
                time: UTCTime(delivery.time).rfc3339,
                attempts: delivery.attemptCount,
                nextAttempt: delivery.nextAttempt.map { UTCTime($0).rfc3339 },
                problem: delivery.problem
            )
        }
        try Self.write(Document(alerts: alerts, deliveries: deliveries))
    }

    static func write(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        StandardStreams.write(String(decoding: try encoder.encode(value), as: UTF8.self))
    }
}
