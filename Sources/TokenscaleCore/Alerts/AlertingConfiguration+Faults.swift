/// What is wrong with one key of a configuration. The value is shown unless it is a secret.
package struct AlertingConfigurationFault: Equatable, Sendable {
    /// `alerting.receivers[0].url`
    package var key: String
    /// As it was read; `(hidden)` for URLs, which may carry secrets.
    package var value: String
    package var allowed: String

    package init(key: String, value: String, allowed: String) {
        self.key = key
        self.value = value
        self.allowed = allowed
    }
}

extension AlertingConfiguration {
    /// Every fault at once; empty when the configuration can be used. Reads no file.
    package var faults: [AlertingConfigurationFault] {
        var faults = AlertingFaults()
        self.checkPolicy(&faults)
        self.checkDelivery(&faults)
        self.checkLinks(&faults)
        faults.check("alerting.receivers", self.receivers.count, in: 0...64)
        var names: Set<String> = []
        for (index, receiver) in self.receivers.enumerated() {
            let key = "alerting.receivers[\(index)]"
            receiver.check(key, &faults)
            if !names.insert(receiver.name).inserted {
                faults.add("\(key).name", receiver.name, "a name that no other receiver has")
            }
        }
        // `tokenscale alert test` sends one with the label `test`.
        let external = self.policy.externalLabels.keys + ["test"]
        for (index, route) in self.routes.enumerated() {
            for matcher in route.matchers {
                guard let fault = matcher.fault(external: external) else { continue }
                faults.add("alerting.routes[\(index)].matchers", matcher.description, "what alerts have: \(fault)")
            }
            for name in route.receivers where !names.contains(name) {
                let known = names.sorted().joined(separator: ", ")
                let allowed = known.isEmpty ? "nothing yet: there are no receivers" : "one of the receivers: \(known)"
                faults.add("alerting.routes[\(index)].receivers", name, allowed)
            }
        }
        return faults.found
    }

    private func checkPolicy(_ faults: inout AlertingFaults) {
        let policy = self.policy
        faults.check("alerting.firingDelaySeconds", policy.firingDelaySeconds, in: 0...3600)
        faults.check("alerting.clearSeconds", policy.clearSeconds, in: 0...86_400)
        faults.check("alerting.absentSeconds", policy.absentSeconds, in: 0...86_400)
        faults.check("alerting.restartGraceSeconds", policy.restartGraceSeconds, in: 0...86_400)
        faults.check("alerting.repeatSeconds", policy.repeatSeconds, in: 60...2_592_000)
        faults.check("alerting.groupMinimum", policy.groupMinimum, in: 2...100_000)
        faults.check("alerting.groupWaitSeconds", policy.groupWaitSeconds, in: 0...600)
        faults.check("alerting.groupIntervalSeconds", policy.groupIntervalSeconds, in: 1...86_400)
        faults.check("alerting.exampleCount", policy.exampleCount, in: 0...10)
        faults.check("alerting.alertLimit", policy.alertLimit, in: 1...1_000_000)
        faults.check("alerting.refreshSeconds", policy.refreshSeconds, in: 1...3600)
        for (name, value) in policy.externalLabels.sorted(by: { $0.key < $1.key }) {
            let key = "alerting.externalLabels.\(name)"
            if LabelMatcher(parsing: "\(name)=") == nil {
                faults.add(key, name, "a label name: [a-zA-Z_][a-zA-Z0-9_]*")
            }
            if AlertLabel.names.contains(name) {
                faults.add(key, value, "a name that alerts do not use themselves")
            }
        }
    }

    private func checkDelivery(_ faults: inout AlertingFaults) {
        let delivery = self.delivery
        faults.check("alerting.delivery.backoffInitialSeconds", delivery.backoffInitialSeconds, in: 0.01...60)
        faults.check("alerting.delivery.backoffMaximumSeconds", delivery.backoffMaximumSeconds, in: 0.01...3600)
        faults.check("alerting.delivery.retryAfterMaximumSeconds", delivery.retryAfterMaximumSeconds, in: 0...86_400)
        faults.check("alerting.delivery.ageLimitSeconds", delivery.ageLimitSeconds, in: 1...2_592_000)
        faults.check("alerting.delivery.circuitFailureLimit", delivery.circuitFailureLimit, in: 1...1000)
        faults.check("alerting.delivery.circuitOpenSeconds", delivery.circuitOpenSeconds, in: 0.1...3600)
        faults.check("alerting.delivery.concurrentLimit", delivery.concurrentLimit, in: 1...64)
        faults.check("alerting.delivery.resendSeconds", delivery.resendSeconds, in: 1...240)
        faults.check("alerting.delivery.shutdownSeconds", delivery.shutdownSeconds, in: 0...60)
        faults.check("alerting.outbox.rowLimit", self.outbox.rowLimit, in: 100...10_000_000)
        faults.check("alerting.outbox.retentionSeconds", self.outbox.retentionSeconds, in: 60...31_536_000)
        faults.check("alerting.outbox.silenceLimit", self.outbox.silenceLimit, in: 1...100_000)
    }

    private func checkLinks(_ faults: inout AlertingFaults) {
        let links = [
            ("dashboardURL", self.links.dashboardURL), ("runbookURL", self.links.runbookURL),
            ("externalURL", self.links.externalURL),
        ]
        for case (let name, let url?) in links where !AlertingFaults.isWebURL(url) {
            faults.add("alerting.links.\(name)", url, "an absolute http or https URL")
        }
    }
}

extension AlertReceiver {
    fileprivate func check(_ key: String, _ faults: inout AlertingFaults) {
        let isName = self.name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != 0x22 && $0 != 0x5c }
        if self.name.isEmpty || self.name.utf8.count > 64 || !isName {
            faults.add("\(key).name", self.name, "1 to 64 printable ASCII characters without blanks and quotes")
        }
        switch (self.url, self.urlFile) {
        case (nil, nil) where self.kind == .pagerduty: break
        case (nil, nil): faults.add("\(key).url", "", "either url or url-file")
        case (_?, _?): faults.add("\(key).url", "(hidden)", "either url or url-file, not both")
        case (let url?, nil):
            if !AlertingFaults.isWebURL(url) { faults.add("\(key).url", "(hidden)", "an absolute http or https URL") }
        case (nil, _?): break
        }
        switch self.kind {
        case .pagerduty:
            if self.secretFiles.count != 1 {
                faults.add("\(key).secretFiles", "\(self.secretFiles.count) files", "one file with the routing key")
            }
        case .webhook, .cloudevents:
            if self.secretFiles.count > 2 {
                faults.add("\(key).secretFiles", "\(self.secretFiles.count) files", "at most two: the new and the old")
            }
        case .alertmanager, .slack:
            if !self.secretFiles.isEmpty {
                faults.add("\(key).secretFiles", "\(self.secretFiles.count) files", "none for \(self.kind.rawValue)")
            }
        }
        if (self.tlsCertificateFile == nil) != (self.tlsKeyFile == nil) {
            faults.add("\(key).tlsCertificateFile", "", "tlsCertificateFile and tlsKeyFile together, or neither")
        }
        if let proxy = self.proxyURL, !AlertingFaults.isWebURL(proxy) {
            faults.add("\(key).proxyURL", "(hidden)", "http://HOST:PORT")
        }
        faults.check("\(key).timeoutSeconds", self.timeoutSeconds, in: 0.1...300)
    }
}

/// Collects faults.
private struct AlertingFaults {
    var found: [AlertingConfigurationFault] = []

    mutating func add(_ key: String, _ value: String, _ allowed: String) {
        self.found.append(AlertingConfigurationFault(key: key, value: value, allowed: allowed))
    }

    mutating func check<Value: Comparable>(_ key: String, _ value: Value, in range: ClosedRange<Value>) {
        if range.contains(value) { return }
        self.add(key, "\(value)", "from \(range.lowerBound) to \(range.upperBound)")
    }

    static func isWebURL(_ url: String) -> Bool {
        let rest: Substring
        if url.hasPrefix("https://") {
            rest = url.dropFirst(8)
        } else if url.hasPrefix("http://") {
            rest = url.dropFirst(7)
        } else {
            return false
        }
        let isClean = url.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7f }
        return isClean && !rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }.isEmpty
    }
}
