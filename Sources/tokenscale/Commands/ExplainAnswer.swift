import TokenscaleCore

/// What `/api/v1/explain` tells.
struct ExplainAnswer: Decodable, Sendable {
    struct Replicas: Decodable, Sendable {
        var current: Int
        var target: String?
        var proposed: Int?
        var formula: String
    }

    struct Session: Decodable, Sendable {
        var session: String
        var model: String?
        var tokensPerMinute: Int64
        var isExcluded: Bool
        var pattern: String?
        var severity: String?
    }

    struct Pod: Decodable, Sendable {
        var namespace: String
        var pod: String
        var value: String?
        var windowSeconds: Int?
        var leftOutText: String?
        var stable: Int64
        var burst: Int64
        var attribution: String
        var telemetryAgeSeconds: Double?
        var sessions: [Session]
    }

    struct Autoscaler: Decodable, Sendable {
        struct Metric: Decodable, Sendable {
            var source: String
            var metric: String
            var target: String
            var value: String?
            var fault: String?
            var proposedReplicas: Int?
        }

        var name: String
        var scales: String
        var minReplicas: Int
        var maxReplicas: Int
        var currentReplicas: Int
        var proposedReplicas: Int
        var metrics: [Metric]
    }

    var metric: String
    var namespace: String
    var kind: String
    var name: String
    var isDirectorySynced: Bool
    var value: String?
    var windowSeconds: Int?
    var error: String?
    var ageSeconds: Double?
    var excludedStuckSessions: Int
    var replicas: Replicas
    /// An older collector does not tell.
    var autoscalers: [Autoscaler]?
    var pods: [Pod]

    var lines: [String] {
        let name = self.kind == "Namespace" ? self.name : "\(self.namespace)/\(self.name)"
        var lines = ["\(self.metric) of \(self.kind) \(name)"]
        if let value = self.value {
            let window = self.windowSeconds.map { ", window \($0) s" } ?? ""
            let age = self.ageSeconds.map { ", \(DurationText.prose(seconds: $0)) old" } ?? ""
            lines.append("  value     \(value)\(window)\(age)")
        } else {
            lines.append("  value     none: \(self.error ?? "unknown")")
        }
        let proposed = self.replicas.proposed.map { " → \($0)" } ?? ""
        lines.append("  replicas  \(self.replicas.current)\(proposed): \(self.replicas.formula)")
        if self.excludedStuckSessions > 0 {
            let sessions = NumberText.counted(self.excludedStuckSessions, "session")
            lines.append("  stuck     \(sessions) left out: stuck is not load")
        }
        if !self.isDirectorySynced {
            lines.append("  cluster   not connected: pods are those that telemetry tells of")
        }
        for autoscaler in self.autoscalers ?? [] { lines += Self.lines(of: autoscaler) }
        for pod in self.pods { lines += Self.lines(of: pod) }
        return lines
    }

    private static func lines(of autoscaler: Autoscaler) -> [String] {
        let range = "\(autoscaler.minReplicas) to \(autoscaler.maxReplicas) allowed"
        let change = "\(autoscaler.currentReplicas) → \(autoscaler.proposedReplicas) replicas"
        var lines = [
            "", "  HorizontalPodAutoscaler \(autoscaler.name) scales \(autoscaler.scales): \(change), \(range)",
        ]
        for metric in autoscaler.metrics {
            let value = metric.value.map { "\($0) of \(metric.target)" } ?? "none of \(metric.target)"
            let proposed = metric.proposedReplicas.map { " → \($0)" } ?? ""
            lines.append("    \(metric.source) \(metric.metric): \(value)\(proposed)")
            if let fault = metric.fault { lines.append("      \(fault)") }
        }
        return lines
    }

    private static func lines(of pod: Pod) -> [String] {
        var lines = ["", "  pod \(pod.namespace)/\(pod.pod)"]
        if let value = pod.value {
            let rates = "60 s rate \(TopView.short(pod.stable)), 15 s rate \(TopView.short(pod.burst))"
            lines.append("    \(value) (\(rates)), known by \(pod.attribution)")
        } else {
            lines.append("    left out: \(pod.leftOutText ?? "unknown")")
        }
        if let age = pod.telemetryAgeSeconds {
            lines.append("    last telemetry \(DurationText.prose(seconds: age)) ago")
        }
        for session in pod.sessions {
            let model = session.model.map { " \($0)" } ?? ""
            let verdict = session.pattern.map { " \(session.severity ?? "") \($0)" } ?? ""
            let part = session.isExcluded ? "excluded" : TopView.short(session.tokensPerMinute)
            let name = session.session.isEmpty ? "without session.id" : "session \(session.session)"
            lines.append("    \(name)\(model): \(part)\(verdict)")
        }
        return lines
    }
}
