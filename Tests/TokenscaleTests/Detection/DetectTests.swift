import Foundation
import Testing
import TokenscaleCore

@testable import tokenscale

/// `tokenscale detect` on what users have, and how well the detector does on labelled cases.
@Suite("Detect")
struct DetectTests {
    static let cases = Program.root.appending(path: "Tests/Fixtures/detection")

    static func recordings(_ path: String, level: DetailLevel = .full) throws -> [Recording] {
        var reader = RecordingReader(level: level)
        var recordings: [Recording] = []
        var faults: [CommandError] = []
        reader.read(path) {
            recordings.append($0)
        } fault: {
            faults.append($0)
        }
        if let first = faults.first { throw first }
        return recordings
    }

    /// A file of its own, removed afterwards.
    static func withFile<Result>(_ text: String, named name: String, _ use: (String) throws -> Result) throws -> Result
    {
        let folder = FileManager.default.temporaryDirectory.appending(path: "detect-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: name)
        try Data(text.utf8).write(to: file)
        return try use(file.path)
    }

    @Test(
        "a case that cannot be played is a fault with its line, not a crash",
        arguments: [
            (#""onset":-3"#, 5, "onset is -3; allowed is the index of one of the 2 events"),
            (#""onset":2"#, 5, "onset is 2"), (#""end":9223372036854775807"#, 5, "end is 9223372036854775807"),
            (#""end":1"#, 9_223_372_036_854_775_807, "event 1 has a number beyond ±1e15"),
            (#""end":1"#, -9_223_372_036_854_775_808, "event 1 has a number beyond ±1e15"),
        ]
    )
    func hostileCase(field: String, time: Int64, message: String) throws {
        let line =
            #"{"id":"x","label":"stuck","pattern":"p",\#(field),"events":[{"t":0,"k":"prompt","len":4},"#
            + #"{"t":\#(time),"k":"llm","ot":5,"d":4000}]}"#
        try Self.withFile(line, named: "case.jsonl") { path in
            let error = #expect(throws: CommandError.self) { try Self.recordings(path) }
            #expect(error.map { "\($0)".contains(message) && "\($0)".contains("case.jsonl:1") } == true)
        }
    }

    // MARK: Captures

    static let captures: [(name: String, isStuck: Bool)] = [
        ("stuck-bash-http-protobuf", true), ("stuck-bash-nodetails-http-json", true), ("abab-http-protobuf", true),
        ("stuck-slow-a-grpc", true), ("monologue-http-json", true), ("healthy-grpc", false),
        ("healthy-gzip-grpc", false), ("healthy-gzip-http-json", false), ("healthy-nosession-http-protobuf", false),
        ("mixed-healthy-http-protobuf", false), ("test-fix-http-protobuf", false), ("subagent-grpc", false),
        ("steady-503-http-protobuf", false), ("idle-http-protobuf", false), ("resume-http-protobuf", false),
        ("steady-cumulative-http-protobuf", false), ("api-errors-http-json", false),
    ]

    @Test("recorded telemetry of Claude Code is judged as its label says", arguments: captures)
    func capture(name: String, isStuck: Bool) throws {
        let recordings = try Self.recordings(Capture.root.appending(path: name).path)
        let run = DetectionRun(try #require(recordings.first))
        #expect(run.warnings.isEmpty != isStuck, "\(run.warnings.map { $0.finding?.pattern })")
        if isStuck { #expect(run.savedTokens > 0) }
    }

    // MARK: Transcripts

    static func transcript(_ calls: [(command: String, result: String, isError: Bool)]) -> String {
        var lines = [
            #"{"type":"user","sessionId":"s1","uuid":"u0","timestamp":"2026-01-01T00:00:00.000Z","#
                + #""message":{"role":"user","content":"go"}}"#
        ]
        for (index, call) in calls.enumerated() {
            let stamp = "2026-01-01T00:\(index + 10):0"
            let use = #"{"type":"tool_use","id":"t\#(index)","name":"Bash","input":{"command":"\#(call.command)"}}"#
            lines.append(
                #"{"type":"assistant","sessionId":"s1","uuid":"a\#(index)","timestamp":"\#(stamp)1.000Z","#
                    + #""message":{"id":"m\#(index)","model":"claude","content":[\#(use)],"#
                    + #""usage":{"input_tokens":4,"output_tokens":90,"cache_read_input_tokens":9000}}}"#
            )
            let result = #"{"type":"tool_result","tool_use_id":"t\#(index)","content":"\#(call.result)","#
            lines.append(
                #"{"type":"user","sessionId":"s1","uuid":"r\#(index)","timestamp":"\#(stamp)3.000Z","#
                    + #""message":{"role":"user","content":[\#(result)"is_error":\#(call.isError)}]}}"#
            )
        }
        return lines.joined(separator: "\n") + "\n{\"type\":\"assi"
    }

    @Test("a transcript with a loop is stuck, one with work is not; a last line cut off is no error")
    func transcripts() throws {
        let loop = Self.transcript([(String, String, Bool)](repeating: ("npm test", "1 failed", true), count: 12))
        let work = Self.transcript((0..<12).map { ("cat file\($0)", String(repeating: "x", count: 40 * $0), false) })
        let stuck = try Self.withFile(loop, named: "a.jsonl") { try Self.recordings($0) }
        #expect(!DetectionRun(try #require(stuck.first)).warnings.isEmpty)
        let healthy = try Self.withFile(work, named: "b.jsonl") { try Self.recordings($0) }
        #expect(DetectionRun(try #require(healthy.first)).warnings.isEmpty)
    }

    @Test("records of unknown kinds and a byte order mark are no obstacle; broken lines are told")
    func damagedTranscript() throws {
        let loop = Self.transcript([(String, String, Bool)](repeating: ("npm test", "1 failed", true), count: 12))
        let head = "\u{feff}{\"type\":\"file-history-snapshot\",\"messageId\":\"m\",\"snapshot\":{}}\n"
        let text =
            head
            + loop.replacing("{\"type\":\"assistant\"", with: "\n{broken\n{\"type\":\"assistant\"", maxReplacements: 2)
        let recording = try #require(try Self.withFile(text, named: "a.jsonl") { try Self.recordings($0) }.first)
        let run = DetectionRun(recording)
        #expect(!run.warnings.isEmpty)
        #expect(DetectReport.text(recording, run).contains("2 lines are no JSON and were left out"))
    }

    @Test("a file that cannot be read keeps none of the others from being judged")
    func mixedFolder() async throws {
        let work = Self.transcript([("ls", "a", false)])
        let folder = FileManager.default.temporaryDirectory.appending(path: "detect-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.createDirectory(at: folder.appending(path: "empty"), withIntermediateDirectories: true)
        for (name, text) in [("a.jsonl", work), ("b.jsonl", "binary"), ("c.jsonl", work)] {
            try Data(text.utf8).write(to: folder.appending(path: name))
        }
        let ended = try await Program.run(Program.url, ["detect", "/nowhere", folder.path])
        #expect(ended.code == 1)
        #expect(ended.output.contains("a.jsonl: ") && ended.output.contains("c.jsonl: "))
        #expect(ended.output.contains("2 recordings, 0 of them stuck. 3 could not be read."))
        for part in ["/nowhere: no such file", "b.jsonl: begins with byte 98", "empty: holds neither"] {
            #expect(ended.error.contains(part), "\(ended.error)")
        }
    }

    // MARK: Faults

    @Test(
        "what cannot be read says what was seen and what to do",
        arguments: [
            ("", "is empty"), ("hello", "not with `{`"), ("{\"answer\":42}", "neither a case"), ("{broken", "no JSON"),
            ("\n\n{\"type\":\"new\"}\n{\"type\":\"newer\"}\n", "x.jsonl:3: neither a case"),
        ]
    )
    func faults(text: String, message: String) throws {
        try Self.withFile(text, named: "x.jsonl") { path in
            let error = #expect(throws: CommandError.self) { try Self.recordings(path) }
            #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
        }
    }

    @Test("a missing file and a folder without recordings are named")
    func missing() throws {
        #expect(throws: CommandError.self) { try Self.recordings("/nowhere/at/all") }
        try Self.withFile("x", named: "notes.txt") { path in
            let folder = URL(filePath: path).deletingLastPathComponent().path
            #expect(throws: CommandError.self) { try Self.recordings(folder) }
        }
    }

    @Test("an alert's line is what the scorer reads, without any text of the sender")
    func line() throws {
        let recording = try #require(
            try Self.recordings(Capture.root.appending(path: "stuck-bash-http-protobuf").path).first
        )
        let run = DetectionRun(recording)
        let alert = try #require(run.alerts.first { $0.severity == .critical })
        let line = DetectReport.line(alert, of: recording, start: run.start)
        let value = try JSONDecoder().decode(JSONValue.self, from: Data(line.utf8))
        #expect(value["case_id"]?.string == "stuck-bash-http-protobuf")
        #expect(value["severity"]?.string == "page")
        #expect(value["index"]?.integer == Int64(alert.index))
        let text = DetectReport.text(recording, run)
        #expect(text.contains("STUCK (page)"))
        #expect(!text.contains("npm") && !text.contains("/home"))
    }

    // MARK: Settings

    @Test("the documentation shows the table of evidence that runs")
    func documentedTable() throws {
        let page = Program.root.appending(path: "Sources/tokenscale/Documentation.docc/Detection.md")
        let text = try String(contentsOf: page, encoding: .utf8)
        let table = DetectReport.evidenceTable(DetectionConfiguration())
        #expect(text.contains(table), "paste what `tokenscale detect --table` prints")
    }

    @Test("a weight set otherwise changes what is found")
    func weights() throws {
        let reader = ConfigurationReader(environment: [:])
        let loop = Self.transcript((0..<12).map { _ in ("git status", "nothing to commit", false) })
        let weights = ["--detection-weights", "same-outcome=0/0"]
        let configuration = try reader.read(arguments: weights, file: nil).configuration.aggregator.detection
        let recordings = try Self.withFile(loop, named: "loop.jsonl") { try Self.recordings($0) }
        let recording = try #require(recordings.first)
        #expect(!DetectionRun(recording).warnings.isEmpty)
        #expect(DetectionRun(recording, configuration: configuration).warnings.isEmpty)
    }
}
