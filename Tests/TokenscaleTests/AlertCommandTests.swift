import Alerting
import Foundation
import Testing
import TokenscaleCore

@testable import MetricsAPI
@testable import tokenscale

@Suite("Alert commands")
struct AlertCommandTests {
    private static func finding(at time: Timestamp) -> LoopFinding {
        var finding = LoopFinding(
            severity: .critical,
            pattern: .failingAction,
            onset: time.advanced(bySeconds: -2460),
            lastEvidence: time
        )
        finding.repeatCount = 37
        finding.tool = .bash
        finding.tokens.input = 1_900_000
        finding.costMicroUSD = 14_000_000
        return finding
    }

    /// An outbox with one alert that fires, told to nobody yet.
    private static func fill(_ outbox: AlertOutbox, at now: Timestamp) async throws {
        var session = SessionSnapshot(id: "7f3c0000-1111")
        session.isLive = true
        session.finding = Self.finding(at: now)
        var pod = PodSnapshot(id: PodID(namespace: "agents", name: "fixer-2"))
        pod.sessions = [session]
        var snapshot = Snapshot()
        snapshot.time = now
        snapshot.pods = [pod]
        var machine = AlertStateMachine()
        let transitions = machine.step(snapshot)
        _ = try await outbox.append(transitions, changed: machine.changedAlerts) { _ in ["team", "broken"] }
        let due = try await outbox.dueDeliveries(for: "broken", at: now, limit: 1)
        let end = AlertOutbox.DeliveryEnd.parked(problem: "status 404: check the receiver's URL")
        try await outbox.finish(due.map(\.sequence), for: "broken", end, at: now)
    }

    @Test("alerts are listed with evidence, waiting and parked deliveries, and the JSON holds the same")
    func listing() async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "alerts-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let outbox = AlertOutbox(path: DataDirectory.outboxFile(in: directory.path))
        let now = Timestamp(seconds: 1_795_257_780)
        try await Self.fill(outbox, at: now)
        let listing = AlertListing(
            alerts: try await outbox.alerts(),
            deliveries: try await outbox.openDeliveries(limit: 10),
            now: now.advanced(bySeconds: 90)
        )
        let lines = listing.text.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.count == 8)
        #expect(
            lines[0].hasPrefix(
                "FIRING critical since 10:43 UTC  Stuck: session 7f3c0000 in agents/fixer-2: failing action  ["
            )
        )
        #expect(lines[1].contains("Bash failed 37 times in 42 min"))
        #expect(lines[3] == "Waiting to be delivered:")
        #expect(lines[4].contains("team  fired ") && lines[4].hasSuffix("1 min ago, 0 attempts"))
        #expect(lines[7].hasSuffix("1 attempt: status 404: check the receiver's URL"))
    }

    @Test("a silence that could match no alert is refused, one for a label of an alert that exists is not")
    func silences() async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "silences-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        try await Self.fill(AlertOutbox(path: DataDirectory.outboxFile(in: directory.path)), at: WallClock.now())
        func run(_ arguments: [String]) async throws -> Program.Output {
            try await Program.run(Program.url, arguments + ["--data-directory", directory.path])
        }
        let ended = ["--for", "2h", "--comment", "x"]
        let typo = try await run(["silence", "add", "nmespace=agents"] + ended)
        #expect(typo.code == 1 && typo.error.contains("no alert has a label nmespace; did you mean namespace?"))
        let malformed = try await run(["silence", "add", "namespace"] + ended)
        #expect(malformed.code == 64 && malformed.error.contains("Usage: tokenscale silence add"))
        let good = try await run(["silence", "add", "namespace=agents"] + ended)
        #expect(good.code == 0 && good.error.contains("1 alerts match now"), "\(good.error)")
        let unknown = try await run(["alerts", "--retry-parked", "--receiver", "nobody"])
        #expect(unknown.error.contains("No delivery to nobody waits or is parked; there are some to broken, team."))
    }

    @Test(
        "durations of silences",
        arguments: [
            ("90s", 90.0), ("30m", 1800), ("2h", 7200), ("1.5h", 5400), ("7d", 604_800), ("365d", 31_536_000),
        ]
    )
    func durations(text: String, seconds: Double) { #expect(SilenceAddCommand.seconds(text) == seconds) }

    @Test("what is no duration is refused", arguments: ["", "2", "h", "0s", "366d", "-1h", "2 weeks", "1e999d"])
    func noDurations(text: String) { #expect(SilenceAddCommand.seconds(text) == nil) }

    @Test("every series of alerting is there from the start, and the histogram adds up")
    func families() throws {
        let status = AlertingStatusStore()
        status.update { status in
            var receiver = ReceiverStatistics()
            receiver.latency.record(seconds: 0.02)
            receiver.latency.record(seconds: 5000)
            status.statistics.receivers["team"] = receiver
        }
        var writer = ExpositionWriter(format: .openMetrics)
        for family in status.current.statistics.families { family.write(to: &writer) }
        let lines = String(decoding: writer.bytes, as: UTF8.self).split(separator: "\n")
        #expect(lines.count { $0.hasPrefix("tokenscale_alerts{") } == 24)
        #expect(lines.contains(#"tokenscale_alerts{scope="pod",severity="critical",state="silenced"} 0"#))
        #expect(lines.contains(#"tokenscale_notifications_total{receiver="team",outcome="parked"} 0"#))
        #expect(lines.contains("tokenscale_outbox_healthy 1"))
        let latency = "tokenscale_notification_latency_seconds"
        #expect(lines.contains("# TYPE \(latency) histogram"))
        #expect(lines.contains(#"\#(latency)_bucket{receiver="team",le="0.01"} 0"#))
        #expect(lines.contains(#"\#(latency)_bucket{receiver="team",le="0.025"} 1"#))
        #expect(lines.contains(#"\#(latency)_bucket{receiver="team",le="+Inf"} 2"#))
        #expect(lines.contains(#"\#(latency)_count{receiver="team"} 2"#))
        #expect(lines.contains(#"\#(latency)_sum{receiver="team"} 5000.02"#))
    }
}
