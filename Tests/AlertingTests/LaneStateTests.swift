import Testing
import TokenscaleCore

@testable import Alerting

@Suite("Lane state")
struct LaneStateTests {
    private static let now = AlertingFixtures.start
    private var generator = DeliveryPolicyTests.SeededGenerator(state: 7)

    private static func policy() -> DeliveryPolicy {
        var policy = DeliveryPolicy()
        policy.circuitFailureLimit = 2
        policy.circuitOpenSeconds = 30
        policy.backoffInitialSeconds = 4
        policy.resendSeconds = 20
        return policy
    }

    private static func batch(_ sequences: Int64..., attemptCount: Int = 0) -> [Delivery] {
        let transition = AlertingFixtures.life()[0]
        return sequences.map { Delivery(sequence: $0, attemptCount: attemptCount, transition: transition) }
    }

    private static let failure = DeliveryVerdict.retry(problem: "status 500", afterSeconds: nil)

    @Test(
        "a request's end is noted, counted and said as its verdict demands",
        arguments: [
            (.accepted, "delivered", "nil"), (.park(problem: "status 404"), "parked", "parked"),
            (.gone, "parked", "gone"),
            (failure, "retried", "tryingAgain"), (nil, "nil", "nil"),
        ] as [(DeliveryVerdict?, String, String)]
    )
    mutating func verdicts(verdict: DeliveryVerdict?, outcome: String, notice: String) {
        var state = LaneState(policy: Self.policy(), forgets: false)
        let batch = Self.batch(1, 2)
        let conclusions = state.ended([(batch, verdict)], at: Self.now, using: &self.generator)
        #expect((conclusions.first?.outcome.rawValue ?? "nil") == outcome)
        let said = String(describing: conclusions.first?.notice)
        #expect(said.contains(notice))
        #expect(conclusions.allSatisfy { $0.deliveries == batch })
        #expect(state.unnoted.map(\.sequences) == (verdict == nil ? [] : [[1, 2]]))
        #expect(state.isGone == (verdict == .gone))
        #expect(!state.isPaused(at: Self.now), "one failure is not enough")
    }

    @Test("what was accepted is concluded first, at once; what failed waits as its attempts say")
    mutating func order() throws {
        var state = LaneState(policy: Self.policy(), forgets: false)
        let wave: [LaneState.Attempt] = [
            (Self.batch(1, attemptCount: 3), Self.failure), (Self.batch(2), .accepted), (Self.batch(3), nil),
            (Self.batch(4), .accepted),
        ]
        let conclusions = state.ended(wave, at: Self.now, using: &self.generator)
        #expect(conclusions.map(\.outcome) == [.delivered, .retried])
        #expect(state.unnoted.map(\.sequences) == [[2, 4], [1]])
        #expect(state.unnoted.first?.end == .delivered)
        guard case .retry(let next, "status 500") = state.unnoted.last?.end,
            case .tryingAgain("status 500", 4, let delay) = conclusions.last?.notice
        else {
            Issue.record("\(state.unnoted), \(conclusions)")
            return
        }
        #expect(next == Self.now.advanced(bySeconds: delay) && (0...32).contains(delay))
        state.noted()
        #expect(state.unnoted.map(\.sequences) == [[1]])
    }

    @Test("failures in a row pause the receiver, then one delivery is tried; failures side by side are one")
    mutating func pauses() {
        var state = LaneState(policy: Self.policy(), forgets: false)
        let wave = [LaneState.Attempt](repeating: (Self.batch(1), Self.failure), count: 8)
        _ = state.ended(wave, at: Self.now, using: &self.generator)
        #expect(!state.isPaused(at: Self.now) && state.dueLimit == 64)
        _ = state.ended(wave, at: Self.now, using: &self.generator)
        #expect(state.isPaused(at: Self.now) && state.dueLimit == 1)
        let later = Self.now.advanced(bySeconds: 30)
        #expect(!state.isPaused(at: later) && state.dueLimit == 1)
        _ = state.ended([(Self.batch(1), .park(problem: "status 404"))], at: later, using: &self.generator)
        #expect(!state.isPaused(at: later) && state.dueLimit == 64, "an answer is a sign of life")
    }

    @Test("a receiver that asks for time gets it, at most what the policy allows")
    mutating func retryAfter() {
        var policy = Self.policy()
        policy.retryAfterMaximumSeconds = 100
        var state = LaneState(policy: policy, forgets: false)
        let wave: [LaneState.Attempt] = [
            (Self.batch(1), .retry(problem: "status 429", afterSeconds: 5)),
            (Self.batch(2), .retry(problem: "status 429", afterSeconds: 1e6)),
        ]
        _ = state.ended(wave, at: Self.now, using: &self.generator)
        #expect(state.isPaused(at: Self.now.advanced(bySeconds: 99)))
        #expect(!state.isPaused(at: Self.now.advanced(bySeconds: 100)))
    }

    @Test("a receiver that forgets is told again in time, unless it is paused or gone")
    mutating func resends() {
        var state = LaneState(policy: Self.policy(), forgets: true)
        let taken = (state.takeResend(at: Self.now), state.takeResend(at: Self.now.advanced(bySeconds: 19)))
        #expect(taken == (true, false))
        let later = Self.now.advanced(bySeconds: 20)
        for _ in 0..<2 { _ = state.ended([(Self.batch(1), Self.failure)], at: later, using: &self.generator) }
        var paused = state
        let whilePaused = paused.takeResend(at: later)
        #expect(!whilePaused)
        let after = later.advanced(bySeconds: 30)
        var gone = state
        _ = gone.ended([(Self.batch(1), .gone)], at: after, using: &self.generator)
        let again = (state.takeResend(at: after), gone.takeResend(at: after))
        #expect(again == (true, false))
        var other = LaneState(policy: Self.policy(), forgets: false)
        let ofOther = other.takeResend(at: Self.now)
        #expect(!ofOther)
    }

    @Test("the lane sleeps until something can be due")
    mutating func idles() {
        var state = LaneState(policy: Self.policy(), forgets: false)
        func idle(_ state: LaneState, next: Double? = nil, at seconds: Double = 0) -> Double {
            let next = next.map { Self.now.advanced(bySeconds: $0) }
            return state.idleSeconds(at: Self.now.advanced(bySeconds: seconds), nextAttempt: next)
        }
        #expect(idle(state) == 60)
        #expect(idle(state, next: 7) == 7)
        #expect(idle(state, next: -7) == 0.01)
        _ = state.ended([(Self.batch(1), Self.failure)], at: Self.now, using: &self.generator)
        #expect(idle(state, next: 7) == 1, "what is not noted is tried again soon")
        state.noted()
        _ = state.ended([(Self.batch(1), Self.failure)], at: Self.now, using: &self.generator)
        state.noted()
        #expect(idle(state, next: 7) == 30, "paused")

        var forgetful = LaneState(policy: Self.policy(), forgets: true)
        #expect(idle(forgetful) == 0.01)
        let isTaken = forgetful.takeResend(at: Self.now)
        #expect(isTaken)
        #expect(idle(forgetful, at: 5) == 15)
        _ = forgetful.ended([(Self.batch(1), .gone)], at: Self.now, using: &self.generator)
        forgetful.noted()
        #expect(idle(forgetful, at: 100) == 60, "who is gone is not told again, and not waited for")
    }
}
