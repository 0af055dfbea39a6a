import TokenscaleCore

/// The detector's report card: labelled cases at every detail level, as Markdown.
struct ScoreTable {
    private var scores: [DetailLevel: (warning: CaseScore, critical: CaseScore)] = [:]

    init() {
        for level in DetailLevel.allCases { self.scores[level] = (CaseScore(), CaseScore()) }
    }

    mutating func add(_ recording: Recording, _ run: DetectionRun, at level: DetailLevel) {
        guard let line = recording.line else { return }
        func indices(_ least: LoopSeverity) -> [Int] {
            run.alerts.filter { $0.severity.map { $0 >= least } ?? false }.map(\.index)
        }
        self.scores[level]?.warning.add(line, alertedAt: indices(.warning))
        self.scores[level]?.critical.add(line, alertedAt: indices(.critical))
    }

    var isEmpty: Bool { self.scores[.full]?.warning.healthy.isEmpty ?? true }

    func score(_ level: DetailLevel, _ severity: LoopSeverity = .warning) -> CaseScore {
        let pair = self.scores[level] ?? (CaseScore(), CaseScore())
        return severity == .critical ? pair.critical : pair.warning
    }

    var markdown: String {
        var lines = [
            "| telemetry | severity | macro recall | false alarms | per 1,000 h | active h | median rounds |",
            "| --- | --- | --- | --- | --- | --- | --- |",
        ]
        for level in DetailLevel.allCases {
            for severity in [LoopSeverity.warning, .critical] {
                let score = self.score(level, severity)
                lines.append(
                    "| \(level.rawValue) | \(severity.name) | \(Self.decimal(score.macroRecall, 3)) | "
                        + "\(score.falseAlarmCount) | \(Self.decimal(score.falseAlarmsPerThousandHours, 1)) | "
                        + "\(Self.decimal(score.hours, 1)) | \(score.medianDelay.map { Self.decimal($0, 1) } ?? "-") |"
                )
            }
        }
        lines += [
            "", "| stuck pattern | cases | full: recall, rounds | sizes | metrics |", "| --- | --- | --- | --- | --- |",
        ]
        for pattern in self.score(.full).patterns.keys.sorted() {
            let cells = DetailLevel.allCases.map { level -> String in
                let result = self.score(level).patterns[pattern] ?? CaseScore.Pattern()
                let delay = CaseScore.median(result.delays).map { Self.decimal($0, 1) } ?? "-"
                return "\(Self.decimal(result.recall, 2)), \(delay)"
            }
            let count = self.score(.full).patterns[pattern]?.count ?? 0
            lines.append("| \(pattern) | \(count) | \(cells.joined(separator: " | ")) |")
        }
        lines += [
            "", "| healthy work | cases | active h | hit: full | sizes | metrics |",
            "| --- | --- | --- | --- | --- | --- |",
        ]
        for pattern in self.score(.full).healthy.keys.sorted() {
            guard let full = self.score(.full).healthy[pattern] else { continue }
            let cells = DetailLevel.allCases.map { "\(self.score($0).healthy[pattern]?.hitCount ?? 0)" }
            lines.append(
                "| \(pattern) | \(full.count) | \(Self.decimal(full.hours, 1)) | \(cells.joined(separator: " | ")) |"
            )
        }
        return lines.joined(separator: "\n")
    }

    private static func decimal(_ value: Double, _ digits: Int) -> String {
        let scale = [1, 10, 100, 1_000][min(digits, 3)]
        let scaled = Int((value * Double(scale)).rounded())
        guard digits > 0 else { return "\(scaled)" }
        let tail = String(scaled % scale)
        return "\(scaled / scale)." + String(repeating: "0", count: digits - tail.count) + tail
    }
}
