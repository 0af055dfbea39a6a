import Testing

@testable import TokenscaleCore

/// The detector's table: an observation, and the kind of evidence it is taken for.
@Suite("Evidence table")
struct EvidenceTableTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var name: String
        var last: EvidenceKind
        var hasDetails = true
        var play: @Sendable (inout SessionScript) -> Void

        var testDescription: String { self.name }
    }

    static let rows: [Row] = Self.repeats + Self.failures + Self.progress + Self.rest

    static let repeats: [Row] = [
        Row(name: "the same call with the same result", last: .sameOutcome) {
            $0.call(.read, "a")
            $0.call(.read, "a")
        },
        Row(name: "the same call with a result some bytes longer", last: .nearOutcome) {
            $0.call(.read, "a", result: 900)
            $0.call(.read, "a", result: 909)
        },
        Row(name: "the same call with another result", last: .changedOutcome) {
            $0.call(.read, "a", result: 900)
            $0.call(.read, "a", result: 4_000)
        },
        Row(name: "the same call with an empty result now", last: .changedOutcome) {
            $0.call(.read, "a", result: 900)
            $0.call(.read, "a", result: 0)
        },
        Row(name: "subagents that failed side by side work no more", last: .sameOutcome) { script in
            for _ in 0..<2 {
                script.send(.toolDecision) {
                    $0.tool = .agent
                    $0.isAccepted = .yes
                }
            }
            for task in 0..<2 { script.call(.agent, "do \(task)", error: "NoSuchAgent", asks: task == 0) }
            script.call(.read, "a")
            script.call(.read, "a")
        },
        Row(name: "a long result that is a page longer is no near one", last: .changedOutcome) {
            $0.call(.read, "a", result: 20_000)
            $0.call(.read, "a", result: 20_300)
        },
        Row(name: "the same result after an edit", last: .sameOutcomeAfterEdit) {
            $0.call(.bash, "test")
            $0.call(.edit, "x", file: "f")
            $0.call(.bash, "test")
        },
        Row(name: "another call with the same tiny result", last: .sameTinyResult) {
            $0.call(.grep, "a", result: 12)
            $0.call(.grep, "b", result: 12)
        },
        Row(name: "another command with the same tiny output", last: .sameTinyOutput) {
            $0.call(.bash, "do a", result: 12)
            $0.call(.bash, "do b", result: 12)
        },
        Row(name: "a wait that finds nothing changed", last: .waitSameOutcome) {
            $0.call(.bash, "check", duration: 30_000)
            $0.call(.bash, "check", duration: 30_000)
        },
        Row(name: "a wait that finds nothing any more", last: .waitChangedOutcome) {
            $0.call(.bash, "check", duration: 30_000)
            $0.call(.bash, "check", result: 0, duration: 30_000)
        },
        Row(name: "a wait that finds something changed", last: .waitChangedOutcome) {
            $0.call(.bash, "check", duration: 30_000)
            $0.call(.bash, "check", result: 800, duration: 30_000)
        },
        Row(name: "an edit made before", last: .repeatedEdit) {
            $0.call(.edit, "x", file: "f")
            $0.call(.edit, "y", file: "f")
            $0.call(.edit, "x", file: "f")
        },
        Row(name: "a page that takes long is no wait", last: .sameOutcome) {
            $0.call(.webFetch, "page", duration: 30_000)
            $0.call(.webFetch, "page", duration: 30_000)
        },
        Row(name: "another command whose output was cut off at the same length", last: .neutral) {
            $0.call(.bash, "dump a", result: 30_000)
            $0.call(.bash, "dump b", result: 30_000)
        },
        Row(name: "a verdict that changes with edits made before is no news", last: .neutral) {
            $0.call(.edit, "x", file: "f")
            $0.call(.edit, "y", file: "f")
            $0.call(.bash, "lint")
            $0.call(.edit, "x", file: "f")
            $0.call(.bash, "lint", error: "ShellError")
        },
        Row(name: "without details the same sizes count as the same call", last: .sameOutcome, hasDetails: false) {
            $0.call(.read, "a")
            $0.call(.read, "b")
        },
    ]

    static let failures: [Row] = [
        Row(name: "the first failure", last: .newFailure) { $0.call(.bash, "a", error: "ShellError") },
        Row(name: "the same call fails again", last: .sameFailure) {
            $0.call(.bash, "a", error: "ShellError")
            $0.call(.bash, "a", error: "ShellError")
        },
        Row(name: "another edit of the same file fails alike", last: .sameFailure) {
            $0.call(.edit, "a", error: "NotFound", file: "f")
            $0.call(.edit, "b", error: "NotFound", file: "f")
        },
        Row(name: "the same command with other arguments fails alike", last: .similarFailure) {
            $0.call(.bash, "run a", error: "ShellError")
            $0.call(.bash, "run b", error: "ShellError")
        },
        Row(name: "another command fails", last: .otherFailure) {
            $0.call(.bash, "run a", error: "ShellError")
            $0.call(.bash, "try b", error: "ShellError")
        },
        Row(name: "a subagent that cannot be started is a call that fails", last: .similarFailure) {
            $0.call(.agent, "do a", error: "InputValidationError")
            $0.call(.read, "a")
            $0.call(.agent, "do b", error: "InputValidationError")
        },
        Row(name: "a command that failed succeeds", last: .changedVerdict) {
            $0.call(.bash, "test", error: "ShellError")
            $0.call(.bash, "test")
        },
        Row(name: "a command with changing verdicts runs again", last: .experiment) {
            $0.call(.bash, "test", error: "ShellError")
            $0.call(.bash, "test")
            $0.call(.bash, "test")
        },
        Row(name: "the rules reject the same call again", last: .deniedAgain) {
            $0.reject(.write, by: .config)
            $0.reject(.write, by: .config)
        },
    ]

    static let progress: [Row] = [
        Row(name: "a new call succeeds", last: .newAction) { $0.call(.read, "a") },
        Row(name: "a new edit", last: .newEdit) { $0.call(.edit, "a", file: "f") },
        Row(name: "a commit", last: .commit) { $0.call(.bash, "git commit", isCommit: true) },
        Row(name: "a person rejects", last: .person) { $0.reject(.edit, by: .userReject) },
        Row(name: "a new wait", last: .newWait) { $0.call(.bash, "sleep", sleep: 30) },
    ]

    static let rest: [Row] = [
        Row(name: "an answer without a tool, then another request", last: .noTool) { $0.request(response: 400) },
        Row(name: "answers of the same length without a tool", last: .noToolSameLength) {
            $0.request(response: 400)
            $0.request(response: 402)
        },
        Row(name: "a Stop hook blocks", last: .blockedByHook) { script in
            script.send(.hookExecution) {
                $0.isStopHook = true
                $0.blockingHookCount = 1
            }
        },
        Row(name: "the model refuses", last: .refusal) { $0.send(.apiRefusal) },
        Row(name: "a request fails for good", last: .apiErrorFirst) { script in
            script.send(.apiError) { $0.statusCode = 529 }
        },
        Row(name: "requests keep failing with the same status", last: .apiErrorAgain) { script in
            script.send(.apiError) { $0.statusCode = 529 }
            script.send(.apiError) { $0.statusCode = 529 }
        },
        Row(name: "compaction fails", last: .compactionFailed) { script in
            script.send(.compaction) { $0.success = .no }
        },
        Row(name: "compaction comes again soon", last: .compactionSoon) { script in
            script.send(.compaction) { $0.success = .yes }
            script.call(.read, "a")
            script.send(.compaction) { $0.success = .yes }
        },
        Row(name: "only the plan is rewritten", last: .planning) { script in
            for step in 0..<5 { script.call(.todo, "plan \(step)") }
        },
        Row(name: "only the plan is looked at between messages to another agent", last: .planning) { script in
            for step in 0..<5 {
                script.call(.message, "please \(step)")
                script.call(.todo, "get")
            }
        },
        Row(name: "a message is sent again", last: .neutral) { script in
            script.call(.message, "please")
            script.call(.message, "please")
        },
        Row(name: "another look-up finds nothing", last: .sameTinyResult) { script in
            script.call(.lookUp, "jira", result: 61)
            script.call(.lookUp, "issue tracker", result: 61)
        },
    ]

    @Test("each observation is taken for its kind of evidence", arguments: rows)
    func kind(row: Row) {
        var script = SessionScript(hasDetails: row.hasDetails)
        script.prompt()
        row.play(&script)
        #expect(script.kinds().last == row.last)
    }

    @Test("every kind has a reason and a weight of the right sign", arguments: EvidenceKind.allCases)
    func weights(kind: EvidenceKind) {
        let weight = DetectionConfiguration()[kind]
        #expect(!kind.reason.isEmpty)
        #expect(weight.detailed.sign == weight.sizesOnly.sign || weight.detailed == 0 || weight.sizesOnly == 0)
        #expect((kind.learning > 0.5) == (weight.detailed < -0.2) || kind.learning == 0.5 || kind == .sameTinyOutput)
    }
}
