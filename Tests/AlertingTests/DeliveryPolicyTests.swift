import CurlHTTP
import Testing
import TokenscaleCore

@testable import Alerting

@Suite("Delivery policy")
struct DeliveryPolicyTests {
    /// SplitMix64: the same numbers for the same seed.
    struct SeededGenerator: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            self.state &+= 0x9e37_79b9_7f4a_7c15
            var value = (self.state ^ (self.state >> 30)) &* 0xbf58_476d_1ce4_e5b9
            value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
            return value ^ (value >> 31)
        }
    }

    @Test(
        "waiting times are spread from 0 to a ceiling that doubles up to its maximum",
        arguments: [(1, 1.0), (2, 2), (3, 4), (9, 256), (10, 300), (1000, 300)]
    )
    func backoff(attempt: Int, ceiling: Double) {
        var generator = SeededGenerator(state: 7)
        let policy = DeliveryPolicy()
        let delays = (0..<2000).map { _ in
            policy.delaySeconds(attemptCount: attempt, retryAfterSeconds: nil, using: &generator)
        }
        #expect(delays.allSatisfy { (0...ceiling).contains($0) })
        #expect((delays.min() ?? 1) < ceiling * 0.01)
        #expect((delays.max() ?? 0) > ceiling * 0.99)
        #expect(abs(delays.reduce(0, +) / 2000 - ceiling / 2) < ceiling * 0.03, "evenly: full jitter")
    }

    @Test("Retry-After is a lower bound, itself bounded")
    func retryAfter() {
        var generator = SeededGenerator(state: 7)
        let policy = DeliveryPolicy()
        #expect(policy.delaySeconds(attemptCount: 1, retryAfterSeconds: 17, using: &generator) == 17)
        #expect(policy.delaySeconds(attemptCount: 1, retryAfterSeconds: 1e9, using: &generator) == 3600)
    }

    @Test(
        "Retry-After is seconds or a date",
        arguments: [
            ("12", 12), ("Sat, 21 Nov 2026 10:02:03 GMT", 123), ("Sat, 21 Nov 2026 09:00:00 GMT", 0), ("soon", nil),
            ("-1", nil), ("", nil), ("Sun, 21 Nov 2026 10:02:03 GMT", nil), ("nan", nil),
        ] as [(String, Double?)]
    )
    func retryAfterForms(value: String, wanted: Double?) throws {
        let now = try #require(Timestamp(httpDate: "Sat, 21 Nov 2026 10:00:00 GMT"))
        #expect(RetryAfter.seconds(value, now: now) == wanted)
    }

    @Test(
        "what each status means",
        arguments: [
            (200, "accepted"), (202, "accepted"), (204, "accepted"), (301, "park"), (302, "park"), (304, "park"),
            (400, "park"), (401, "retry"), (403, "retry"), (404, "park"), (408, "retry"), (410, "gone"), (413, "park"),
            (415, "park"), (422, "park"), (425, "retry"), (429, "retry"), (500, "retry"), (502, "retry"),
            (503, "retry"), (504, "retry"),
        ]
    )
    func statuses(status: Int, wanted: String) {
        #expect(Self.name(DeliveryVerdict(status: status)) == wanted)
    }

    @Test("what each failure of the network means")
    func failures() {
        #expect(Self.name(DeliveryVerdict(.timedOut)) == "retry")
        #expect(Self.name(DeliveryVerdict(.connectionLost)) == "retry")
        #expect(Self.name(DeliveryVerdict(.nameNotResolved)) == "retry")
        #expect(Self.name(DeliveryVerdict(.serverUntrusted)) == "retry")
        #expect(Self.name(DeliveryVerdict(.addressRefused)) == "park")
        #expect(Self.name(DeliveryVerdict(.redirectRefused(status: 307))) == "park")
        #expect(Self.name(DeliveryVerdict(.urlRefused)) == "park")
    }

    private static func name(_ verdict: DeliveryVerdict) -> String {
        switch verdict {
        case .accepted: "accepted"
        case .retry: "retry"
        case .park: "park"
        case .gone: "gone"
        }
    }

    @Test("the breaker opens after failures in a row, lets one through when its time is over, and closes on success")
    func breaker() {
        let start = AlertingFixtures.start
        func at(_ seconds: Double) -> Timestamp { start.advanced(bySeconds: seconds) }
        var breaker = CircuitBreaker(failureLimit: 3, openSeconds: 30)
        breaker.failed(at: at(0), retryAfterSeconds: nil)
        breaker.failed(at: at(1), retryAfterSeconds: nil)
        #expect(!breaker.isOpen(at: at(1)))
        breaker.succeeded()
        for second in 2..<5 { breaker.failed(at: at(Double(second)), retryAfterSeconds: nil) }
        #expect(breaker.isOpen(at: at(4)) && breaker.isOpen(at: at(33.9)))
        #expect(!breaker.isOpen(at: at(34)) && breaker.isTrying)
        breaker.failed(at: at(34), retryAfterSeconds: nil)
        #expect(breaker.isOpen(at: at(63.9)))
        breaker.succeeded()
        #expect(!breaker.isOpen(at: at(35)) && !breaker.isTrying)
        breaker.failed(at: at(40), retryAfterSeconds: 7)
        #expect(breaker.isOpen(at: at(46.9)) && !breaker.isOpen(at: at(47)), "Retry-After holds for the whole receiver")
    }

    @Test("secrets: Base64 with the prefix, plain text, and what is refused")
    func secrets() throws {
        // The example of the Standard Webhooks specification's reference libraries.
        let signature = try #require(WebhookSignature(secrets: ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]))
        let header = signature.header(
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
            timestampSeconds: 1_614_265_330,
            body: Array(#"{"test": 2432232314}"#.utf8)
        )
        #expect(header == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
        #expect(WebhookSignature(secrets: ["too short"]) == nil)
        #expect(WebhookSignature(secrets: ["whsec_not base64!"]) == nil)
        #expect(WebhookSignature(secrets: [])?.isEmpty == true)
    }

    @Test("header values of CloudEvents are percent-encoded")
    func headers() {
        #expect(ReceiverRequest.headerEscaped("a b\"%é\u{7f}") == "a%20b%22%25%C3%A9%7F")
    }
}
