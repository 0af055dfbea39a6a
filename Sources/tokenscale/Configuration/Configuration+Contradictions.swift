import FoundationEssentials
import TokenscaleCore

extension Configuration {
    /// What no single setting can tell: pairs that do not go together, files that are not there.
    func contradictions(source: (String) -> ConfigurationSource) -> [ConfigurationFault] {
        var faults: [ConfigurationFault] = []
        func fault(_ key: String, _ seen: String?, _ message: String) {
            faults.append(ConfigurationFault(key: key, seen: seen, source: source(key).text, message: message))
        }
        func pair(_ first: String, _ firstFile: String?, _ second: String, _ secondFile: String?) {
            if firstFile != nil, secondFile == nil { fault(first, firstFile, "needs \(second) as well") }
            if firstFile == nil, secondFile != nil { fault(second, secondFile, "needs \(first) as well") }
        }
        pair(
            "otlp-tls-certificate-file",
            self.otlpTLSCertificateFile,
            "otlp-tls-private-key-file",
            self.otlpTLSPrivateKeyFile
        )
        pair(
            "api-tls-certificate-file",
            self.apiTLSCertificateFile,
            "api-tls-private-key-file",
            self.apiTLSPrivateKeyFile
        )
        if self.otlpClientCAFile != nil, self.otlpTLSCertificateFile == nil {
            fault("otlp-client-ca-file", self.otlpClientCAFile, "needs otlp-tls-certificate-file: mTLS is TLS")
        }
        for (key, file) in self.files {
            guard let file, !FileManager.default.isReadableFile(atPath: file) else { continue }
            fault(key, file, "the file is missing or cannot be read by this user")
        }
        if self.addresses.allSatisfy({ $0.address == .off }) {
            fault("otlp-http-address", "off", "every server is off; at least one must listen")
        }
        faults += self.addressClashes(source: source)
        faults += self.detectionFaults(source: source)
        faults += self.alertingFaults(source: source)
        return faults
    }

    /// Thresholds in the wrong order: one of them would never be reached, or be reached before it can be cleared.
    private func detectionFaults(source: (String) -> ConfigurationSource) -> [ConfigurationFault] {
        let detection = self.aggregator.detection
        let ladders: [[(key: String, value: Float)]] = [
            [
                ("detection-clear-score", detection.clearScore), ("detection-info-score", detection.infoScore),
                ("detection-warning-score", detection.warningScore),
                ("detection-critical-score", detection.criticalScore),
                ("detection-score-limit-score", detection.scoreLimit),
            ],
            [
                ("detection-burn-warning-tokens", detection.burnWarningTokens),
                ("detection-burn-critical-tokens", detection.burnCriticalTokens),
            ],
            [
                ("detection-verification-warning-score", detection.verificationWarning),
                ("detection-verification-critical-score", detection.verificationCritical),
            ],
            [
                ("detection-turn-warning-score", detection.turnWarning),
                ("detection-turn-critical-score", detection.turnCritical),
            ],
        ]
        return ladders.flatMap { ladder in
            zip(ladder, ladder.dropFirst()).compactMap { lower, upper in
                let isClearing = lower.key == "detection-clear-score"
                guard isClearing ? lower.value >= upper.value : lower.value > upper.value else { return nil }
                let relation = isClearing ? "less than" : "at most"
                return ConfigurationFault(
                    key: lower.key,
                    seen: lower.value.decimalText,
                    source: source(lower.key).text,
                    message: "must be \(relation) \(upper.key) (\(upper.value.decimalText)); lower it or raise that one"
                )
            }
        }
    }

    /// What the receivers and routes say of each other. Ranges are checked by the settings; values may be secrets.
    private func alertingFaults(source: (String) -> ConfigurationSource) -> [ConfigurationFault] {
        let keys = [
            ("alerting.receivers", "alert-receivers"), ("alerting.routes", "alert-routes"),
            ("alerting.externalLabels", "alert-external-labels"),
            ("alerting.links.dashboardURL", "alert-dashboard-url"),
            ("alerting.links.runbookURL", "alert-runbook-url"), ("alerting.links.externalURL", "alert-external-url"),
        ]
        return self.alertingConfiguration.faults.map { fault in
            let key = keys.first { fault.key.hasPrefix($0.0) }
            let rest = key.map { fault.key.dropFirst($0.0.count) } ?? ""
            return ConfigurationFault(
                key: key.map { $0.1 + rest.kebabCased } ?? fault.key,
                seen: fault.value.isEmpty ? nil : fault.value,
                source: source(key?.1 ?? fault.key).text,
                message: "allowed: \(fault.allowed)"
            )
        }
    }

    private var files: [(key: String, file: String?)] {
        [
            ("otlp-tls-certificate-file", self.otlpTLSCertificateFile),
            ("otlp-tls-private-key-file", self.otlpTLSPrivateKeyFile),
            ("otlp-client-ca-file", self.otlpClientCAFile),
            ("otlp-bearer-token-file", self.otlpBearerTokenFile),
            ("api-tls-certificate-file", self.apiTLSCertificateFile),
            ("api-tls-private-key-file", self.apiTLSPrivateKeyFile),
            ("kubeconfig", self.kubeconfig),
        ]
    }

    /// Every server with its key.
    var addresses: [(key: String, address: ListenAddress)] {
        [
            ("otlp-grpc-address", self.otlpGRPCAddress),
            ("otlp-http-address", self.otlpHTTPAddress),
            ("metrics-address", self.metricsAddress),
            ("api-address", self.apiAddress),
            ("health-address", self.healthAddress),
        ]
    }

    private func addressClashes(source: (String) -> ConfigurationSource) -> [ConfigurationFault] {
        var owners: [String: String] = [:]
        return self.addresses.compactMap { key, address in
            guard case .address(_, let port) = address, port != 0 else { return nil }
            guard let owner = owners[address.text] else {
                owners[address.text] = key
                return nil
            }
            let message = "already taken by \(owner); give each server its own port"
            return ConfigurationFault(key: key, seen: address.text, source: source(key).text, message: message)
        }
    }
}
