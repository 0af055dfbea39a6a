import Foundation
import Testing
import TokenscaleCore

@testable import Alerting

/// Tests that load the machine or measure it come one after the other.
@Suite("One at a time", .serialized)
enum OneAtATime {}

extension OneAtATime {
    @Suite("Latency")
    struct LatencyTests {
        /// The loop of the collector at its real pace: evidence completes at random moments, a tick comes each second.
        @Test("from the event that completes the evidence to the webhook received: p99 below 2 s")
        func eventToWebhook() async throws {
            let double = try ReceiverDouble.shared.get()
            let name = "latency-\(UUID().uuidString.prefix(8))"
            let run = try SenderRun(
                AlertingFixtures.configuration(AlertReceiver(name: name, kind: .webhook, url: double.url(name)))
            )
            let start = AlertingFixtures.wallClock()
            var generator = DeliveryPolicyTests.SeededGenerator(state: 5)
            let events = (0..<120).map { index in
                (pod: "pod-\(index)", time: start.advanced(bySeconds: Double.random(in: 0...8, using: &generator)))
            }
            // How late a plain sleep ends here: what the machine's load costs whoever waits.
            var lateness = 0.0
            try await run {
                var evaluator = AlertEvaluator(
                    outbox: run.outbox,
                    configuration: run.configuration,
                    status: run.status,
                    sender: run.sender,
                    logger: AlertingFixtures.silentLogger
                )
                for tick in 1...9 {
                    let next = start.advanced(bySeconds: Double(tick))
                    let pause = max(0, next.seconds(since: AlertingFixtures.wallClock()))
                    let elapsed = try await ContinuousClock().measure { try await Task.sleep(for: .seconds(pause)) }
                    lateness = max(lateness, elapsed / .seconds(1) - pause)
                    let now = AlertingFixtures.wallClock()
                    let pods = events.map { (name: $0.pod, severity: $0.time <= now ? LoopSeverity.warning : nil) }
                    await evaluator.evaluate(AlertingFixtures.snapshot(at: now, pods))
                }
                try await run.wait(for: name, .delivered, count: 120)
            }
            let moments = Dictionary(uniqueKeysWithValues: events.map { ($0.pod, $0.time.seconds(since: .zero)) })
            let latencies = try await double.records(name, count: 120).map { record -> Double in
                let labels = try #require(try record.json()["groupLabels"] as? [String: String])
                return record.time - (try #require(moments[labels["pod"] ?? ""]))
            }.sorted()
            #expect(latencies.count == 120)
            let (p50, p99) = (latencies[60], latencies[118])
            print("latency, event to webhook received: p50 \(p50) s, p99 \(p99) s, max \(latencies[119]) s")
            print("a sleep ended at most \(lateness) s late")
            #expect(p99 < 2 + 2 * lateness)
            #expect(run.receiver(name).latency.count == 120)
        }
    }
}
