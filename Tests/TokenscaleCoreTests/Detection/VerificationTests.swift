import Testing

@testable import TokenscaleCore

@Suite("Verification streak")
struct VerificationTests {
    private let configuration = DetectionConfiguration()

    /// The same check fails again and again; sizes are -1 where the sender tells none.
    private func streak(_ sizes: [Int64], commitEvery interval: Int = .max) -> VerificationStreak {
        var streak = VerificationStreak()
        var record = ActionRecord(action: 0)
        for (index, size) in sizes.enumerated() {
            if index > 0, index % interval == 0 { streak.commit() }
            let call = Observation.call(.bash, "make test", at: Int64(index), result: size, error: "E")
            streak.take(call, record, LastFour(repeating: FailureMark()), self.configuration)
            record.add(call.outcome)
            record.failureCount += 1
        }
        return streak
    }

    @Test(
        "equal failures of a check add up from the second on, those that look alike slower, those worked off not",
        arguments: [
            (Array(repeating: 500, count: 11), 7.5), (Array(repeating: 500, count: 12), 8.25),
            (Array(repeating: -1, count: 32), 7.75), (Array(repeating: -1, count: 33), 8),
            ([900, 800, 700, 600, 500], 0), (Array(repeating: 16_384, count: 5), 1),
        ] as [([Int64], Float)]
    )
    func verification(sizes: [Int64], score: Float) {
        let streak = self.streak(sizes)
        #expect(streak.score == score)
        #expect(streak.pattern == .verificationFailure)
        #expect(Int(streak.tally.count) == (score == 0 ? 0 : sizes.count - 1))
        if score > 0 { #expect(streak.tally.onset == Observation.call(.bash, "", at: 1).time) }
    }

    @Test("the check's own success ends its streak; another's does not")
    func verificationSucceeds() {
        var streak = self.streak(Array(repeating: 500, count: 12))
        let record = ActionRecord(action: 0)
        let none = LastFour(repeating: FailureMark())
        streak.take(.call(.bash, "lint"), record, none, self.configuration)
        #expect(streak.score == 8.25)
        streak.take(.call(.bash, "make test"), record, none, self.configuration)
        #expect(streak.score == 0)
        #expect(streak.tally.count == 0)
    }

    @Test(
        "a commit ends the streak, unless the check then fails just as before",
        arguments: [
            (Array(repeating: 500, count: 12), 8.25, 11), ([500, 500, 500, 500, 500, 400], 0, 0),
            ([500, 500, 500, 500, 500, 400, 400], 0.75, 1), (Array(repeating: -1, count: 12), 0.25, 1),
            ([500, 500, 500, -1, -1], 0.25, 1),
        ] as [([Int64], Float, UInt16)]
    )
    func verificationCommits(sizes: [Int64], score: Float, count: UInt16) {
        let streak = self.streak(sizes, commitEvery: 1)
        #expect(streak.score == score)
        #expect(streak.tally.count == count)
    }

    @Test("after a commit the streak stays until the check tells, another check fails, or a third commit comes")
    func verificationAwaitsTheCheck() {
        let none = LastFour(repeating: FailureMark())
        var record = ActionRecord(action: 0)
        let lint = Observation.call(.bash, "lint", result: 500, error: "E")
        record.add(lint.outcome)
        record.failureCount = 1
        var streak = self.streak(Array(repeating: 500, count: 12))
        streak.commit()
        #expect(streak.score == 8.25)
        var other = streak
        other.take(lint, record, none, self.configuration)
        #expect(other.score == 0.75)
        #expect(other.tally.count == 1)
        var mended = streak
        mended.take(.call(.bash, "make test"), record, none, self.configuration)
        #expect(mended.score == 0)
        #expect(mended.tally.count == 0)
        var filtered = streak
        filtered.take(.call(.bash, "make test FILTER=some"), record, none, self.configuration)
        #expect(filtered.score == 0)
        var denied = streak
        denied.deny(.event(.toolDecision, at: 99), self.configuration)
        #expect(denied.score == 0.75)
        #expect(denied.tally.count == 1)
        streak.commit()
        #expect(streak.score == 8.25)
        streak.commit()
        #expect(streak.score == 0)
        #expect(streak.tally.count == 0)
    }

    @Test("another failure of the same program counts a quarter, twice when it waited", arguments: [false, true])
    func verificationRelated(waits: Bool) {
        var streak = VerificationStreak()
        var failures = LastFour(repeating: FailureMark())
        failures.push(FailureMark(.call(.bash, "make a", error: "E"), Learning()))
        let call = Observation.call(.bash, "make b", error: "E") { $0.durationMilliseconds = waits ? 60_000 : 300 }
        streak.take(call, ActionRecord(action: 0), failures, self.configuration)
        #expect(streak.score == (waits ? 0.5 : 0.25))
        #expect(streak.pattern == .failingAction)
        streak.take(
            .call(.bash, "test b", error: "E"),
            ActionRecord(action: 0),
            failures,
            self.configuration
        )
        #expect(streak.score == (waits ? 0.5 : 0.25))
    }

    @Test("denials add up like equal failures, and a later failure names the streak after itself")
    func verificationDenied() {
        var streak = VerificationStreak()
        for second in 0..<11 { streak.deny(.event(.toolDecision, at: Int64(second)), self.configuration) }
        #expect(streak.score == 8.25)
        #expect(streak.pattern == .permissionDenied)
        var record = ActionRecord(action: 0)
        record.failureCount = 1
        record.add(Outcome(resultByteCount: -1, failure: 1))
        let call = Observation.call(.bash, "make", result: -1, error: "E")
        streak.take(call, record, LastFour(repeating: FailureMark()), self.configuration)
        #expect(streak.pattern == .verificationFailure)
        streak.clear()
        #expect(streak.score == 0)
    }
}
