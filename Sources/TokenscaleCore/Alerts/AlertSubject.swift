/// How urgent an alert is. Ordered: `warning < critical`.
package enum AlertSeverity: String, Codable, CaseIterable, Comparable, Sendable {
    /// Tell a channel.
    case warning
    /// Wake somebody.
    case critical

    /// `nil` for findings that are shown in detail views only.
    package init?(_ severity: LoopSeverity) {
        switch severity {
        case .info: return nil
        case .warning: self = .warning
        case .critical: self = .critical
        }
    }

    package static func < (left: AlertSeverity, right: AlertSeverity) -> Bool {
        left == .warning && right == .critical
    }
}

/// What an alert is about.
package enum AlertSubject: Hashable, Comparable, Codable, Sendable {
    /// Many sessions of one workload, or a loop that only the workload shows.
    case workload(namespace: String, name: String)
    /// Many sessions of one pod.
    case pod(namespace: String, name: String)
    case session(namespace: String, pod: String, session: String)

    /// The value of the `scope` label.
    package enum Scope: String, CaseIterable, Codable, Sendable {
        case workload
        case pod
        case session
    }

    package var scope: Scope {
        switch self {
        case .workload: .workload
        case .pod: .pod
        case .session: .session
        }
    }

    package var namespace: String {
        switch self {
        case .workload(let namespace, _), .pod(let namespace, _), .session(let namespace, _, _): namespace
        }
    }

    /// The pod, unless the subject is a workload.
    package var pod: PodID? {
        switch self {
        case .workload: nil
        case .pod(let namespace, let name): PodID(namespace: namespace, name: name)
        case .session(let namespace, let pod, _): PodID(namespace: namespace, name: pod)
        }
    }

    package var session: String? {
        if case .session(_, _, let session) = self { return session }
        return nil
    }

    /// The labels that make the alert this alert and no other.
    ///
    /// What may change while it fires (severity, pattern, the workload of a pod) is not among them.
    package func identityLabels(external: [String: String]) -> [String: String] {
        var labels = external
        labels["alertname"] = AlertLabel.alertName
        labels["scope"] = self.scope.rawValue
        labels["namespace"] = self.namespace
        switch self {
        case .workload(_, let name): labels["workload"] = name
        case .pod(_, let name): labels["pod"] = name
        case .session(_, let pod, let session):
            labels["pod"] = pod
            labels["session"] = session
        }
        return labels
    }
}

package enum AlertLabel {
    /// The value of the `alertname` label of every alert.
    package static let alertName = "ClaudeAgentStuck"

    /// Every label that an alert may have of itself.
    package static let names: Set<String> = [
        "alertname", "scope", "namespace", "pod", "session", "workload", "severity", "pattern",
    ]

    /// What the labels can be whose values are not names.
    package static let values: [String: [String]] = [
        "alertname": [Self.alertName], "scope": AlertSubject.Scope.allCases.map(\.rawValue),
        "severity": AlertSeverity.allCases.map(\.rawValue), "pattern": LoopPattern.allCases.map(\.name),
    ]

    /// 16 hexadecimal digits: FNV-1a over the sorted labels with the separator 0xFF, the algorithm of Prometheus'
    /// `labelSetToFingerprint`, so that Alertmanager shows the same value for the same labels.
    /// <https://github.com/prometheus/common/blob/main/model/fnv.go>
    package static func fingerprint(_ labels: [String: String]) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        func add(_ text: String) {
            for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
            hash = (hash ^ 0xff) &* 0x0000_0100_0000_01b3
        }
        for (name, value) in labels.sorted(by: { $0.key < $1.key }) {
            add(name)
            add(value)
        }
        return Self.hexadecimal(hash)
    }

    /// 16 lower-case hexadecimal digits.
    package static func hexadecimal(_ value: UInt64) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// A sender's name as it may appear in a label: at most 128 characters, none of them a control character.
    package static func sanitized(_ text: String) -> String {
        let isClean = text.utf8.count <= 128 && text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f }
        if isClean { return text }
        let scalars = text.unicodeScalars.prefix(128).map { scalar -> Unicode.Scalar in
            scalar.properties.generalCategory == .control ? "\u{FFFD}" : scalar
        }
        return String(String.UnicodeScalarView(scalars))
    }
}
