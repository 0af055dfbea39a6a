/// Loops of our own that no recorded set has: a probe of how far the detector generalises. Each family is one sentence.
enum StuckFamilies {
    typealias Family = (name: String, write: @Sendable (inout CaseWriter) -> Void)

    static let all: [Family] = Self.repeated + Self.failing + Self.busy + Self.acrossTurns

    /// Nothing new is learnt.
    static let repeated: [Family] = [
        (
            "status_and_waiting",
            { writer in
                // A status probe, then a sentence that it is still waiting, without end.
                for index in 0..<90 {
                    writer.call("Bash", "gh run view", result: 210, command: "gh", duration: 900)
                    writer.model(response: 40 + index % 7)
                }
            }
        ),
        (
            "two_greps",
            { writer in
                for index in 0..<140 { writer.call("Grep", "pattern\(index % 2)", result: 12 + index % 2 * 300) }
            }
        ),
        (
            "reread_after_todo",
            { writer in
                for index in 0..<60 {
                    writer.call("Read", "plan.md", result: 2_900, file: "plan")
                    writer.call("TodoWrite", "todo\(index)", input: 420, result: 160, duration: 5)
                }
            }
        ),
        (
            "git_wobble",
            { writer in
                // The same four commands in changing order, sizes off by a few bytes.
                for _ in 0..<110 {
                    let pick = writer.random.below(4)
                    let size = [180, 950, 64, 410][pick] + writer.random.below(9)
                    writer.call("Bash", "git command \(pick)", result: size, command: "git", duration: 150)
                }
            }
        ),
        (
            "empty_pages",
            { writer in
                for page in 0..<110 {
                    writer.call(
                        "mcp__tracker",
                        "list page \(page + 100)",
                        result: 2,
                        duration: 300 + writer.random.below(300)
                    )
                }
            }
        ),
        (
            "slow_same_question",
            { writer in
                for _ in 0..<60 {
                    writer.wait(90_000 + writer.random.below(120_000))
                    writer.call("mcp__mail", "unread", result: 35, duration: 400)
                }
            }
        ),
        (
            "monologue_any_length",
            { writer in
                for _ in 0..<80 { writer.model(response: 30 + writer.random.below(600)) }
            }
        ),
        (
            "invalid_calls",
            { writer in
                // Calls that the client refuses leave a model request and nothing else.
                for _ in 0..<90 { writer.model(output: 60 + writer.random.below(200)) }
            }
        ),
        (
            "hook_ping_pong",
            { writer in
                for _ in 0..<60 {
                    writer.model(response: 100 + writer.random.below(300))
                    writer.stopHook()
                }
            }
        ),
    ]

    /// Every attempt fails.
    static let failing: [Family] = [
        (
            "edit_reread_edit",
            { writer in
                // The text to replace is not found; the file is read again; the edit is tried again with other text.
                for index in 0..<50 {
                    writer.call(
                        "Edit",
                        "old text \(index % 9)",
                        input: 300 + writer.random.below(80),
                        result: 400,
                        error: "EditNotFound",
                        errorText: "not found \(index % 9)",
                        file: "main"
                    )
                    writer.call("Read", "main.swift", result: 5_200, file: "main")
                }
            }
        ),
        (
            "same_install",
            { writer in
                for _ in 0..<70 {
                    writer.call(
                        "Bash",
                        "npm install",
                        result: 900 + writer.random.below(30),
                        error: "ShellError",
                        errorText: "ERESOLVE",
                        command: "npm",
                        duration: 20_000 + writer.random.below(20_000)
                    )
                }
            }
        ),
        (
            "forbidden_urls",
            { writer in
                for index in 0..<70 {
                    writer.call(
                        "WebFetch",
                        "https://example.test/\(index)/\(writer.random.below(9_999))",
                        result: 90,
                        error: "ToolError",
                        errorText: "403",
                        duration: 700
                    )
                }
            }
        ),
        (
            "rotating_attempts",
            { writer in
                // Three ways to start the server, each fails in its own way, in turn.
                for index in 0..<90 {
                    writer.call(
                        "Bash",
                        "start \(index % 3)",
                        result: 200 + index % 3 * 100,
                        error: "ShellError",
                        errorText: "cause \(index % 3)",
                        command: ["make", "npm", "docker"][index % 3],
                        duration: 2_500
                    )
                }
            }
        ),
        (
            "rerun_failing_test",
            { writer in
                for index in 0..<60 {
                    writer.call(
                        "Bash",
                        "swift test",
                        result: 3_000 + writer.random.below(12),
                        error: "ShellError",
                        errorText: "one test",
                        command: "swift",
                        duration: 6_000
                    )
                    writer.call("Read", "file \(index % 5)", result: 900 + 300 * (index % 5), file: "f\(index % 5)")
                }
            }
        ),
        (
            "missing_files",
            { writer in
                for index in 0..<80 {
                    writer.call(
                        "Read",
                        "/srv/config.\(index).yaml",
                        result: 70,
                        error: "Error:ENOENT",
                        errorText: "no \(index)",
                        file: "c\(index)"
                    )
                }
            }
        ),
    ]

    /// Every call succeeds and work gets nowhere.
    static let busy: [Family] = [
        (
            "lint_ping_pong",
            { writer in
                // Fixing one rule breaks the other: new edits, the same two verdicts in turn.
                for index in 0..<90 {
                    writer.call(
                        "Edit",
                        "fix \(index) \(writer.random.below(9_999))",
                        input: 240 + index % 2 * 30,
                        result: 140,
                        file: "style"
                    )
                    writer.call(
                        "Bash",
                        "eslint src",
                        result: 610 + index % 2 * 85,
                        error: "ShellError",
                        errorText: "rule \(index % 2)",
                        command: "npx",
                        duration: 3_000
                    )
                }
            }
        ),
        (
            "same_verdict",
            { writer in
                for index in 0..<90 {
                    writer.call("Edit", "try \(index)", input: 200 + writer.random.below(600), file: "m\(index % 3)")
                    writer.call(
                        "Bash",
                        "cargo build",
                        result: 1_404,
                        error: "ShellError",
                        errorText: "E0382",
                        command: "cargo",
                        duration: 7_000
                    )
                }
            }
        ),
        (
            "write_and_delete",
            { writer in
                for index in 0..<80 {
                    writer.call("Write", "helper \(index)", input: 700 + writer.random.below(40), file: "helper")
                    writer.call("Bash", "rm helper.py", result: 0, command: "rm", duration: 40)
                }
            }
        ),
        (
            "edit_back_and_forth",
            { writer in
                for index in 0..<100 { writer.call("Edit", "variant \(index % 2)", result: 130, file: "toggle") }
            }
        ),
        (
            "over_research",
            { writer in
                for index in 0..<420 {
                    let tool = ["WebSearch", "WebFetch", "Grep", "Read"][writer.random.below(4)]
                    writer.call(tool, "topic \(index)", result: 300 + writer.random.below(6_000), duration: 900)
                }
            }
        ),
        (
            "plan_forever",
            { writer in
                for index in 0..<90 {
                    writer.call(
                        "TodoWrite",
                        "plan \(index)",
                        input: 500 + writer.random.below(200),
                        result: 163,
                        duration: 5
                    )
                }
            }
        ),
        (
            "thrashing_context",
            { writer in
                for index in 0..<30 {
                    for step in 0..<4 {
                        writer.call("Read", "big \(index) \(step)", result: 60_000 + writer.random.below(9_000))
                    }
                    writer.compact()
                }
            }
        ),
    ]

    /// Nothing shows within one turn.
    static let acrossTurns: [Family] = [
        (
            "dies_at_once",
            { writer in
                for _ in 0..<40 {
                    writer.newSession(promptLength: 800)
                    writer.call("Bash", "setup", result: 300, error: "ShellError", command: "make", duration: 900)
                    writer.wait(20_000)
                }
            }
        ),
        (
            "dies_in_mid_work",
            { writer in
                for _ in 0..<25 {
                    writer.newSession(promptLength: 1_200)
                    for step in 0..<(4 + writer.random.below(5)) {
                        writer.call("Read", "file \(step)", result: 1_000 + 77 * step, file: "r\(step)")
                    }
                    writer.wait(30_000)
                }
            }
        ),
        (
            "denied_schedule",
            { writer in
                for _ in 0..<25 {
                    writer.newSession(promptLength: 300)
                    writer.reject("Bash", "deploy")
                    writer.model(response: 200)
                    writer.wait(1_800_000)
                }
            }
        ),
        (
            "refused_again",
            { writer in
                for _ in 0..<30 {
                    writer.reject("Write", "/etc/hosts")
                    writer.reject("Bash", "sudo tee")
                }
            }
        ),
        (
            "overload_forever",
            { writer in
                for _ in 0..<25 {
                    writer.apiError(status: 529)
                    writer.wait(30_000)
                }
            }
        ),
    ]
}
