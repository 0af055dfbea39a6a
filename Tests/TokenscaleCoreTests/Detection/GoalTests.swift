import Testing

@testable import TokenscaleCore

/// Loops that do something new every round and get no nearer to what they are after; and work that looks like them.
@Suite("The same goal, missed again and again")
struct GoalTests {
    @Test("a check that fails exactly alike in spite of new edits")
    func sameFailure() {
        var script = SessionScript()
        script.prompt()
        for attempt in 0..<14 {
            script.call(.edit, "attempt \(attempt)", file: "f\(attempt % 3)")
            script.call(.bash, "make test", error: "ShellError")
        }
        let finding = script.finding
        #expect(finding?.pattern == .verificationFailure)
    }

    @Test("a check whose failures become fewer is worked off")
    func shrinkingFailure() {
        var script = SessionScript()
        script.prompt()
        for attempt in 0..<60 {
            script.call(.edit, "attempt \(attempt)", file: "f\(attempt)")
            // The first outputs are cut off at the limit.
            let size = min(30_000, Int64(60 - attempt) * 900)
            script.call(.bash, "cargo check", result: size, error: "ShellError")
        }
        let finding = script.finding
        #expect(finding == nil)
    }

    @Test("one program fails with ever other arguments, and the waits are long")
    func sameProgram() {
        var script = SessionScript()
        script.prompt()
        for attempt in 0..<18 {
            script.call(.read, "notes \(attempt)", result: Int64(700 + 40 * attempt))
            script.call(.bash, "pip install --try \(attempt)", error: "ShellError", duration: 120_000)
        }
        let finding = script.finding
        #expect(finding?.pattern == .failingAction)
    }

    @Test("a retry that helps forgives the failures of its program")
    func retry() {
        var script = SessionScript()
        script.prompt()
        for download in 0..<6 {
            for attempt in 0..<5 {
                let call = "curl file-\(download) --attempt \(attempt)"
                script.call(.bash, call, error: "ShellError", duration: 20_000)
            }
            script.call(.bash, "curl file-\(download)", result: Int64(3_000 + 100 * download), duration: 20_000)
            script.call(.edit, "note \(download)", file: "f\(download)")
        }
        let finding = script.finding
        #expect(finding == nil)
    }

    @Test("what the rules deny is denied again, however the plan is rewritten")
    func denied() {
        var script = SessionScript()
        script.prompt()
        for attempt in 0..<14 {
            script.call(.write, "plan \(attempt)", file: "plan")
            script.reject(.other, by: .config)
        }
        let finding = script.finding
        #expect(finding?.pattern == .permissionDenied)
    }

    @Test("two linters that want opposite things")
    func linters() {
        var script = SessionScript()
        script.prompt()
        for lap in 0..<8 {
            let isTabs = lap.isMultiple(of: 2)
            script.call(.edit, isTabs ? "tabs" : "spaces", file: "f")
            script.call(.bash, "lint-a", error: isTabs ? nil : "ShellError")
            script.call(.bash, "lint-b", error: isTabs ? "ShellError" : nil)
        }
        let finding = script.finding
        #expect(finding?.pattern == .editFlipFlop)
    }

    @Test("forms are filled in with the same clicks and other texts")
    func forms() {
        var script = SessionScript()
        script.prompt()
        for record in 0..<40 {
            script.call(.mcp, "navigate", result: 40)
            for field in 0..<4 { script.call(.mcp, "type \(field) of \(record)", result: 30) }
            script.call(.mcp, "click submit", result: 35)
            script.call(.mcp, "screenshot", result: Int64(5_000 + 7 * (record % 5)))
        }
        let finding = script.finding
        #expect(finding == nil)
    }

    @Test("notes grow in one file while something is learnt for each")
    func notes() {
        var script = SessionScript()
        script.prompt()
        for page in 0..<80 {
            script.call(.webFetch, "page \(page)", result: Int64(2_000 + 130 * page))
            script.call(.edit, "paragraph \(page)", file: "notes")
        }
        let finding = script.finding
        #expect(finding == nil)
    }

    @Test("a subagent whose requests fail is not saved by the main agent's")
    func subagentErrors() {
        var script = SessionScript()
        script.prompt()
        for attempt in 0..<8 {
            script.call(.read, "report \(attempt)", result: Int64(900 + 60 * attempt))
            script.send(.apiError) {
                $0.statusCode = 529
                $0.querySource = .subagent
            }
        }
        let finding = script.finding
        #expect(finding?.pattern == .apiError)
    }

    @Test("a scheduled prompt whose turn fails alike every time is a finding of the workload")
    func scheduledFailure() {
        var script = SessionScript()
        for _ in 0..<8 {
            script.prompt(length: 76)
            script.call(.bash, "git push", error: "ShellError")
            script.call(.other, "wake me up")
            script.request(response: 120)
            script.time += 300_000
        }
        let finding = script.workloadFinding
        #expect(finding?.pattern == .failingAction)
    }

    @Test("a scheduled prompt whose turns succeed is none")
    func scheduledCheck() {
        var script = SessionScript()
        for _ in 0..<30 {
            script.prompt(length: 76)
            script.call(.bash, "check all")
            script.request(response: 120)
            script.time += 300_000
        }
        let finding = script.workloadFinding
        #expect(finding == nil)
    }

    @Test("answers that run into the token limit, to the same prompt")
    func cutOffAnswers() {
        var script = SessionScript()
        for round in 0..<8 {
            script.prompt(length: 8)
            script.request(after: 300, response: Int64(90_000 + 6_000 * (round % 4)), output: 32_000)
        }
        let finding = script.finding
        #expect(finding?.pattern == .textOnly)
    }

    @Test("a wait that finds nothing changed is seen through the searches in between", arguments: [true, false])
    func waitWithSideWork(isChanging: Bool) {
        var script = SessionScript()
        script.prompt()
        for look in 0..<80 {
            let size: Int64 = isChanging && look % 20 == 19 ? Int64(900 + 50 * look) : 300
            script.call(.bash, "kubectl rollout status", result: size, duration: 40_000)
            if look % 5 == 4 { script.call(.grep, "reason \(look)", result: Int64(700 + 40 * look)) }
        }
        let finding = script.finding
        #expect(finding?.pattern == (isChanging ? nil : .pollForever))
    }

    @Test("questions that nobody answers")
    func questions() {
        var script = SessionScript()
        script.prompt()
        for attempt in 0..<20 { script.call(.question, "Which of these \(attempt)?", result: 40) }
        let finding = script.finding
        #expect(finding?.pattern == .parameterDrift)
    }

    @Test("an alert tells of the commits since its onset")
    func commits() {
        var script = SessionScript()
        script.prompt()
        for _ in 0..<12 { script.call(.read, "the same") }
        script.call(.bash, "git commit", isCommit: true)
        let finding = script.finding
        #expect(finding?.commitCount == 1)
    }

    @Test("subagents that run in the background at the same time may each read the same", arguments: [false, true])
    func backgroundSubagents(areCompleted: Bool) {
        var script = SessionScript()
        script.prompt()
        for child in 1...4 {
            script.request()
            script.send(.toolDecision, after: 0.1) {
                $0.tool = .agent
                $0.isAccepted = .yes
            }
            script.call(.agent, "do \(child)", duration: 18, asks: false)
        }
        for _ in 1...4 where areCompleted { script.send(.subagentCompleted) }
        for file in 0..<12 {
            for _ in 1...4 { script.call(.read, "file \(file)", result: Int64(700 + 40 * file)) }
        }
        let finding = script.finding
        #expect((finding == nil) == !areCompleted)
    }
}
