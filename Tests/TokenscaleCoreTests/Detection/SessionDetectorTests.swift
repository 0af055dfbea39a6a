import Testing

@testable import TokenscaleCore

@Suite("Session detector")
struct SessionDetectorTests {
    @Test("the same call again and again becomes a warning, then critical, and resolves by work")
    func lifeOfAFinding() throws {
        var script = SessionScript()
        script.prompt()
        script.call(.bash, "ls")
        #expect(script.finding == nil)
        for _ in 0..<4 { script.call(.bash, "ls") }
        let warning = try #require(script.finding)
        #expect(warning.severity == .warning)
        #expect(warning.pattern == .identicalAction)
        #expect(!warning.isPossible)
        for _ in 0..<3 { script.call(.bash, "ls") }
        #expect(script.finding?.severity == .critical)
        for step in 0..<4 { script.call(.edit, "work \(step)", file: "f\(step)") }
        script.request()
        #expect(script.finding == nil)
    }

    @Test("what is only possible wakes nobody: a session that tells of requests alone", arguments: [false, true])
    func onlyRequests(tellsPrompts: Bool) throws {
        var script = SessionScript()
        if tellsPrompts { script.prompt() }
        for _ in 0..<30 { script.send(.apiError, after: 20) { $0.statusCode = 500 } }
        let finding = try #require(script.finding)
        #expect(finding.isPossible == !tellsPrompts)
        #expect(finding.severity == (tellsPrompts ? .critical : .warning))
        #expect(finding.threshold == (tellsPrompts ? 12 : 8))
    }

    @Test(
        "denials with work in between are a loop when they are known to be of the same call",
        arguments: [
            (ToolKind.bash, true, 1, true), (.bash, true, 20, false), (.bash, false, 1, false), (.mcp, false, 1, false),
            (.other, false, 1, true),
        ]
    )
    func denials(tool: ToolKind, hasDetails: Bool, callCount: Int, isStuck: Bool) {
        var script = SessionScript(hasDetails: hasDetails)
        script.prompt()
        for step in 0..<14 {
            script.reject(tool, "call \(step % callCount)", by: .config)
            script.call(.edit, "step \(step)", input: Int64(90 + step * 7), file: "f\(step)")
            script.call(.edit, "more \(step)", input: Int64(310 + step * 9), file: "g\(step)")
        }
        #expect((script.finding?.pattern == .permissionDenied) == isStuck)
    }

    @Test("a commit ends the finding of a check whose failures tell no size", arguments: [(500, true), (-1, false)])
    func commitsOfUnknownFailures(size: Int64, isHeld: Bool) {
        var script = SessionScript()
        script.prompt()
        for attempt in 0..<40 {
            script.call(.edit, "attempt \(attempt)", file: "f\(attempt % 3)")
            script.call(.bash, "make test", result: size, error: "ShellError")
        }
        #expect(script.finding?.pattern == .verificationFailure)
        script.call(.bash, "git commit -m work", isCommit: true)
        script.request()
        #expect((script.finding != nil) == isHeld)
        script.call(.bash, "make test FILTER=some", result: 900)
        script.request()
        #expect(script.finding == nil)
    }

    @Test("calls that take turns are a cycle, whatever their number", arguments: 2...5)
    func cycle(_ length: Int) throws {
        var script = SessionScript()
        script.prompt()
        for lap in 0..<20 { script.call(.read, "file \(lap % length)", result: 900 + Int64(lap % length)) }
        let finding = try #require(script.finding)
        #expect(finding.pattern == .cycle)
        #expect(finding.fingerprint != 0)
    }

    @Test("arguments are called the same only where they are known to be")
    func knownArguments() throws {
        var known = SessionScript()
        known.prompt()
        for _ in 0..<8 { known.call(.bash, "make", error: "ShellError") }
        #expect(try #require(known.finding).fingerprint != 0)
        var varied = SessionScript()
        varied.prompt()
        for attempt in 0..<20 { varied.call(.bash, "make -j\(attempt)", error: "ShellError") }
        #expect(try #require(varied.finding).pattern == .failingAction)
        #expect(varied.finding?.fingerprint == 0)
        var unknown = SessionScript(hasDetails: false)
        unknown.prompt()
        for _ in 0..<20 { unknown.call(.bash, "make", error: "ShellError") }
        #expect(try #require(unknown.finding).fingerprint == 0)
    }

    @Test("a warning holds while the evidence wavers between the thresholds")
    func hysteresis() {
        var script = SessionScript()
        script.prompt()
        for _ in 0..<6 { script.call(.read, "a") }
        script.call(.read, "new one", result: 3_000)
        script.call(.read, "new two", result: 5_000)
        script.request()
        #expect(script.finding?.severity == .warning)
    }

    @Test("a finding counts what happened since its onset")
    func evidence() throws {
        var script = SessionScript()
        script.prompt()
        script.call(.edit, "before", file: "f")
        for _ in 0..<8 { script.call(.bash, "make", error: "ShellError") }
        let finding = try #require(script.finding)
        #expect(finding.pattern == .failingAction)
        #expect(finding.tool == .bash)
        #expect(finding.failureCount >= 6)
        #expect(finding.editCount == 0)
        #expect(finding.tokens.total > 0)
        #expect(finding.lastProgress.map { $0 < finding.onset } == true)
        #expect(finding.score >= finding.threshold)
    }

    @Test("rounds without progress are counted from the prompt on, edits or none before")
    func stagnation() throws {
        var script = SessionScript()
        script.prompt()
        let start = Timestamp(milliseconds: script.time)
        for page in 0..<301 { script.call(.read, "page \(page)", result: Int64(600 + 70 * page)) }
        let finding = try #require(script.finding)
        #expect(finding.pattern == .noProgress)
        #expect(finding.lastProgress == nil)
        #expect((0...10).contains(finding.onset.seconds(since: start)))
        #expect(finding.roundCount == 300)
        #expect((14...16).contains(finding.requestsPerMinute))
    }

    @Test("a check that keeps failing is told since its second failure, whatever is edited in between")
    func verificationSince() throws {
        var script = SessionScript()
        script.prompt()
        for attempt in 0..<14 {
            script.call(.edit, "attempt \(attempt)", file: "f\(attempt % 3)")
            script.call(.bash, "make test", error: "ShellError")
        }
        let finding = try #require(script.finding)
        #expect(finding.pattern == .verificationFailure)
        #expect(finding.failureCount == 13)
        #expect(finding.tool == .bash)
        // Eight seconds an attempt.
        #expect((90...110).contains(finding.lastEvidence.seconds(since: finding.onset)))
        // Twelve more attempts of two requests each. The edits have ended the episode each time: the check counts.
        #expect(finding.roundCount == 24)
        #expect(finding.editCount == 12)
        #expect(finding.tokens == TokenCounts(input: 96, output: 2_400, cacheRead: 960_000, cacheCreation: 12_000))
        #expect(finding.costMicroUSD == 480_000)
        #expect((13...15).contains(finding.requestsPerMinute))
    }

    @Test("a check that fails just as before after every commit is one finding, which tells of the commits")
    func verificationOfCommits() throws {
        var script = SessionScript()
        script.prompt()
        var findings: [LoopFinding?] = []
        for attempt in 0..<16 {
            script.call(.edit, "attempt \(attempt)", file: "f\(attempt % 3)")
            script.call(.bash, "git commit -m \(attempt)", isCommit: true)
            findings.append(script.finding)
            script.call(.bash, "make test", error: "ShellError")
            findings.append(script.finding)
        }
        let finding = try #require(script.finding)
        #expect(finding.pattern == .verificationFailure)
        #expect(finding.commitCount == 14)
        #expect(finding.editCount == 14)
        // Found once, and held over the commits.
        let first = try #require(findings.firstIndex { $0 != nil })
        #expect(findings[first...].allSatisfy { $0 != nil })
    }

    @Test("a finding names the threshold that its severity has reached")
    func thresholds() throws {
        let configuration = DetectionConfiguration()
        var script = SessionScript()
        script.prompt()
        for _ in 0..<4 { script.call(.read, "a") }
        script.request()
        #expect(script.finding?.severity == .info)
        #expect(script.finding?.threshold == Double(configuration.infoScore))
        script.call(.read, "a")
        #expect(script.finding?.severity == .warning)
        #expect(script.finding?.threshold == Double(configuration.warningScore))
        for _ in 0..<4 { script.call(.read, "a") }
        #expect(script.finding?.severity == .critical)
        #expect(script.finding?.threshold == Double(configuration.criticalScore))
        var compactions = SessionScript()
        compactions.prompt()
        for _ in 0..<7 { compactions.send(.compaction) { $0.success = .yes } }
        #expect(compactions.finding?.severity == .critical)
        #expect(compactions.finding?.threshold == Double(configuration.criticalScore))
    }

    @Test("a look that arrives late is no look after a pause", arguments: [(-60, 2.1), (1, 2.1), (60, 1.26)])
    func lateLook(seconds: Int64, evidence: Float) {
        var script = SessionScript()
        script.prompt()
        script.call(.read, "a")
        script.time += seconds * 1_000
        script.call(.read, "a")
        script.request()
        let entry = script.detector.takeTrail(session: script.session).last
        #expect(entry?.kind == .sameOutcome)
        #expect(entry.map { abs($0.evidence - evidence) < 0.01 } == true)
    }

    @Test("a prompt of another length forgives a session that had completed its turn")
    func promptForgives() {
        var script = SessionScript()
        script.prompt()
        for _ in 0..<5 { script.call(.read, "a") }
        script.request(response: 300)
        script.prompt(length: 99)
        #expect(script.finding == nil)
    }

    @Test("API errors are a session's own unless the provider fails for everybody")
    func incident() {
        var script = SessionScript()
        for workload in 1...4 {
            script.session = UInt64(workload)
            script.workload = UInt64(workload)
            script.prompt()
            for _ in 0..<9 { script.send(.apiError, after: 20) { $0.statusCode = 529 } }
        }
        #expect(script.detector.isIncident(at: Timestamp(milliseconds: script.time)))
        #expect(script.finding == nil)
        var alone = SessionScript()
        alone.prompt()
        for _ in 0..<9 { alone.send(.apiError, after: 20) { $0.statusCode = 529 } }
        #expect(alone.finding?.pattern == .apiError)
    }

    @Test(
        "other parts of one file for ever are a loop, unless files change in between",
        arguments: [(0, true), (12, false)]
    )
    func rereads(roundsPerEdit: Int, isStuck: Bool) {
        var script = SessionScript()
        script.prompt()
        for round in 1...60 {
            script.call(.read, "offset \(round)", result: 1_000 + Int64(round * 37 % 60) * 50, file: "parser.swift")
            if roundsPerEdit > 0, round % roundsPerEdit == 0 { script.call(.edit, "edit \(round)", file: "notes.md") }
        }
        #expect(script.finding?.pattern == (isStuck ? .parameterDrift : nil))
        #expect(script.finding?.severity == (isStuck ? .warning : nil))
        #expect(script.kinds().contains(.reread))
    }

    @Test("restarts with the same prompt that get nowhere are a finding of the workload")
    func restarts() throws {
        var script = SessionScript()
        for attempt in 1...6 {
            script.restart(attempt)
            script.call(.read, "plan")
            script.call(.bash, "make", error: "ShellError")
        }
        let finding = try #require(script.workloadFinding)
        #expect(finding.severity >= .warning)
        #expect(finding.pattern == .restart)
    }

    @Test(
        "a batch that is stopped and begun anew commits each time: that is no restart loop",
        arguments: [true, false]
    )
    func committingRestarts(commits: Bool) {
        var script = SessionScript()
        for attempt in 1...6 {
            script.restart(attempt)
            script.call(.read, "queue")
            script.call(.bash, "git status")
            script.call(.bash, "git commit -m \(attempt)", isCommit: commits)
        }
        #expect((script.workloadFinding == nil) == commits)
    }

    @Test("a schedule that completes each time is quiet")
    func schedule() {
        var script = SessionScript()
        for attempt in 1...20 {
            script.restart(attempt)
            script.call(.bash, "kubectl get pods")
            script.request(response: 220)
            script.time += 600_000
        }
        #expect(script.workloadFinding == nil)
        #expect(script.finding == nil)
    }
}
