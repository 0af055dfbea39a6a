/// An alert in words: built from counters, hashes and names only, never from content.
package struct AlertText: Sendable {
    private let transition: AlertTransition
    private let alert: Alert
    private let evidence: AlertEvidence
    private let links: AlertLinks

    package init(_ transition: AlertTransition, links: AlertLinks = AlertLinks()) {
        self.transition = transition
        self.alert = transition.alert
        self.evidence = transition.alert.evidence
        self.links = links
    }

    /// One line: what is stuck, where, why. At most about 200 characters beside the names.
    package var summary: String {
        let state = self.transition.isResolved ? "Resolved" : self.evidence.isPossible ? "Possibly stuck" : "Stuck"
        switch self.alert.subject {
        case .session(let namespace, let pod, let session):
            return "\(state): session \(Self.shortened(session)) in \(namespace)/\(pod): \(self.patternWords)"
        case .pod(let namespace, let name):
            return "\(state): \(self.evidence.sessionCount) sessions in pod \(namespace)/\(name): \(self.patternWords)"
        case .workload(let namespace, let name):
            let where_ = "\(NumberText.counted(self.evidence.podCount, "pod")) of \(namespace)/\(name)"
            let count = NumberText.counted(self.evidence.sessionCount, "session")
            return "\(state): \(count) in \(where_): \(self.patternWords)"
        }
    }

    /// The evidence, as a sentence a person can check.
    package var description: String {
        var parts: [String] = []
        if self.transition.isResolved { parts.append(self.resolutionWords) }
        if self.alert.subject.scope != .session, self.evidence.sessionCount > 1 {
            let count = "\(self.evidence.sessionCount) sessions"
            parts.append("\(count) in \(NumberText.counted(self.evidence.podCount, "pod")), together:")
        }
        parts.append(self.evidenceSentence)
        if self.evidence.isPossible { parts.append(self.hint) }
        for example in self.evidence.examples { parts.append(Self.words(of: example)) }
        return parts.joined(separator: " ")
    }

    /// Why it is only possible.
    private var hint: String {
        self.evidence.pattern == LoopPattern.silentTurn.name
            ? "Telemetry cannot tell a request that is retried without a word from a client that died: look at the pod."
            : "Concluded without the session's tool events: treat it as a hint."
    }

    /// "Bash failed 37 times in 41 min with the same error and arguments, 6 requests/min, 1.9 M tokens, about $14,
    /// nothing edited or committed since 10:02 UTC."
    package var evidenceSentence: String {
        let evidence = self.evidence
        var parts = [LoopPatternWords.sentence(evidence, duration: self.durationWords)]
        if evidence.requestsPerMinute > 0 {
            parts.append("\(NumberText.rounded(evidence.requestsPerMinute)) requests/min")
        }
        if evidence.tokens > 0 { parts.append("\(NumberText.scaled(evidence.tokens)) tokens") }
        if evidence.costMicroUSD > 0 { parts.append("about \(NumberText.dollars(evidence.costMicroUSD))") }
        if evidence.pattern == LoopPattern.silentTurn.name { return parts.joined(separator: ", ") + "." }
        let isIdle = evidence.editCount == 0 && evidence.commitCount == 0
        let since = UTCTime(Timestamp(nanoseconds: (isIdle ? evidence.lastProgress : nil) ?? evidence.onset))
        let clock = since.clock(seenAt: UTCTime(self.transition.time))
        if isIdle {
            let isUndone = evidence.pattern == LoopPattern.editFlipFlop.name
            parts.append("nothing \(isUndone ? "new " : "")edited or committed since \(clock)")
        } else {
            let edits = NumberText.counted(evidence.editCount, "edit")
            let commits = NumberText.counted(evidence.commitCount, "commit")
            parts.append("\(edits) and \(commits) since \(clock) without effect")
        }
        return parts.joined(separator: ", ") + "."
    }

    package var patternWords: String { self.alert.pattern.split(separator: "_").joined(separator: " ") }

    /// How long it has gone on (or went on): from the first evidence to now, or to the end.
    package var durationWords: String {
        let end = self.transition.isResolved ? self.evidence.lastEvidence : self.transition.time.nanoseconds
        return DurationText.prose(seconds: Double(max(0, end &- self.evidence.onset)) / 1e9)
    }

    private var resolutionWords: String {
        switch self.transition.resolution {
        case .ended: "Ended while stuck, after \(self.durationWords)."
        default: "Recovered after \(self.durationWords)."
        }
    }

    /// Dollars per hour at the pace since onset; `nil` when no cost is known or less than a minute has passed.
    package var costPerHourMicroUSD: Int64? {
        let end = self.evidence.lastActivity ?? self.evidence.lastEvidence
        let hours = Double(end &- self.evidence.onset) / 3.6e12
        guard self.evidence.costMicroUSD > 0, hours > 1 / 60 else { return nil }
        return Int64(clampingRounded: Double(self.evidence.costMicroUSD) / hours)
    }

    // MARK: - What to do

    /// Commands to look, to stop and to silence, each on its own line.
    package var actions: [String] {
        let namespace = Self.shellWord(self.alert.subject.namespace)
        var lines: [String] = []
        if let pod = self.alert.subject.pod {
            let name = Self.shellWord(pod.name)
            lines.append("kubectl -n \(namespace) logs \(name) --since=15m")
            lines.append("kubectl -n \(namespace) delete pod \(name)  # stops it; work that is not committed is lost")
        } else if let kind = self.alert.workloadKind, let name = self.alert.workload {
            let object = Self.shellWord("\(kind.lowercased())/\(name)")
            lines.append("kubectl -n \(namespace) describe \(object)")
            if ["Deployment", "StatefulSet", "DaemonSet"].contains(kind) {
                lines.append("kubectl -n \(namespace) rollout undo \(object)  # when a new version began it")
            }
        } else {
            lines.append("kubectl -n \(namespace) get pods -o wide")
        }
        let matchers = self.silenceMatchers.map { Self.shellWord($0.description) }.joined(separator: " ")
        lines.append("tokenscale silence add \(matchers) --for 2h --comment 'being looked at'")
        return lines
    }

    private var silenceMatchers: [LabelMatcher] {
        let names: [String] =
            switch self.alert.subject.scope {
            case .session: ["session"]
            case .pod: ["namespace", "pod"]
            case .workload: ["namespace", "workload"]
            }
        return names.compactMap { name in
            self.alert.labels[name].map { LabelMatcher(name: name, pattern: $0) }
        }
    }

    package var dashboardURL: String? {
        self.links.dashboardURL.map { base in
            var query = "var-namespace=\(self.alert.subject.namespace.percentEncoded())"
            if let workload = self.alert.labels["workload"] { query += "&var-workload=\(workload.percentEncoded())" }
            if let pod = self.alert.subject.pod { query += "&var-pod=\(pod.name.percentEncoded())" }
            return base + (base.contains("?") ? "&" : "?") + query
        }
    }

    package var runbookURL: String? {
        self.links.runbookURL.map { "\($0)#\(self.alert.pattern.split(separator: "_").joined(separator: "-"))" }
    }

    /// Everything a receiver shows, by name; values are text. The keys are part of the interface.
    package var annotations: [String: String] {
        let evidence = self.evidence
        var result = [
            "summary": self.summary,
            "description": self.description,
            "actions": self.actions.joined(separator: "\n"),
            "onset": UTCTime(Timestamp(nanoseconds: evidence.onset)).rfc3339,
            "tokens": String(evidence.tokens),
            "tokens_per_minute": String(evidence.tokensPerMinute),
            "requests_per_minute": NumberText.rounded(evidence.requestsPerMinute),
            "sessions": String(evidence.sessionCount),
            "score": "\(NumberText.rounded(evidence.score)) of \(NumberText.rounded(evidence.threshold))",
        ]
        result["cost_usd"] = evidence.costMicroUSD > 0 ? NumberText.cents(evidence.costMicroUSD) : nil
        result["cost_usd_per_hour"] = self.costPerHourMicroUSD.map { NumberText.cents($0) }
        result["action_hash"] = evidence.actionHash.isEmpty ? nil : evidence.actionHash
        result["dashboard_url"] = self.dashboardURL
        result["runbook_url"] = self.runbookURL
        return result
    }
}

/// Where the links in alerts lead. `nil` leaves a link out.
package struct AlertLinks: Equatable, Sendable {
    /// A Grafana dashboard: `https://grafana.example/d/tokenscale`. Variables are added as a query.
    package var dashboardURL: String?
    /// A page with one heading per pattern.
    package var runbookURL: String?
    /// What receivers show as the sender; also `generatorURL` and `externalURL`.
    package var externalURL: String?

    package init(dashboardURL: String? = nil, runbookURL: String? = nil, externalURL: String? = nil) {
        self.dashboardURL = dashboardURL
        self.runbookURL = runbookURL
        self.externalURL = externalURL
    }
}
