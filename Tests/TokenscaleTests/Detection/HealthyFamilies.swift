/// Healthy work of our own that resembles a loop: a probe of false alarms. Each family is one sentence.
enum HealthyFamilies {
    typealias Family = (name: String, write: @Sendable (inout CaseWriter) -> Void)

    static let all: [Family] = Self.repeating + Self.failing + Self.wide + Self.quiet

    /// The same command again, for a reason.
    static let repeating: [Family] = [
        (
            "bisect",
            { writer in
                // Check out, build, judge: results of two sizes, a dozen times.
                for step in 0..<12 {
                    let isBad = writer.random.below(2) == 0
                    writer.call(
                        "Bash",
                        isBad ? "git bisect bad" : "git bisect good",
                        result: 180 + writer.random.below(8),
                        command: "git"
                    )
                    writer.call(
                        "Bash",
                        "make test",
                        result: isBad ? 2_900 + 40 * step : 84,
                        error: isBad ? "ShellError" : nil,
                        errorText: "step \(step)",
                        command: "make",
                        duration: 8_000
                    )
                }
                writer.call("Edit", "the fix", file: "culprit")
            }
        ),
        (
            "quick_poll",
            { writer in
                // A person would press reload: a status, seven times half a minute apart, until it changes.
                for _ in 0..<5 {
                    writer.wait(15_000 + writer.random.below(30_000))
                    writer.call("Bash", "gh pr checks", result: 420, command: "gh", duration: 1_400)
                }
                writer.call("Bash", "gh pr checks", result: 610, command: "gh", duration: 1_400)
                writer.call("Bash", "gh pr merge", result: 60, command: "gh")
            }
        ),
        (
            "tail_log",
            { writer in
                for _ in 0..<14 {
                    writer.call(
                        "Bash",
                        "tail -n 50 server.log",
                        result: 3_000 + writer.random.below(1_500),
                        command: "tail",
                        duration: 60
                    )
                }
            }
        ),
        (
            "green_tests",
            { writer in
                for step in 0..<30 {
                    writer.call("Edit", "refactor \(step)", input: 200 + writer.random.below(900), file: "f\(step % 6)")
                    writer.call("Bash", "swift test", result: 84, command: "swift", duration: 6_000)
                }
            }
        ),
        (
            "status_between_edits",
            { writer in
                for step in 0..<40 {
                    writer.call("Edit", "change \(step)", input: 150 + writer.random.below(900), file: "f\(step % 11)")
                    if step % 2 == 0 { writer.call("Bash", "git status", result: 210 + step % 3, command: "git") }
                }
            }
        ),
        (
            "long_build",
            { writer in
                writer.call("Bash", "make all", result: 80, command: "make")
                for _ in 0..<25 {
                    writer.call("BashOutput", "job 1", result: 40, duration: 15_000)
                }
                writer.call("Bash", "ls out", result: 900, command: "ls")
            }
        ),
        (
            "reread_after_compaction",
            { writer in
                for round in 0..<3 {
                    for file in 0..<10 {
                        writer.call("Read", "file \(file)", result: 1_000 + 211 * file, file: "f\(file)")
                    }
                    for step in 0..<15 {
                        writer.call(
                            "Edit",
                            "part \(round) \(step)",
                            input: 200 + writer.random.below(900),
                            file: "f\(step % 10)"
                        )
                    }
                    writer.compact()
                }
            }
        ),
    ]

    /// Failures on the way to something.
    static let failing: [Family] = [
        (
            "stubborn_test",
            { writer in
                for attempt in 0..<7 {
                    writer.call("Read", "module \(attempt)", result: 2_000 + 97 * attempt, file: "m\(attempt)")
                    writer.call(
                        "Edit",
                        "attempt \(attempt)",
                        input: 300 + writer.random.below(500),
                        file: "m\(attempt % 2)"
                    )
                    writer.call(
                        "Bash",
                        "pytest -k one",
                        result: 1_903,
                        error: "ShellError",
                        errorText: "assert",
                        command: "pytest",
                        duration: 4_000
                    )
                }
                writer.call("Bash", "pytest -k one", result: 90, command: "pytest", duration: 4_000)
            }
        ),
        (
            "shrinking_lint",
            { writer in
                for attempt in 0..<16 {
                    writer.call("Edit", "rule \(attempt)", input: 120 + writer.random.below(300), file: "l\(attempt)")
                    writer.call(
                        "Bash",
                        "eslint src",
                        result: 9_000 - 520 * attempt,
                        error: "ShellError",
                        errorText: "left \(16 - attempt)",
                        command: "npx",
                        duration: 3_000
                    )
                }
            }
        ),
        (
            "hunt_for_a_name",
            { writer in
                for attempt in 0..<7 { writer.call("Grep", "guess \(attempt)", result: 15, duration: 90) }
                writer.call("Grep", "the name", result: 800)
                for attempt in 0..<4 {
                    writer.call(
                        "Read",
                        "maybe \(attempt)",
                        result: 60,
                        error: "Error:ENOENT",
                        errorText: "no \(attempt)"
                    )
                }
                writer.call("Glob", "**/*", result: 3_000)
            }
        ),
        (
            "environment_trouble",
            { writer in
                // Eight different commands fail until the tool chain works.
                for attempt in 0..<8 {
                    writer.call(
                        "Bash",
                        "attempt number \(attempt) \(writer.random.below(999))",
                        input: 40 + writer.random.below(300),
                        result: 100 + writer.random.below(900),
                        error: "ShellError",
                        errorText: "cause \(attempt)",
                        command: ["pip", "python", "uv", "apt-get"][attempt % 4],
                        duration: 1_500
                    )
                }
                writer.call("Bash", "python -V", result: 14, command: "python")
            }
        ),
        (
            "person_says_no",
            { writer in
                for attempt in 0..<5 {
                    writer.reject("Edit", "proposal \(attempt)", by: "user_reject")
                    writer.wait(60_000)
                    writer.prompt(length: 20 + writer.random.below(90))
                    writer.call("Read", "more \(attempt)", result: 900 + 131 * attempt)
                }
            }
        ),
        (
            "overload_passes",
            { writer in
                for attempt in 0..<4 {
                    writer.apiError(status: 529)
                    writer.wait(40_000)
                    writer.prompt(length: 8)
                    for step in 0..<6 {
                        writer.call("Read", "r \(attempt) \(step)", result: 700 + writer.random.below(4_000))
                    }
                }
            }
        ),
    ]

    /// Much work of one kind.
    static let wide: [Family] = [
        (
            "fuzz_seeds",
            { writer in
                for seed in 0..<55 {
                    writer.call(
                        "Bash",
                        "run --seed \(1_000 + seed * 7)",
                        result: 41,
                        command: "cargo",
                        duration: 1_200 + writer.random.below(7_000)
                    )
                }
            }
        ),
        (
            "rename_everywhere",
            { writer in
                for file in 100..<220 {
                    writer.call(
                        "Edit",
                        "rename in \(file)",
                        input: 260 + writer.random.below(2),
                        result: 131,
                        file: "f\(file)"
                    )
                }
            }
        ),
        (
            "insert_rows",
            { writer in
                for row in 0..<45 {
                    writer.call(
                        "Bash",
                        "psql -c 'insert \(row) \(writer.random.below(9_999))'",
                        input: 160 + writer.random.below(60),
                        result: 10,
                        command: "psql",
                        duration: 90 + writer.random.below(200)
                    )
                }
                writer.call("Bash", "psql -c 'select count(*)'", result: 38, command: "psql")
            }
        ),
        (
            "move_files",
            { writer in
                for file in 0..<30 {
                    writer.call(
                        "Bash",
                        "git mv old/\(file).swift new/\(writer.random.below(99_999)).swift",
                        result: 0,
                        command: "git",
                        duration: 30
                    )
                }
                writer.call("Bash", "git commit", result: 300, command: "git", isCommit: true)
            }
        ),
        (
            "create_issues",
            { writer in
                for item in 0..<25 {
                    writer.call(
                        "mcp__tracker",
                        "create \(item) \(writer.random.below(99_999))",
                        input: 300 + writer.random.below(500),
                        result: 60 + writer.random.below(12),
                        duration: 600
                    )
                }
            }
        ),
        (
            "parallel_readers",
            { writer in
                let lanes = (0..<6).map { "sub:lane\($0)" }
                for file in 0..<12 {
                    for lane in lanes {
                        writer.call("Read", "shared \(file)", result: 2_000 + 601 * file, file: "s\(file)", lane: lane)
                    }
                }
                for lane in lanes {
                    writer.call("Agent", "review \(lane)", input: 900 + writer.random.below(300), result: 1_400)
                }
            }
        ),
        (
            "delegating",
            { writer in
                for task in 0..<12 {
                    for step in 0..<5 {
                        writer.call(
                            "Read",
                            "t\(task) \(step)",
                            result: 900 + writer.random.below(5_000),
                            lane: "sub:t\(task)"
                        )
                    }
                    if task % 3 == 0 {
                        writer.call("Grep", "g\(task)", result: 40, error: "ToolError", lane: "sub:t\(task)")
                    }
                    writer.call("Agent", "task \(task)", input: 800 + writer.random.below(400), result: 900 + 37 * task)
                }
            }
        ),
        (
            "long_reading",
            { writer in
                for source in 0..<130 {
                    let tool = ["WebFetch", "Read", "Grep"][writer.random.below(3)]
                    writer.call(tool, "source \(source)", result: 400 + writer.random.below(9_000), duration: 800)
                }
                writer.call("Write", "the report", input: 9_000, file: "report")
            }
        ),
        (
            "big_plan",
            { writer in
                for item in 0..<14 {
                    writer.call(
                        "TaskCreate",
                        "item \(item)",
                        input: 140 + writer.random.below(60),
                        result: 64,
                        duration: 3
                    )
                }
                for item in 0..<14 {
                    writer.call("TaskUpdate", "start \(item)", input: 40, result: 22, duration: 3)
                    writer.call("Edit", "work \(item)", input: 300 + writer.random.below(900), file: "p\(item)")
                }
            }
        ),
    ]
}
