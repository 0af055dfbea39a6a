import Foundation
import Testing
import TokenscaleCore

@testable import tokenscale

/// Where the runner of the real CLI is, and whether it is asked for.
enum RealCLI {
    static let runner: URL = {
        let path = ProcessInfo.processInfo.environment["TOKENSCALE_CLAUDE_RUNNER"] ?? "../shared/tools/claude-runner"
        return URL(filePath: path, relativeTo: Program.root).standardizedFileURL
    }()

    static let isWanted =
        ProcessInfo.processInfo.environment["TOKENSCALE_REAL_CLI"] == "1"
        && FileManager.default.isExecutableFile(atPath: runner.appending(path: "run.sh").path)

    static let whySkipped: Comment = """
        Skipped: needs TOKENSCALE_REAL_CLI=1, the runner at TOKENSCALE_CLAUDE_RUNNER (default \
        ../shared/tools/claude-runner) and PYTHON, an interpreter with the runner's requirements.txt.
        """
}

/// The real Claude Code CLI against a scripted model API, its telemetry to our program. The CLI is proprietary and
/// large, so this runs only where its runner is present and it is asked for.
@Suite("The real Claude Code CLI", .enabled(if: RealCLI.isWanted, RealCLI.whySkipped))
struct RealCLITests {
    @Test("the totals are what the model API billed", arguments: ["http/protobuf", "http/json", "grpc"])
    func totals(exporter: String) async throws {
        let collector = try await CollectorProcess()
        let listener = try #require(collector.addresses[exporter == "grpc" ? "otlp_grpc" : "otlp_http"])
        let output = collector.directory.appending(path: "cli")
        let run = try await Program.run(
            RealCLI.runner.appending(path: "run.sh"),
            [
                "--scenario", "healthy", "--protocol", exporter, "--endpoint", "http://\(listener)", "--pod",
                "worker-1",
                "--namespace", "agents", "--out", output.path,
            ],
            seconds: 180
        )
        #expect(run.code == 0, "\(run.error)")
        let data = try Data(contentsOf: output.appending(path: "truth.json"))
        let truth = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        let expected = Self.totals(truth)
        #expect(!expected.isEmpty)
        #expect(try await ReplayTests.settled(collector, expected) == expected)
        #expect(try await collector.stop().code == 0)
    }

    /// `tokens` of the truth, over models and lanes, by our names of the types.
    private static func totals(_ truth: [String: Any]) -> [String: Int64] {
        let names = [
            "input_tokens": "input", "output_tokens": "output", "cache_read_input_tokens": "cacheRead",
            "cache_creation_input_tokens": "cacheCreation",
        ]
        var totals: [String: Int64] = [:]
        for case let lanes as [String: [String: NSNumber]] in (truth["tokens"] as? [String: Any] ?? [:]).values {
            for lane in lanes.values {
                for (name, count) in lane { totals[names[name] ?? name, default: 0] += count.int64Value }
            }
        }
        return totals.filter { $0.value > 0 }
    }
}
