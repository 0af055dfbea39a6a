import TokenscaleCore

extension Setting {
    static let alerting: [Setting] = Self.alertTargets + Self.alertPolicy + Self.alertDelivery

    private static let alertTargets: [Setting] = [
        .objects(
            "alert-receivers",
            .alerting,
            \.alerting.receivers,
            allowed:
                "a list of {\(AlertReceiver.keys.joined(separator: ", "))}; name, type and url or url-file are needed",
            "Where alerts are told: `type` is \(AlertReceiver.Kind.allCases.map(\.rawValue).joined(separator: ", ")). "
                + "URLs that are secrets belong into a file (`url-file`); tokens and keys always do.",
            isSecret: true,
            parse: { value throws(SettingError) in try AlertReceiver(value) },
            show: { $0.text }
        ),
        .objects(
            "alert-routes",
            .alerting,
            \.alerting.routes,
            allowed: "a list of {matchers: [\"label=value\", \"label!=value\"], receivers: [NAME], continue: true}",
            "Which alerts go to which receivers; the first route that matches decides. Without routes every alert goes "
                + "to every receiver.",
            parse: { value throws(SettingError) in try AlertRoute(value) },
            show: { $0.text }
        ),
        .optionalText(
            "alert-dashboard-url",
            .alerting,
            \.alerting.links.dashboardURL,
            allowed: "an absolute http or https URL",
            "A Grafana dashboard; variables are added as a query."
        ),
        .optionalText(
            "alert-runbook-url",
            .alerting,
            \.alerting.links.runbookURL,
            allowed: "an absolute http or https URL",
            "A page with one heading per pattern."
        ),
        .optionalText(
            "alert-external-url",
            .alerting,
            \.alerting.links.externalURL,
            allowed: "an absolute http or https URL",
            "What receivers show as the sender."
        ),
        .texts(
            "alert-external-labels",
            .alerting,
            \.alertExternalLabels,
            allowed: "name=value",
            "Put on every alert, for example `cluster=west`.",
            isValid: { $0.contains("=") && !$0.hasPrefix("=") }
        ),
    ]

    private static let alertPolicy: [Setting] = [
        .number(
            "alert-firing-delay-seconds",
            .alerting,
            \.alerting.policy.firingDelaySeconds,
            in: 0...3_600,
            "Evidence must hold for this long before an alert fires."
        ),
        .number(
            "alert-clear-seconds",
            .alerting,
            \.alerting.policy.clearSeconds,
            in: 0...86_400,
            "How long the subject of a firing alert must be without evidence before it is resolved."
        ),
        .number(
            "alert-absent-seconds",
            .alerting,
            \.alerting.policy.absentSeconds,
            in: 0...86_400,
            "How long a subject may be missing before its alert is resolved as ended."
        ),
        .number(
            "alert-restart-grace-seconds",
            .alerting,
            \.alerting.policy.restartGraceSeconds,
            in: 0...86_400,
            "After a restart no alert is resolved for lack of evidence before this has passed."
        ),
        .number(
            "alert-repeat-seconds",
            .alerting,
            \.alerting.policy.repeatSeconds,
            in: 60...2_592_000,
            "A firing alert is told again after this."
        ),
        .integer(
            "alert-group-minimum",
            .alerting,
            \.alerting.policy.groupMinimum,
            in: 2...100_000,
            "So many stuck sessions of one pod or workload are told as one alert."
        ),
        .number(
            "alert-group-wait-seconds",
            .alerting,
            \.alerting.policy.groupWaitSeconds,
            in: 0...600,
            "A new group waits this long for more members."
        ),
        .number(
            "alert-group-interval-seconds",
            .alerting,
            \.alerting.policy.groupIntervalSeconds,
            in: 1...86_400,
            "A group that has doubled is told again, at most this often."
        ),
        .integer(
            "alert-example-count",
            .alerting,
            \.alerting.policy.exampleCount,
            in: 0...10,
            "The worst sessions that a group's text names."
        ),
        .integer(
            "alert-limit",
            .alerting,
            \.alerting.policy.alertLimit,
            in: 1...1_000_000,
            "Alerts kept at the same time; what is beyond is counted and not told."
        ),
        .number(
            "alert-refresh-seconds",
            .alerting,
            \.alerting.policy.refreshSeconds,
            in: 1...3_600,
            "How often the stored evidence of firing alerts is brought up to date."
        ),
    ]

    private static let alertDelivery: [Setting] = [
        .number(
            "alert-backoff-initial-seconds",
            .alerting,
            \.alerting.delivery.backoffInitialSeconds,
            in: 0.01...60,
            "The first waiting time before a delivery is tried again; it doubles, with full jitter."
        ),
        .number(
            "alert-backoff-maximum-seconds",
            .alerting,
            \.alerting.delivery.backoffMaximumSeconds,
            in: 0.01...3_600,
            "The longest one."
        ),
        .number(
            "alert-retry-after-maximum-seconds",
            .alerting,
            \.alerting.delivery.retryAfterMaximumSeconds,
            in: 0...86_400,
            "A receiver's `Retry-After` is obeyed up to this."
        ),
        .number(
            "alert-age-limit-seconds",
            .alerting,
            \.alerting.delivery.ageLimitSeconds,
            in: 1...2_592_000,
            "A delivery that is not accepted within this is parked."
        ),
        .integer(
            "alert-circuit-failure-limit",
            .alerting,
            \.alerting.delivery.circuitFailureLimit,
            in: 1...1_000,
            "Failures in a row after which a receiver is left alone for a while."
        ),
        .number(
            "alert-circuit-open-seconds",
            .alerting,
            \.alerting.delivery.circuitOpenSeconds,
            in: 0.1...3_600,
            "For how long."
        ),
        .integer(
            "alert-concurrent-limit",
            .alerting,
            \.alerting.delivery.concurrentLimit,
            in: 1...64,
            "Requests to one receiver at the same time, each for another alert."
        ),
        .number(
            "alert-resend-seconds",
            .alerting,
            \.alerting.delivery.resendSeconds,
            in: 1...240,
            "How often firing alerts are told to Alertmanager anew; their `endsAt` is four times this ahead."
        ),
        .number(
            "alert-shutdown-seconds",
            .alerting,
            \.alerting.delivery.shutdownSeconds,
            in: 0...60,
            "After SIGTERM deliveries under way get this long; what is unsent stays in the outbox."
        ),
        .integer(
            "alert-outbox-row-limit",
            .alerting,
            \.alerting.outbox.rowLimit,
            in: 100...10_000_000,
            "Transitions kept in the outbox, sent or not."
        ),
        .number(
            "alert-outbox-retention-seconds",
            .alerting,
            \.alerting.outbox.retentionSeconds,
            in: 60...31_536_000,
            "What was delivered or parked is forgotten after this."
        ),
        .integer(
            "alert-silence-limit",
            .alerting,
            \.alerting.outbox.silenceLimit,
            in: 1...100_000,
            "Silences kept."
        ),
    ]
}

extension AlertReceiver {
    static let keys = [
        "name", "type", "url", "url-file", "secret-files", "bearer-token-file", "tls-ca-file", "tls-certificate-file",
        "tls-key-file", "proxy-url", "allow-metadata-addresses", "content-mode", "send-resolved", "timeout-seconds",
    ]

    init(_ value: ConfigurationValue) throws(SettingError) {
        let fields = try ConfigurationFields(value, known: Self.keys)
        let type = try fields.text("type")
        guard let kind = Kind(rawValue: type) else {
            let known = Kind.allCases.map(\.rawValue).joined(separator: ", ")
            throw SettingError(message: "type must be one of \(known)")
        }
        self.init(name: try fields.text("name"), kind: kind, url: try fields.optionalText("url"))
        self.urlFile = try fields.optionalText("url-file")
        self.secretFiles = try fields.texts("secret-files")
        self.bearerTokenFile = try fields.optionalText("bearer-token-file")
        self.tlsCAFile = try fields.optionalText("tls-ca-file")
        self.tlsCertificateFile = try fields.optionalText("tls-certificate-file")
        self.tlsKeyFile = try fields.optionalText("tls-key-file")
        self.proxyURL = try fields.optionalText("proxy-url")
        self.allowsMetadataAddresses = try fields.boolean("allow-metadata-addresses", default: false)
        self.sendsResolved = try fields.boolean("send-resolved", default: true)
        if let seconds = try fields.number("timeout-seconds", in: 0.1...300) { self.timeoutSeconds = seconds }
        if let text = try fields.optionalText("content-mode") {
            guard let mode = ContentMode(rawValue: text) else {
                throw SettingError(message: "content-mode must be binary or structured")
            }
            self.contentMode = mode
        }
    }

    /// For people: an address may carry a secret, so it is not shown.
    var text: String {
        let address = self.urlFile.map { "url-file: \($0)" } ?? "url: (hidden)"
        return "{name: \(self.name), type: \(self.kind.rawValue), \(address)}"
    }
}

extension AlertRoute {
    init(_ value: ConfigurationValue) throws(SettingError) {
        let fields = try ConfigurationFields(value, known: ["matchers", "receivers", "continue"])
        var matchers: [LabelMatcher] = []
        for text in try fields.texts("matchers") {
            guard let matcher = LabelMatcher(parsing: text) else {
                throw SettingError(message: "\(ConfigurationFault.quoted(text)) is not label=value or label!=value")
            }
            matchers.append(matcher)
        }
        self.init(
            matchers: matchers,
            receivers: try fields.texts("receivers"),
            continues: try fields.boolean("continue", default: false)
        )
    }

    var text: String {
        let matchers = self.matchers.map { "\"\($0)\"" }.joined(separator: ", ")
        let tail = self.continues ? ", continue: true" : ""
        return "{matchers: [\(matchers)], receivers: [\(self.receivers.joined(separator: ", "))]\(tail)}"
    }
}
