import Testing
import TokenscaleCore

@Suite("Silence in an open turn")
struct SilenceTests {
    /// What an agent does last before nothing is heard of it any more.
    enum Last: CaseIterable {
        case toolResult
        case toolDenied
        case oneOfTwoToolsBack
        case toolRunning
        case toolRefusedByPerson
        case prompt
        case answer
        case failedRequest
    }

    private func silent(after last: Last) -> TestAggregator {
        let test = TestAggregator()
        var body = BatchBuilder()
        body.event(.userPrompt, at: test.now, sequence: 1)
        if last != .prompt {
            body.event(.toolDecision, at: test.now, sequence: 2, request: "a") { $0.isAccepted = .yes }
            body.request(TokenCounts(input: 5, output: 50, cacheRead: 0, cacheCreation: 0), id: "a", at: test.now)
        }
        switch last {
        case .prompt, .toolRunning: break
        case .toolResult: body.event(.toolResult, at: test.now, sequence: 4)
        case .oneOfTwoToolsBack:
            body.event(.toolDecision, at: test.now, sequence: 4, request: "a") { $0.isAccepted = .yes }
            body.event(.toolResult, at: test.now, sequence: 5)
        case .toolDenied, .toolRefusedByPerson:
            body.event(.toolResult, at: test.now, sequence: 4)
            body.event(.toolDecision, at: test.now, sequence: 5, request: "b") {
                $0.isAccepted = .no
                $0.decisionSource = last == .toolDenied ? .config : .userReject
            }
        case .answer:
            body.event(.toolResult, at: test.now, sequence: 4)
            body.request(TokenCounts(input: 5, output: 50, cacheRead: 0, cacheCreation: 0), id: "b", at: test.now)
        case .failedRequest:
            body.event(.toolResult, at: test.now, sequence: 4)
            body.event(.apiError, at: test.now, sequence: 5)
        }
        test.record(body)
        return test
    }

    @Test(
        "after 15 minutes it is a finding when the model was asked",
        arguments: [
            (Last.toolResult, LoopSeverity.warning), (.toolDenied, .warning), (.prompt, .info),
        ]
    )
    func asked(_ last: Last, _ severity: LoopSeverity) throws {
        var test = self.silent(after: last)
        test.advance(899)
        #expect(test.pod()?.sessions.first?.finding == nil)
        test.advance(1)
        let finding = try #require(test.pod()?.sessions.first?.finding)
        #expect(finding.pattern == .silentTurn)
        #expect(finding.severity == severity)
        #expect(finding.isPossible)
        #expect(finding.onset == TestAggregator.start)
        #expect(test.pod()?.sessions.first?.isStuck == false)
        var more = BatchBuilder()
        more.event(.toolResult, at: test.now, sequence: 9)
        test.record(more)
        #expect(test.pod()?.sessions.first?.finding == nil)
    }

    @Test(
        "a tool that runs, a person who refuses and a turn that ended are no silence",
        arguments: [Last.toolRunning, .oneOfTwoToolsBack, .toolRefusedByPerson, .answer, .failedRequest]
    )
    func healthy(_ last: Last) {
        var test = self.silent(after: last)
        test.advance(890)
        #expect(test.pod()?.sessions.count == 1)
        #expect(test.pod()?.sessions.first?.finding == nil)
        test.advance(20)
        #expect(test.pod()?.sessions.first?.finding == nil)
    }

    @Test(
        "a restart of the collector keeps a silence, its own absence is none",
        arguments: [(5.0, true), (120, false)]
    )
    func restart(_ awaySeconds: Double, _ isKept: Bool) throws {
        var before = self.silent(after: .toolResult)
        before.advance(880)
        let bytes = before.aggregator.encodeState(now: before.now)
        let start = before.now.advanced(bySeconds: awaySeconds)
        var after = TestAggregator(startTime: start)
        after.now = start
        try after.aggregator.restore(bytes, now: after.now)
        after.advance(30)
        #expect((after.pod()?.sessions.first?.finding != nil) == isKept)
    }
}
