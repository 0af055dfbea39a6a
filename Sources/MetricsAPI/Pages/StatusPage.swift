import TokenscaleCore

/// The page at `/`: what the collector sees now, for a person in front of a browser. Reloads itself; runs no script.
struct StatusPage: Sendable {
    let view: MetricsView
    let checks: [HealthCheck]
    let version: String

    /// More rows make no readable page; the JSON has them all.
    private static let rowLimit = 300

    private var snapshot: Snapshot { self.view.snapshot }

    var html: String {
        """
        <!DOCTYPE html>
        <html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="5">
        <meta name="viewport" content="width=device-width, initial-scale=1"><title>tokenscale</title>
        <style>\(Self.style)</style></head><body>
        <header><h1>tokenscale</h1><p>\(self.subtitle)</p></header>
        <main>\(self.tiles)\(self.health)\(self.findings)\(self.queues)\(self.pods)</main>
        <footer><a href="/metrics">/metrics</a> <a href="/api/v1/snapshot">/api/v1/snapshot</a>
        <a href="/api/v1/sessions">/api/v1/sessions</a> <span>reloads every 5 s</span></footer>
        </body></html>

        """
    }

    private var subtitle: String {
        guard self.snapshot.sequence > 0 else { return "version \(Self.escape(self.version)); has not counted yet" }
        let up = self.view.now.seconds(since: self.snapshot.startTime)
        let directory =
            self.view.directory.isSynced
            ? "pod directory: \(self.view.directory.count) pods" : "no pod directory: pods come from telemetry"
        return "version \(Self.escape(self.version)) · up \(DurationText.prose(seconds: up)) · "
            + "\(UTCTime(self.snapshot.time).rfc3339InSeconds) · \(directory)"
    }

    // MARK: Sections

    private var tiles: String {
        let pods = self.snapshot.pods
        let served = pods.reduce(0.0) { $0 + (self.view.served($1)?.quantity.value ?? 0) }
        var stuck = TokenCounts.zero
        for pod in pods { for rate in pod.rates { stuck += rate.stuck } }
        let depth = self.snapshot.queues.filter { !$0.isStale }.reduce(0) { $0 + $1.depth }
        let unknown = pods.count { !$0.state.isKnown }
        let stuckSessions = pods.reduce(0) { $0 + $1.stuckSessionCount }
        let tiles = [
            ("tokens / min", Self.grouped(Int64(min(served, 1e15))), "what autoscalers are told"),
            ("stuck tokens / min", Self.grouped(stuck.scaling), "left out of what they are told"),
            (
                "waiting tasks", Self.grouped(Int64(min(depth, 1e15))),
                self.snapshot.queues.count == 1 ? "in 1 queue" : "in \(self.snapshot.queues.count) queues"
            ),
            ("pods", Self.grouped(Int64(pods.count)), "\(unknown) not known"),
            (
                "live sessions", Self.grouped(Int64(pods.reduce(0) { $0 + $1.activeSessionCount })),
                "\(pods.reduce(0) { $0 + $1.openTurnCount }) open turns"
            ),
            ("stuck sessions", Self.grouped(Int64(stuckSessions)), "in a confirmed loop"),
        ]
        let items = tiles.map { "<div class=\"tile\"><b>\($0.1)</b><span>\($0.0)</span><small>\($0.2)</small></div>" }
        return "<section class=\"tiles\">\(items.joined())</section>"
    }

    private var health: String {
        let statistics = self.snapshot.statistics
        var items = self.checks.map { check in
            check.fault.map { "<li class=\"bad\">✗ \(Self.escape(check.name)): \(Self.escape($0))</li>" }
                ?? "<li>✓ \(Self.escape(check.name))</li>"
        }
        let outcome = statistics.outcome
        let facts: [(name: String, count: Int64, meaning: String)] = [
            ("items accepted", Int64(outcome.acceptedCount), "events and metric points that were counted"),
            ("duplicates", Int64(outcome.duplicateCount), "sent again by an agent, counted once"),
            ("refused", Int64(outcome.refusedCount), "from a pod that the sender is not"),
            ("ambiguous", Int64(outcome.ambiguousCount), "points that are neither increments nor totals; not counted"),
            ("invalid", Int64(outcome.invalidCount), "points with values below 0 or above 2^53; not counted"),
            ("at a limit", Int64(outcome.limitedCount), "of pods, sessions or series beyond a configured limit"),
            ("late", statistics.lateItemCount, "too late for a rate, counted in the totals"),
            ("unattributed tokens", statistics.unattributedTokens, "of senders that no pod could be named for"),
            (
                "drift tokens", statistics.driftTokens,
                "in events or in metrics only; the greater of the two counts. A few are usual"
            ),
        ]
        items += facts.map { "<li title=\"\($0.meaning)\">\($0.name) <b>\(Self.grouped($0.count))</b></li>" }
        return "<section><h2>Health</h2><ul class=\"facts\">\(items.joined())</ul></section>"
    }

    private var findings: String {
        var rows: [StatusTable.Row] = []
        for pod in self.snapshot.pods {
            for session in pod.sessions {
                guard let finding = session.finding else { continue }
                let place = "\(pod.id.namespace)/\(pod.id.name)"
                rows.append(self.row(finding, place: place, subject: session.id, isStuck: session.isStuck))
            }
        }
        for finding in self.snapshot.workloadFindings {
            let subject = "\(finding.finding.sessionCount) sessions"
            let place = "\(finding.namespace)/\(finding.workload)"
            rows.append(self.row(finding.finding, place: place, subject: subject, isStuck: false))
        }
        guard !rows.isEmpty else { return "<section><h2>Findings</h2><p>No loops.</p></section>" }
        return StatusTable(
            title: "Findings",
            columns: [
                .init(title: "severity", isTag: true), .init(title: "pattern"), .init(title: "where"),
                .init(title: "session", rank: 2), .init(title: "evidence", rank: 3),
                .init(title: "since", rank: 1, isNumber: true), .init(title: "rounds", rank: 2, isNumber: true),
                .init(title: "repeats", rank: 2, isNumber: true), .init(title: "failures", rank: 2, isNumber: true),
                .init(title: "tokens", rank: 1, isNumber: true), .init(title: "cost", isNumber: true),
            ],
            rows: rows
        ).html
    }

    private func row(_ finding: LoopFinding, place: String, subject: String, isStuck: Bool) -> StatusTable.Row {
        let since = self.view.now.seconds(since: finding.onset)
        let tag = finding.severityLabel
        return StatusTable.Row(
            cells: [
                tag, finding.pattern.name, place, subject,
                "\(Self.decimal(finding.score)), threshold \(Self.decimal(finding.threshold))",
                DurationText.prose(seconds: since),
                "\(finding.roundCount)", "\(finding.repeatCount)", "\(finding.failureCount)",
                Self.grouped(finding.tokens.total), NumberText.dollars(finding.costMicroUSD),
            ],
            style: isStuck ? finding.severity.name : "info"
        )
    }

    private var queues: String {
        guard !self.snapshot.queues.isEmpty else {
            return "<section><h2>Queues</h2><p>No queue depth was reported.</p></section>"
        }
        let rows = self.snapshot.queues.prefix(Self.rowLimit).map { queue in
            StatusTable.Row(
                cells: [
                    queue.namespace, queue.queue, queue.pod ?? "shared", queue.source.rawValue,
                    queue.isStale ? "not known" : Self.decimal(queue.depth),
                    DurationText.prose(seconds: self.view.now.seconds(since: queue.time)),
                ],
                style: queue.isStale ? "unknown" : ""
            )
        }
        return StatusTable(
            title: "Queues",
            columns: [
                .init(title: "namespace", rank: 1), .init(title: "queue"), .init(title: "pod"),
                .init(title: "source", rank: 1), .init(title: "depth", isNumber: true),
                .init(title: "age", isNumber: true),
            ],
            rows: Array(rows)
        ).html
    }

    private var pods: String {
        guard !self.snapshot.pods.isEmpty else {
            return "<section><h2>Pods</h2><p>No telemetry has arrived.</p></section>"
        }
        let busiest = self.snapshot.pods
            .map { pod in (pod: pod, rate: pod.rates.reduce(TokenCounts.zero) { $0 + $1.active }) }
            .sorted { ($1.rate.scaling, $0.pod.id) < ($0.rate.scaling, $1.pod.id) }
        let rows = busiest.prefix(Self.rowLimit).map { pod, rate in
            let stuck = pod.rates.reduce(Int64(0)) { $0.addingClamped($1.stuck.scaling) }
            let burst = pod.rates.reduce(Int64(0)) { $0.addingClamped($1.activeBurst.scaling) }
            let state = pod.state.isKnown && pod.stuckSessionCount > 0 ? "stuck" : pod.state.name
            let reason = pod.state.reasonName.map { "\(state): \($0)" } ?? state
            let workload = self.view.directory[pod.id]?.workload?.name ?? pod.workload ?? ""
            return StatusTable.Row(
                cells: [
                    pod.id.namespace, pod.id.name, workload, reason,
                    self.view.served(pod).map { Self.grouped(Int64(min($0.quantity.value, 1e15))) } ?? "?",
                    Self.grouped(rate.scaling), Self.grouped(burst), Self.grouped(rate.input),
                    Self.grouped(rate.output), Self.grouped(rate.cacheCreation), Self.grouped(rate.cacheRead),
                    Self.grouped(stuck), "\(pod.activeSessionCount)", "\(pod.openTurnCount)",
                    "\(pod.stuckSessionCount)",
                    DurationText.prose(seconds: self.view.now.seconds(since: pod.lastArrival)),
                ],
                style: pod.state.isKnown ? (pod.stuckSessionCount > 0 ? "warning" : "") : "unknown"
            )
        }
        let more = busiest.count > Self.rowLimit ? " (\(Self.rowLimit) busiest of \(busiest.count))" : ""
        return StatusTable(title: "Pods\(more)", columns: Self.podColumns, rows: Array(rows)).html
    }

    private static let podColumns: [StatusTable.Column] = [
        .init(title: "namespace", rank: 1), .init(title: "pod"), .init(title: "workload", rank: 3),
        .init(title: "state", isTag: true), .init(title: "tokens/min", isNumber: true),
        .init(title: "over 60 s", rank: 2, isNumber: true), .init(title: "over 15 s", rank: 2, isNumber: true),
        .init(title: "input", rank: 2, isNumber: true), .init(title: "output", rank: 2, isNumber: true),
        .init(title: "cache creation", rank: 3, isNumber: true), .init(title: "cache read", rank: 3, isNumber: true),
        .init(title: "stuck", rank: 1, isNumber: true), .init(title: "sessions", rank: 1, isNumber: true),
        .init(title: "turns", rank: 2, isNumber: true), .init(title: "loops", rank: 3, isNumber: true),
        .init(title: "heard", rank: 1, isNumber: true),
    ]

    // MARK: Parts

    /// Names come from telemetry: whoever may send it must not be able to write the page.
    static func escape(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        // By scalars: a `<` that forms one character with a neighbour is still a `<` for a browser.
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result.append(contentsOf: "&amp;".unicodeScalars)
            case "<": result.append(contentsOf: "&lt;".unicodeScalars)
            case ">": result.append(contentsOf: "&gt;".unicodeScalars)
            case "\"": result.append(contentsOf: "&quot;".unicodeScalars)
            case "'": result.append(contentsOf: "&#39;".unicodeScalars)
            default: result.append(scalar)
            }
        }
        return String(result)
    }

    /// `1 234 567`, with thin spaces.
    static func grouped(_ value: Int64) -> String {
        let digits = Array("\(value.magnitude)")
        var result = value < 0 ? "-" : ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { result += "\u{2009}" }
            result.append(digit)
        }
        return result
    }

    private static func decimal(_ value: Double) -> String {
        guard value.isFinite, abs(value) < 1e15 else { return "–" }
        let hundredths = Int64((value * 100).rounded())
        let fraction = Int(hundredths.magnitude % 100)
        let whole = self.grouped(hundredths / 100)
        return fraction == 0 ? whole : "\(whole).\(fraction < 10 ? "0" : "")\(fraction)"
    }

    private static let style =
        """
        :root{color-scheme:light dark;--line:#8883;--soft:#8882;--dim:#6b6b6b;--red:#c62828;--amber:#a15c00}
        @media(prefers-color-scheme:dark){:root{--dim:#9a9a9a;--red:#ff7b72;--amber:#e3a13a}}
        *{box-sizing:border-box}body{margin:0;font:13px/1.45 system-ui,sans-serif;padding:1.2rem 1.6rem}
        header{display:flex;gap:0 1rem;align-items:baseline;flex-wrap:wrap}h1{font-size:1.3rem;margin:0}
        header p{margin:.2rem 0}header p,footer,small{color:var(--dim)}h2{font-size:1rem;margin:1.4rem 0 .5rem}
        .tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:.7rem;margin-top:1rem}
        .tile{border:1px solid var(--line);border-radius:8px;padding:.7rem .9rem;display:flex;flex-direction:column}
        .tile b{font-size:1.5rem;font-variant-numeric:tabular-nums}.facts{display:flex;flex-wrap:wrap;gap:.3rem 1.4rem;
        list-style:none;margin:0;padding:0}.bad{color:var(--red);font-weight:600}
        footer{margin-top:1.6rem;display:flex;gap:1.2rem;flex-wrap:wrap}a{color:inherit}
        @media(max-width:699px){body{padding:.8rem}}

        """ + StatusTable.style
}
