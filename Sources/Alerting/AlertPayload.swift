import TokenscaleCore

/// The bodies that receivers understand, made of transitions.
struct AlertPayload: Sendable {
    let links: AlertLinks
    /// How far `endsAt` of a firing alert lies ahead: Alertmanager resolves it when it is not told again before.
    let resendSeconds: Double

    /// `0001-01-01T00:00:00Z`, Go's zero time, which Alertmanager writes for "still firing".
    private static let goZeroTime = "0001-01-01T00:00:00Z"

    // MARK: - Alertmanager

    /// The body of `POST /api/v2/alerts`.
    /// <https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml>
    func alertmanager(_ transitions: [AlertTransition], now: Timestamp) -> JSONValue {
        var alerts: [JSONValue] = []
        for transition in transitions {
            let alert = transition.alert
            if let previous = transition.previousSeverity, previous != alert.severity {
                // Other labels are another alert to Alertmanager: the one with the lower severity is over.
                alerts.append(self.alertmanager(transition, labels: alert.labels(severity: previous), endsAt: now))
            }
            let endsAt = transition.isResolved ? transition.time : now.advanced(bySeconds: 4 * self.resendSeconds)
            alerts.append(self.alertmanager(transition, labels: alert.labels, endsAt: endsAt))
        }
        return .array(alerts)
    }

    private func alertmanager(
        _ transition: AlertTransition,
        labels: [String: String],
        endsAt: Timestamp
    ) -> JSONValue {
        let startsAt = transition.alert.firingSince ?? transition.time
        var result: [String: JSONValue] = [
            // Alertmanager takes an empty label for an absent one.
            "labels": .object(labels.filter { !$0.value.isEmpty }),
            "annotations": .object(AlertText(transition, links: self.links).annotations),
            "startsAt": .string(UTCTime(startsAt).rfc3339),
            // An end that is not after the start is refused: the alert may have ended within a millisecond.
            "endsAt": .string(UTCTime(max(endsAt, startsAt.advanced(bySeconds: 0.001))).rfc3339),
        ]
        if let url = self.links.externalURL { result["generatorURL"] = .string(url) }
        return .object(result)
    }

    // MARK: - Webhook

    /// Alertmanager's webhook payload, version 4.
    /// <https://prometheus.io/docs/alerting/latest/configuration/#webhook_config>
    func webhook(_ transition: AlertTransition, receiver: String) -> JSONValue {
        let alert = transition.alert
        let annotations = JSONValue.object(AlertText(transition, links: self.links).annotations)
        let status: JSONValue = transition.isResolved ? "resolved" : "firing"
        let group = alert.identityLabels.sorted { $0.key < $1.key }.map { "\($0.key)=\"\($0.value)\"" }
        let entry: JSONValue = [
            "status": status,
            "labels": .object(alert.labels),
            "annotations": annotations,
            "startsAt": .string(UTCTime(alert.firingSince ?? transition.time).rfc3339),
            "endsAt": .string(transition.isResolved ? UTCTime(transition.time).rfc3339 : Self.goZeroTime),
            "generatorURL": .string(self.links.externalURL ?? ""),
            "fingerprint": .string(alert.id),
        ]
        return [
            "version": "4",
            "groupKey": .string("{}:{\(group.joined(separator: ", "))}"),
            "truncatedAlerts": 0,
            "status": status,
            "receiver": .string(receiver),
            "groupLabels": .object(alert.identityLabels),
            "commonLabels": .object(alert.labels),
            "commonAnnotations": annotations,
            "externalURL": .string(self.links.externalURL ?? ""),
            "alerts": [entry],
        ]
    }

    // MARK: - Slack

    /// <https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks>
    func slack(_ transition: AlertTransition) -> JSONValue {
        let text = AlertText(transition, links: self.links)
        let labels = transition.alert.labels
        let sign = transition.isResolved ? "✅" : transition.alert.severity == .critical ? "🔥" : "⚠️"
        let title = "\(sign) \(text.summary)"
        let fields = ["severity", "namespace", "workload", "pod", "session", "pattern"].compactMap { name in
            labels[name].map { value -> JSONValue in
                .object(["type": "mrkdwn", "text": .string("*\(name)*\n\(Self.slackEscaped(value))")])
            }
        }
        var blocks: [JSONValue] = [
            ["type": "header", "text": ["type": "plain_text", "text": .string(String(title.prefix(150)))]],
            Self.slackSection(Self.slackEscaped(text.description)),
            ["type": "section", "fields": .array(fields)],
        ]
        if !transition.isResolved {
            blocks.append(Self.slackSection("```\(Self.slackEscaped(text.actions.joined(separator: "\n")))```"))
        }
        let links = [("Dashboard", text.dashboardURL), ("Runbook", text.runbookURL)].compactMap { name, url in
            url.map { "<\(Self.slackEscaped($0))|\(name)>" }
        }
        if !links.isEmpty {
            blocks.append(["type": "context", "elements": [Self.slackText(links.joined(separator: " · "))]])
        }
        return ["text": .string(Self.slackEscaped(title)), "blocks": .array(blocks)]
    }

    private static func slackSection(_ text: String) -> JSONValue { ["type": "section", "text": Self.slackText(text)] }

    /// A text object holds at most 3,000 characters.
    private static func slackText(_ text: String) -> JSONValue {
        ["type": "mrkdwn", "text": .string(String(text.prefix(2990)))]
    }

    /// The three characters with a meaning of their own.
    static func slackEscaped(_ text: String) -> String {
        var result = ""
        for character in text.unicodeScalars {
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            default: result.unicodeScalars.append(character)
            }
        }
        return result
    }

    // MARK: - PagerDuty

    /// <https://developer.pagerduty.com/docs/send-alert-event>
    func pagerDuty(_ transition: AlertTransition, routingKey: String) -> JSONValue {
        let text = AlertText(transition, links: self.links)
        let alert = transition.alert
        let source = alert.subject.pod.map { "\($0.namespace)/\($0.name)" } ?? alert.subject.namespace
        var details = alert.labels
        for (name, value) in text.annotations { details[name] = value }
        var links: [JSONValue] = []
        for case (let name, let url?) in [("Dashboard", text.dashboardURL), ("Runbook", text.runbookURL)] {
            links.append(["href": .string(url), "text": .string(name)])
        }
        return [
            "routing_key": .string(routingKey),
            "event_action": transition.isResolved ? "resolve" : "trigger",
            "dedup_key": .string(alert.id),
            "client": "tokenscale",
            "client_url": .string(self.links.externalURL ?? ""),
            "links": .array(links),
            "payload": [
                "summary": .string(String(text.summary.prefix(1024))),
                "source": .string(source.isEmpty ? "tokenscale" : source),
                "severity": .string(alert.severity.rawValue),
                "timestamp": .string(UTCTime(transition.time).rfc3339),
                "component": .string(alert.labels["workload"] ?? ""),
                "group": .string(alert.subject.namespace),
                "class": .string(alert.pattern),
                "custom_details": .object(details),
            ],
        ]
    }

    // MARK: - CloudEvents

    /// Context attributes. <https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md#context-attributes>
    func cloudEventAttributes(_ transition: AlertTransition) -> [String: String] {
        let subject = transition.alert.subject
        let path = [subject.namespace, transition.alert.labels["workload"] ?? "", subject.pod?.name ?? ""]
        let words = (path + [subject.session ?? ""]).filter { !$0.isEmpty }
        return [
            "specversion": "1.0",
            "id": transition.id,
            "source": self.links.externalURL ?? "/tokenscale",
            "type": "dev.tokenscale.alert.\(transition.kind.rawValue)",
            "subject": words.joined(separator: "/"),
            "time": UTCTime(transition.time).rfc3339,
            "datacontenttype": "application/json",
        ]
    }

    func cloudEventData(_ transition: AlertTransition) -> JSONValue {
        let alert = transition.alert
        var data: [String: JSONValue] = [
            "fingerprint": .string(alert.id),
            "kind": .string(transition.kind.rawValue),
            "status": transition.isResolved ? "resolved" : "firing",
            "number": .integer(Int64(alert.transitionCount)),
            "labels": .object(alert.labels),
            "annotations": .object(AlertText(transition, links: self.links).annotations),
            "startsAt": .string(UTCTime(alert.firingSince ?? transition.time).rfc3339),
        ]
        if transition.isResolved { data["endsAt"] = .string(UTCTime(transition.time).rfc3339) }
        if let resolution = transition.resolution { data["resolution"] = .string(resolution.rawValue) }
        return .object(data)
    }
}
