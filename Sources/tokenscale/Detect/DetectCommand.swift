import ArgumentParser
import TokenscaleCore

/// `tokenscale detect`: would the collector have caught it, when, and what would that have saved?
struct DetectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "detect",
        abstract: "Run the stuck-loop detector over recorded telemetry.",
        usage: """
            tokenscale detect [--format jsonl] [--explain] [--config FILE] [--set KEY=VALUE ...] FILE ...
            tokenscale detect --score [--detail-level LEVEL] CASES ...
            tokenscale detect --table [--config FILE] [--set KEY=VALUE ...]
            """,
        discussion: """
            FILE is a folder with captured OTLP requests, a file of OTLP/JSON lines, a transcript of Claude Code \
            (~/.claude/projects/**/*.jsonl, or the folder), or a file of labelled cases; plain or gzip. The detector \
            is the one in `tokenscale serve`, with the detection-… settings of its configuration. Texts are hashed \
            and not kept.
            """
    )

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case text
        case jsonl
    }

    @Argument(help: ArgumentHelp("Recorded telemetry.", valueName: "file"))
    var files: [String] = []

    @Option(name: .long, help: "text, or jsonl: one alert a line.")
    var format = Format.text

    @Option(name: .long, help: "What cases are said to have sent: full (tool details), sizes, or metrics.")
    var detailLevel = DetailLevel.full

    @Flag(name: .long, help: "Print the evidence, round by round.")
    var explain = false

    @Flag(name: .long, help: "For labelled cases: print how well the detector does, as tables.")
    var score = false

    @Flag(name: .long, help: "Print the kinds of evidence with the weights in force, as a table, and exit.")
    var table = false

    @Option(name: .long, help: ArgumentHelp("YAML file with settings ($TOKENSCALE_CONFIG).", valueName: "file"))
    var config: String?

    @Option(name: .customLong("set"), help: ArgumentHelp("One setting; may be repeated.", valueName: "key=value"))
    var settings: [String] = []

    func validate() throws {
        guard self.files.isEmpty, !self.table else { return }
        throw ValidationError("which recorded telemetry? Name a file or folder, for example ~/.claude/projects")
    }

    func run() throws {
        var options = ConfigurationOptions()
        options.config = self.config
        options.settings = self.settings.map { "--" + $0 }
        let configuration = try options.read().configuration.aggregator.detection
        if self.table { return StandardStreams.write(DetectReport.evidenceTable(configuration)) }
        if self.score { return try self.printScore(configuration) }
        var reader = RecordingReader(level: self.detailLevel)
        var stuckCount = 0
        var count = 0
        var faultCount = 0
        for file in self.files {
            reader.read(file) { recording in
                let run = DetectionRun(recording, configuration: configuration, isExplaining: self.explain)
                count += 1
                if !run.warnings.isEmpty { stuckCount += 1 }
                self.write(recording, run)
            } fault: { error in
                faultCount += 1
                StandardStreams.writeError("Error: \(error)")
            }
        }
        if self.format == .text, count > 1 {
            let rest = faultCount > 0 ? " \(faultCount) could not be read." : ""
            StandardStreams.write("\(count) recordings, \(stuckCount) of them stuck.\(rest)")
        }
        if faultCount > 0 { throw ExitCode.failure }
    }

    private func printScore(_ configuration: DetectionConfiguration) throws {
        var table = ScoreTable()
        var faults: [CommandError] = []
        for level in DetailLevel.allCases {
            var reader = RecordingReader(level: level)
            for file in self.files {
                reader.read(file) {
                    table.add($0, DetectionRun($0, configuration: configuration), at: level)
                } fault: {
                    faults.append($0)
                }
            }
        }
        // A score of a part would be taken for that of all.
        if let first = faults.first { throw first }
        guard !table.isEmpty else {
            throw CommandError("no labelled cases in these files: --score needs case files (label, events)")
        }
        StandardStreams.write(table.markdown)
    }

    private func write(_ recording: Recording, _ run: DetectionRun) {
        switch self.format {
        case .text:
            StandardStreams.write(DetectReport.text(recording, run))
            if self.explain { StandardStreams.write(DetectReport.explanation(run)) }
        case .jsonl:
            for alert in run.alerts {
                StandardStreams.write(DetectReport.line(alert, of: recording, start: run.start))
            }
        }
    }
}

extension DetailLevel: ExpressibleByArgument {}
