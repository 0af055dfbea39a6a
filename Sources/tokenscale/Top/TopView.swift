import TokenscaleCore

/// The picture of one moment as lines of text. Pure: what it shows depends on its input only.
struct TopView: Sendable {
    var snapshot: TopSnapshot
    var sessions: [TopSessions.Session]
    /// Columns of the terminal.
    var width = 120
    /// What stands in the place of pods when there are none.
    var emptyText = "no pod has sent telemetry yet: tokenscale demo sends some"
    /// Lines at most; what does not fit is counted.
    var height = Int.max
    var usesColor = false

    enum Color: String {
        case bold = "1"
        case dim = "2"
        case red = "31"
        case green = "32"
        case yellow = "33"
        case plain = "0"
    }

    /// In a terminal that is too low for everything, pods come first; queues go before stuck sessions do. The head
    /// tells both in any case.
    var lines: [String] {
        var lines = [self.head, ""]
        let room = self.height - lines.count - min(self.snapshot.pods.count, 3) - 2
        let stuck = self.stuckLines(isBrief: false)
        let tails = [self.queueLines + stuck, stuck, self.stuckLines(isBrief: true)]
        let tail = tails.first { $0.count <= room } ?? []
        lines += self.podLines(limit: max(1, self.height - lines.count - tail.count - 2))
        lines += tail
        return lines.prefix(self.height).map(self.cut)
    }

    /// What fits in one line: the parts of the highest rank go first.
    private var head: String {
        let pods = self.snapshot.pods
        let unknown = pods.count { $0.servedTokensPerMinute == nil }
        let served = pods.reduce(0) { $0 + ($1.servedTokensPerMinute ?? 0) }
        let stuck = self.sessions.count { $0.isStuck }
        let live = self.sessions.count { $0.isLive }
        let waiting = self.snapshot.queues.filter { !$0.isStale }
        var parts: [(rank: Int, text: String, color: Color)] = [
            (1, "tokenscale \(self.snapshot.version)", .bold),
            (6, "up \(DurationText.compact(seconds: self.upSeconds))", .plain),
            (3, "pods \(pods.count)" + (unknown > 0 ? " (\(unknown) unknown)" : ""), .plain),
            (5, "sessions \(live)", .plain), (0, "tokens/min \(Self.short(served))", .plain),
        ]
        if !waiting.isEmpty { parts.append((4, "waiting \(Self.short(waiting.reduce(0) { $0 + $1.depth }))", .plain)) }
        if stuck > 0 { parts.append((0, "stuck \(stuck)", .red)) }
        if self.snapshot.ageSeconds > 5 {
            parts.append((0, "data \(DurationText.compact(seconds: self.snapshot.ageSeconds)) old", .red))
        }
        var gap = 3
        while parts.reduce(-gap, { $0 + $1.text.count + gap }) > self.width, parts.count > 1 {
            if gap > 2 {
                gap = 2
            } else if let last = parts.map(\.rank).max(), last > 0 {
                parts.removeAll { $0.rank == last }
            } else {
                break
            }
        }
        return parts.map { self.colored($0.text, $0.color) }.joined(separator: String(repeating: " ", count: gap))
    }

    private var upSeconds: Double {
        let start = Timestamp(iso8601: self.snapshot.startTime)
        return start.map { max(0, self.snapshot.timeUnixSeconds - $0.seconds(since: .zero)) } ?? 0
    }

    // MARK: - Pods

    private struct Column: Sendable {
        var title: String
        /// On a narrow terminal the columns of the highest number go first.
        var rank: Int
        var cell: @Sendable (TopSnapshot.Pod) -> String
    }

    private static let columns: [Column] = [
        Column(title: "TOK/MIN", rank: 0) { $0.servedTokensPerMinute.map { Self.short($0) } ?? "?" },
        Column(title: "INPUT", rank: 6) { Self.short($0.tokensPerMinute.input) },
        Column(title: "OUTPUT", rank: 3) { Self.short($0.tokensPerMinute.output) },
        Column(title: "CACHE-W", rank: 7) { Self.short($0.tokensPerMinute.cacheCreation) },
        Column(title: "CACHE-R", rank: 8) { Self.short($0.tokensPerMinute.cacheRead) },
        Column(title: "STUCK", rank: 2) { Self.short($0.stuckTokensPerMinute.scaling) },
        Column(title: "QUEUE", rank: 5) { $0.queueDepth.map { Self.short($0) } ?? "-" },
        Column(title: "SESS", rank: 1) { "\($0.activeSessions)" },
        Column(title: "TURNS", rank: 9) { "\($0.openTurns)" },
        Column(title: "SEEN", rank: 4) { DurationText.compact(seconds: $0.lastArrivalAgeSeconds) },
    ]

    /// Busiest first.
    private func podLines(limit: Int) -> [String] {
        let longest = self.snapshot.pods.map { $0.namespace.count + 1 + $0.name.count }.max() ?? 0
        let nameWidthMin = max(13, min(longest, 24))
        let room = max(1, (self.width - nameWidthMin - 9) / Self.cellWidth)
        let columns = Self.columns.filter { $0.rank < room }
        let nameWidth = max(13, min(longest, self.width - 9 - columns.count * Self.cellWidth))
        let title =
            Self.padded("NAMESPACE/POD", nameWidth) + " " + Self.padded("STATE", 8) + Self.row(columns.map(\.title))
        guard !self.snapshot.pods.isEmpty else {
            return [self.colored(title, .dim)] + self.wrapped(self.emptyText, indent: "")
        }
        let pods = self.snapshot.pods.sorted { left, right in
            let leftRate = left.tokensPerMinute.scaling.addingClamped(left.stuckTokensPerMinute.scaling)
            let rightRate = right.tokensPerMinute.scaling.addingClamped(right.stuckTokensPerMinute.scaling)
            if leftRate != rightRate { return leftRate > rightRate }
            return (left.namespace, left.name) < (right.namespace, right.name)
        }
        var lines = [self.colored(title, .dim)]
        for pod in pods.prefix(limit) {
            let name = Self.padded(Self.middleCut("\(pod.namespace)/\(pod.name)", nameWidth), nameWidth)
            let state = self.colored(Self.padded(Self.stateName(pod), 8), self.color(of: pod))
            lines.append("\(name) \(state)" + Self.row(columns.map { $0.cell(pod) }))
        }
        if pods.count > limit { lines.append(self.colored("… and \(pods.count - limit) more pods", .dim)) }
        return lines
    }

    private static func stateName(_ pod: TopSnapshot.Pod) -> String { pod.stuckSessions > 0 ? "stuck" : pod.state }

    private func color(of pod: TopSnapshot.Pod) -> Color {
        if pod.stuckSessions > 0 { return .red }
        switch pod.state {
        case "active": return .green
        case "unknown": return .yellow
        default: return .dim
        }
    }

    // MARK: - Queues

    private var queueLines: [String] {
        guard !self.snapshot.queues.isEmpty else { return [] }
        let shown = self.snapshot.queues.prefix(10)
        let names = shown.map { "\($0.namespace)/\($0.queue)" + ($0.pod.map { " (\($0))" } ?? "") }
        let nameWidth = max(5, min(60, names.map(\.count).max() ?? 5, self.width - 3 * Self.cellWidth))
        var lines = ["", self.colored(Self.padded("QUEUE", nameWidth) + Self.row(["DEPTH", "SOURCE", "AGE"]), .dim)]
        for (queue, name) in zip(shown, names) {
            let depth = queue.isStale ? "?" : Self.short(queue.depth)
            let cells = [depth, queue.source, DurationText.compact(seconds: queue.ageSeconds)]
            lines.append(Self.padded(Self.middleCut(name, nameWidth), nameWidth) + Self.row(cells))
        }
        let rest = self.snapshot.queues.count - shown.count
        if rest > 0 { lines.append(self.colored("… and \(rest) more queues", .dim)) }
        return lines
    }

    // MARK: - Stuck sessions

    /// - Parameter isBrief: Who, without what and how often.
    private func stuckLines(isBrief: Bool) -> [String] {
        let found = self.sessions.compactMap { session in session.finding.map { (session, $0) } }
            .filter { $0.1.severity != "info" }
            .sorted { ($0.1.severity, $1.1.tokens.total) < ($1.1.severity, $0.1.tokens.total) }
        let workloads = self.snapshot.workloadFindings.filter { $0.finding.severity != "info" }
        guard !found.isEmpty || !workloads.isEmpty else { return [] }
        var lines = ["", self.colored("STUCK", .dim)]
        for entry in workloads.prefix(5) {
            lines += self.findingLines("\(entry.namespace)/\(entry.workload)", entry.finding, isBrief: isBrief)
        }
        for (session, finding) in found.prefix(8) {
            let id = session.session.isEmpty ? "" : " session \(session.session)"
            let name = "\(session.namespace)/\(session.pod)\(id)"
            lines += self.findingLines(name, finding, isBrief: isBrief)
        }
        let rest = max(0, found.count - 8) + max(0, workloads.count - 5)
        if rest > 0 { lines.append(self.colored("… and \(rest) more", .dim)) }
        return lines
    }

    private func findingLines(_ name: String, _ finding: TopFinding, isBrief: Bool) -> [String] {
        let certainty = finding.isPossible ? "possible " : ""
        let severity = self.colored(finding.severity, finding.severity == "critical" ? .red : .yellow)
        let pattern = finding.pattern.map { $0 == "_" ? " " : String($0) }.joined()
        let since = finding.onset.split(separator: "T").last.map { $0.prefix(5) } ?? ""
        let head = "\(severity) \(Self.middleCut(name, self.width - finding.severity.count - 1))"
        if isBrief { return [head] }
        let what =
            "\(certainty)\(pattern) (\(finding.tool)): \(finding.rounds) rounds, \(finding.repeats) repeats, "
            + "\(finding.failures) failures since \(since)"
        let cost =
            "\(finding.edits) edits, \(finding.commits) commits, \(NumberText.rounded(finding.requestsPerMinute)) "
            + "requests/min, \(Self.short(finding.tokens.total)) tokens, \(NumberText.dollars(finding.costUSD))"
        return [head] + self.wrapped(what, indent: "  ") + self.wrapped(cost, indent: "  ")
    }

    // MARK: - Text

    private func colored(_ text: String, _ color: Color) -> String {
        self.usesColor && color != .plain ? "\u{1b}[\(color.rawValue)m\(text)\u{1b}[0m" : text
    }

    /// Text without colours in lines that fit, broken at spaces.
    private func wrapped(_ text: String, indent: String) -> [String] {
        var lines: [String] = []
        var line = indent
        for word in text.split(separator: " ") {
            if line.count > indent.count, line.count + 1 + word.count > self.width {
                lines.append(line)
                line = indent
            }
            line += (line.count > indent.count ? " " : "") + word
        }
        return lines + [line]
    }

    /// At most as wide as the terminal; colour codes have no width.
    private func cut(_ line: String) -> String {
        var result = ""
        var width = 0
        var isEscape = false
        for character in line {
            if character == "\u{1b}" { isEscape = true }
            if !isEscape {
                guard width < self.width else { continue }
                width += 1
            }
            result.append(character)
            if isEscape, character == "m" { isEscape = false }
        }
        return result
    }

    private static let cellWidth = 8

    private static func row(_ cells: [String]) -> String {
        cells.map { String(repeating: " ", count: max(1, Self.cellWidth - $0.count)) + $0 }.joined()
    }

    static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    /// Both ends of a long name tell more than its beginning.
    static func middleCut(_ text: String, _ width: Int) -> String {
        guard text.count > width, width > 3 else { return text }
        return text.prefix((width - 1) / 2) + "…" + text.suffix(width - 1 - (width - 1) / 2)
    }

    static func short(_ count: Int64) -> String { Self.short(Double(count)) }

    /// Three digits and a unit: `999`, `1.2k`, `45k`, `3.4M`.
    static func short(_ number: Double) -> String {
        guard number < 9.995e14 else { return ">999T" }
        for (factor, unit) in [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")] where number >= factor * 0.9995 {
            let scaled = number / factor
            return (scaled < 9.95 ? Self.oneDigit(scaled) : String(Int(scaled.rounded()))) + unit
        }
        return number == number.rounded() ? String(Int(number)) : Self.oneDigit(number)
    }

    static func oneDigit(_ number: Double) -> String {
        let tenths = Int((number * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }
}
