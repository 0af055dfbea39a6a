import TokenscaleCore

/// What `tokenscale detect` prints.
struct DetectReport {
    /// A line for the scorer.
    static func line(_ alert: DetectedAlert, of recording: Recording, start: Timestamp) -> String {
        let milliseconds = alert.time.milliseconds - start.milliseconds
        var text = "{\"case_id\":\(recording.id.jsonQuoted),\"index\":\(alert.index),\"t\":\(milliseconds)"
        text += ",\"severity\":\"\(Self.name(alert.severity ?? .info))\""
        if let pattern = alert.finding?.pattern { text += ",\"pattern\":\"\(pattern.name)\"" }
        text += ",\"session\":\(alert.subject.jsonQuoted)"
        if alert.severity == nil { text += ",\"resolved\":true" }
        return text + "}"
    }

    /// The scorer's word.
    static func name(_ severity: LoopSeverity) -> String {
        switch severity {
        case .info: "info"
        case .warning: "warn"
        case .critical: "page"
        }
    }

    static func text(_ recording: Recording, _ run: DetectionRun) -> String {
        var lines = [
            "\(recording.id): \(NumberText.counted(recording.items.count, "record")), "
                + "\(NumberText.counted(run.sessionCount, "session")), "
                + "\(DurationText.prose(seconds: run.end.seconds(since: run.start))), "
                + "\(NumberText.scaled(run.totalTokens)) tokens"
        ]
        if let label = recording.label { lines[0] += " (labelled \(label))" }
        if recording.brokenLineCount > 0 {
            lines.append("  \(recording.brokenLineCount) lines are no JSON and were left out: the file is damaged")
        }
        for alert in run.alerts where alert.severity != .info {
            guard let severity = alert.severity, let finding = alert.finding else {
                lines.append("  +\(Self.offset(of: alert.time, run)) resolved   \(alert.subject)")
                continue
            }
            let word =
                severity == .critical ? "STUCK (page)" : finding.isPossible ? "possibly stuck" : "stuck (warning)"
            lines.append(
                "  +\(Self.offset(of: alert.time, run)) \(word) \(alert.subject), "
                    + "record \(alert.index): \(finding.pattern.name)"
            )
            lines.append("      \(Self.evidence(finding))")
        }
        if run.warnings.isEmpty {
            lines.append("  nothing stuck")
        } else {
            lines.append(
                "  A stop at the first warning would have saved \(NumberText.scaled(run.savedTokens)) tokens"
                    + (run.savedMicroUSD > 0 ? " (\(NumberText.dollars(run.savedMicroUSD)))." : ".")
            )
        }
        return lines.joined(separator: "\n")
    }

    /// The table of evidence as Markdown, with the weights in force: the documentation shows the shipped ones.
    static func evidenceTable(_ configuration: DetectionConfiguration) -> String {
        let rows = EvidenceKind.allCases.map { kind in
            let weight = configuration[kind]
            return "| `\(kind.name)` | \(weight.detailed.decimalText) | \(weight.sizesOnly.decimalText) | "
                + "\(kind.learning.decimalText) | \(kind.reason) |"
        }
        let head = ["| kind | with details | without | teaches | what was seen |", "| --- | --- | --- | --- | --- |"]
        return (head + rows).joined(separator: "\n")
    }

    static func explanation(_ run: DetectionRun) -> String {
        run.trail.map { item, entry in
            let weight = (entry.evidence >= 0 ? "+" : "") + Self.decimal(Double(entry.evidence))
            let kind = entry.kind
            return "  \(Self.offset(of: entry.time, run)) record \(item.index): \(weight) -> "
                + "\(Self.decimal(Double(entry.score)))  \(kind.reason) [\(entry.tool.displayName), \(kind.name)]"
        }.joined(separator: "\n")
    }

    private static func offset(of time: Timestamp, _ run: DetectionRun) -> String {
        DurationText.compact(seconds: time.seconds(since: run.start), withSeconds: true)
    }

    /// From counters only: no text of the sender.
    private static func evidence(_ finding: LoopFinding) -> String {
        var parts = ["\(NumberText.counted(finding.roundCount, "round")) since onset"]
        if finding.repeatCount > 0 { parts.append("\(finding.repeatCount) times evidence of it") }
        if finding.failureCount > 0 { parts.append(NumberText.counted(finding.failureCount, "failure")) }
        parts.append(NumberText.counted(finding.editCount, "new edit"))
        parts.append(NumberText.counted(finding.commitCount, "commit"))
        if finding.tokens.total > 0 { parts.append("\(NumberText.scaled(finding.tokens.total)) tokens") }
        if finding.costMicroUSD > 0 { parts.append(NumberText.dollars(finding.costMicroUSD)) }
        if finding.tool != .other { parts.append("mostly \(finding.tool.displayName)") }
        parts.append("score \(Self.decimal(finding.score)) of \(Self.decimal(finding.threshold))")
        return parts.joined(separator: ", ")
    }

    private static func decimal(_ value: Double) -> String {
        let hundredths = Int((abs(value) * 100).rounded())
        let tail = hundredths % 100
        return (value < 0 ? "-" : "") + "\(hundredths / 100).\(tail < 10 ? "0" : "")\(tail)"
    }
}
