import Foundation
import OTLP
import Testing
import TokenscaleCore

@testable import tokenscale

/// How well the detector does: on cases that may be copied, on families of our own, and through the whole aggregator.
@Suite("Detection score")
struct DetectionScoreTests {
    static let table: ScoreTable = {
        var table = ScoreTable()
        for level in DetailLevel.allCases {
            for name in ["traps.jsonl.gz", "unit_translations.jsonl.gz"] {
                let path = DetectTests.cases.appending(path: name).path
                for recording in (try? DetectTests.recordings(path, level: level)) ?? [] {
                    table.add(recording, DetectionRun(recording), at: level)
                }
            }
        }
        return table
    }()

    @Test("traps and unit translations keep the checked-in report card")
    func report() throws {
        let file = DetectTests.cases.appending(path: "report.md")
        if ProcessInfo.processInfo.environment["TOKENSCALE_WRITE_REPORT"] == "1" {
            try Data((Self.table.markdown + "\n").utf8).write(to: file)
        }
        let expected = try String(contentsOf: file, encoding: .utf8)
        #expect(
            Self.table.markdown + "\n" == expected,
            "write it anew with TOKENSCALE_WRITE_REPORT=1 and read the diff"
        )
    }

    @Test("traps and unit translations: every loop is found, at most one healthy case is hit")
    func targets() {
        let full = Self.table.score(.full)
        #expect(full.macroRecall >= 0.99, "missed: \(full.missed)")
        #expect(full.falseAlarmCount == 0, "\(full.falselyAlarmed)")
        #expect(Self.table.score(.full, .critical).falseAlarmCount == 0)
        let sizes = Self.table.score(.sizes)
        #expect(sizes.macroRecall >= 0.95, "missed: \(sizes.missed)")
        #expect(sizes.falseAlarmCount <= 1, "\(sizes.falselyAlarmed)")
    }

    @Test("families that no rule was written for: nearly all loops found, hardly a healthy one hit")
    func probe() throws {
        var score = CaseScore()
        let text = ProbeCases.lines(count: 2, seed: 11).joined(separator: "\n")
        let recordings = try DetectTests.withFile(text, named: "probe.jsonl") { try DetectTests.recordings($0) }
        for recording in recordings {
            let line = try #require(recording.line)
            score.add(line, alertedAt: DetectionRun(recording).warnings.map(\.index))
        }
        let healthyCount = recordings.count { $0.label == "healthy" }
        #expect(score.macroRecall >= 0.9, "missed: \(score.missed)")
        #expect(score.falselyAlarmed.count * 20 <= healthyCount, "\(score.falselyAlarmed)")
    }

    @Test("the probe is the same for the same seed")
    func probeIsSeeded() {
        #expect(ProbeCases.lines(count: 1, seed: 3) == ProbeCases.lines(count: 1, seed: 3))
        #expect(ProbeCases.lines(count: 1, seed: 3) != ProbeCases.lines(count: 1, seed: 4))
    }

    @Test("real sessions of Claude Code raise no warning")
    func realSessions() throws {
        let shared = ProcessInfo.processInfo.environment["TOKENSCALE_DETECTION_CASES"]
        let folder = shared ?? Program.root.appending(path: "../shared/detection").path
        let path = folder + "/real_shared.jsonl.gz"
        guard FileManager.default.fileExists(atPath: path) else {
            print("not run: \(path) is absent (TOKENSCALE_DETECTION_CASES names the folder of labelled cases)")
            return
        }
        var reader = RecordingReader(level: .full)
        var hit: [String] = []
        var count = 0
        reader.read(path) { recording in
            guard recording.id.hasPrefix("cc-") else { return }
            count += 1
            if !DetectionRun(recording).warnings.isEmpty { hit.append(recording.id) }
        } fault: { error in
            Issue.record(error)
        }
        #expect(count > 100)
        #expect(hit.isEmpty)
    }

    // MARK: The whole collector

    /// The index of the event at which the aggregator's snapshot first shows a session or workload as stuck.
    private static func firstWarning(throughAggregator line: CaseLine) throws -> Int? {
        let hash = KeyedHash(key: 0x7463_616c_6544_6574)
        let decoder = OTLPDecoder(hash: hash, names: SemanticNames(), limits: DecodeLimits())
        let start = Timestamp(milliseconds: CaseTelemetry.startMilliseconds)
        let aggregator = Aggregator(configuration: AggregatorConfiguration(), hash: hash, startTime: start)
        var telemetry = CaseTelemetry(line, level: .full)
        for (body, indices) in telemetry.logs() {
            let index = indices.first ?? 0
            let arrival = Timestamp(milliseconds: CaseTelemetry.startMilliseconds + line.allEvents[index].t)
            _ = try unsafe decoder.decode(body.span.bytes, signal: .logs, encoding: .json) { batch, text in
                _ = aggregator.record(batch, text: text, peer: nil, arrival: arrival)
            }
            let snapshot = aggregator.snapshot(now: arrival)
            let isStuck = snapshot.pods.contains { $0.sessions.contains { $0.isStuck } }
            if isStuck || snapshot.workloadFindings.contains(where: { $0.finding.severity >= .warning }) {
                return index
            }
        }
        return nil
    }

    @Test("a case file offline and through decoder, aggregator and snapshot raises the same first warning")
    func collector() throws {
        let path = DetectTests.cases.appending(path: "unit_translations.jsonl.gz").path
        var compared = 0
        for recording in try DetectTests.recordings(path) {
            let line = try #require(recording.line)
            let offline = DetectionRun(recording).warnings.first?.index
            #expect(try Self.firstWarning(throughAggregator: line) == offline, "\(recording.id)")
            compared += 1
        }
        #expect(compared > 40)
    }
}
