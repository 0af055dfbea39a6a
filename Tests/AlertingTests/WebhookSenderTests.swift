import CurlHTTP
import Foundation
import GRDB
import ServiceLifecycle
import TestSupport
import Testing
import TokenscaleCore

@testable import Alerting

@Suite("Webhook sender")
struct WebhookSenderTests {
    private let double: ReceiverDouble
    /// Makes names of receivers unique: one double serves all tests.
    private let run = UUID().uuidString.prefix(8)

    init() throws { self.double = try ReceiverDouble.shared.get() }

    private func receiver(
        _ name: String,
        _ script: String = "200",
        kind: AlertReceiver.Kind = .webhook,
        timeoutSeconds: Double = 5
    ) -> AlertReceiver {
        var receiver = AlertReceiver(name: name, kind: kind, url: self.double.url("\(name)-\(self.run)", script))
        receiver.timeoutSeconds = timeoutSeconds
        return receiver
    }

    private func records(of name: String, count: Int) async throws -> [ReceiverDouble.Record] {
        try await self.double.records("\(name)-\(self.run)", count: count)
    }

    @Test("every transition arrives once and in order, with the same id on each attempt")
    func delivers() async throws {
        let life = AlertingFixtures.life()
        let run = try SenderRun(AlertingFixtures.configuration(self.receiver("a", "500,503,200,429:0,200")))
        try await run {
            try await run.append(life)
            try await run.wait(for: "a", .delivered, count: 3)
        }
        let records = try await self.records(of: "a", count: 6)
        #expect(records.map(\.webhookID) == [0, 0, 0, 1, 1, 2].map { life[$0].id })
        #expect(run.receiver("a").notifications == [.delivered: 3, .retried: 3])
        #expect(try await run.outbox.openDeliveries(limit: 10).isEmpty)
    }

    @Test(
        "failures of the network are tried again",
        arguments: ["reset,200", "hang,200", "reset,reset,500,200"]
    )
    func retries(script: String) async throws {
        let name = "net-\(script.prefix(7).filter { $0.isLetter })-\(script.count)"
        let run = try SenderRun(
            AlertingFixtures.configuration(self.receiver(name, script, timeoutSeconds: 0.3))
        )
        try await run {
            try await run.append([AlertingFixtures.life()[0]])
            try await run.wait(for: name, .delivered, count: 1)
        }
        let records = try await self.records(of: name, count: 2)
        #expect(Set(records.map(\.webhookID)).count == 1)
    }

    @Test("an answer counts from its head on: a body that is cut off does not make it sent twice")
    func cutOff() async throws {
        let run = try SenderRun(AlertingFixtures.configuration(self.receiver("h", "half,200")))
        try await run {
            try await run.append(Array(AlertingFixtures.life().prefix(2)))
            try await run.wait(for: "h", .delivered, count: 2)
        }
        #expect(try await self.records(of: "h", count: 2).count == 2)
    }

    @Test(
        "permanent failures are parked at once, counted and shown, and do not hold up the next",
        arguments: ["400", "404", "301", "413"]
    )
    func parks(status: String) async throws {
        let run = try SenderRun(AlertingFixtures.configuration(self.receiver("p\(status)", "\(status),200")))
        try await run {
            try await run.append(Array(AlertingFixtures.life().prefix(2)))
            try await run.wait(for: "p\(status)", .delivered, count: 1)
        }
        #expect(run.receiver("p\(status)").notifications == [.delivered: 1, .parked: 1])
        let parked = try await run.outbox.openDeliveries(limit: 10)
        #expect(parked.map(\.state) == ["parked"])
        #expect(parked.first?.problem.contains("status \(status)") == true)
        #expect(try await self.double.records("redirected").isEmpty, "a redirect is not followed")
    }

    @Test("410 ends the relation: nothing more is sent, all is parked")
    func gone() async throws {
        let run = try SenderRun(AlertingFixtures.configuration(self.receiver("g", "410,200")))
        try await run {
            try await run.append(AlertingFixtures.life())
            try await run.wait(for: "g", .parked, count: 3)
        }
        #expect(try await self.records(of: "g", count: 1).count == 1)
    }

    @Test("metadata and link-local addresses are refused unless allowed")
    func metadata() async throws {
        var receiver = AlertReceiver(name: "m", kind: .webhook, url: "http://169.254.169.254/latest/meta-data")
        let run = try SenderRun(AlertingFixtures.configuration(receiver))
        try await run {
            try await run.append([AlertingFixtures.life()[0]])
            try await run.wait(for: "m", .parked, count: 1)
        }
        #expect(
            try await run.outbox.openDeliveries(limit: 1).first?.problem.contains("allow-metadata-addresses") == true
        )
        receiver.allowsMetadataAddresses = true
        guard case .any = receiver.clientConfiguration(userAgent: "x").addressPolicy else {
            Issue.record("allowed, but refused")
            return
        }
    }

    @Test("a receiver that hangs holds up only itself")
    func independence() async throws {
        let run = try SenderRun(
            AlertingFixtures.configuration(
                self.receiver("hanging", "hang", timeoutSeconds: 300),
                self.receiver("failing", "500"),
                self.receiver("healthy")
            )
        )
        let clock = ContinuousClock()
        try await run {
            let start = clock.now
            try await run.append((0..<20).flatMap { AlertingFixtures.life("pod-\($0)") })
            try await run.wait(for: "healthy", .delivered, count: 60)
            #expect(clock.now - start < .seconds(150))
        }
        #expect(run.receiver("hanging").notifications[.delivered] == nil)
        #expect(run.receiver("failing").notifications[.retried, default: 0] > 0)
    }

    @Test("after failures in a row the receiver is left alone, then tried with one request")
    func breaker() async throws {
        var configuration = AlertingFixtures.configuration(self.receiver("b", "500"))
        configuration.delivery.circuitFailureLimit = 3
        configuration.delivery.concurrentLimit = 1
        configuration.delivery.circuitOpenSeconds = 30
        let run = try SenderRun(configuration)
        try await run {
            try await run.append((0..<20).map { AlertingFixtures.life("pod-\($0)")[0] })
            try await eventually("circuit open") { run.receiver("b").isCircuitOpen }
        }
        #expect(try await self.records(of: "b", count: 3).count == 3)
    }

    @Test("Retry-After is kept")
    func retryAfter() async throws {
        let run = try SenderRun(AlertingFixtures.configuration(self.receiver("r", "429:1,200")))
        try await run {
            try await run.append([AlertingFixtures.life()[0]])
            try await run.wait(for: "r", .delivered, count: 1)
        }
        let records = try await self.records(of: "r", count: 2)
        #expect(records[1].time - records[0].time >= 0.95)
    }

    @Test("what is not sent at shutdown is sent after the restart, under the same id")
    func restart() async throws {
        let directory = try TemporaryDirectory()
        let life = AlertingFixtures.life()
        let first = SenderRun(
            AlertingFixtures.configuration(self.receiver("s", "hang,200", timeoutSeconds: 60)),
            directory: directory
        )
        try await first {
            try await first.append(life)
            _ = try await self.records(of: "s", count: 1)
        }
        let second = SenderRun(first.configuration, directory: directory)
        try await second { try await second.wait(for: "s", .delivered, count: 3) }
        let ids = try await self.records(of: "s", count: 4).map(\.webhookID)
        #expect(ids == [life[0].id] + life.map(\.id))
    }

    @Test("a graceful shutdown sends what is due and then ends")
    func graceful() async throws {
        let life = AlertingFixtures.life()
        let run = try SenderRun(AlertingFixtures.configuration(self.receiver("d", "slow:0.05")))
        try await run.append(life)
        let group = ServiceGroup(services: [run.sender], logger: AlertingFixtures.silentLogger)
        async let running: Void = group.run()
        _ = try await self.records(of: "d", count: 1)
        await group.triggerGracefulShutdown()
        try await running
        #expect(try await self.records(of: "d", count: 3).map(\.webhookID) == life.map(\.id))
        #expect(try await run.outbox.openDeliveries(limit: 10).isEmpty)
    }

    @Test("a proxy is used when configured")
    func proxy() async throws {
        var receiver = AlertReceiver(name: "x", kind: .webhook, url: "http://receiver.invalid/hook-\(self.run)")
        receiver.proxyURL = "http://127.0.0.1:\(self.double.port)"
        let run = try SenderRun(AlertingFixtures.configuration(receiver))
        try await run {
            try await run.append([AlertingFixtures.life()[0]])
            try await run.wait(for: "x", .delivered, count: 1)
        }
        let paths = try await self.double.records("proxy").map(\.path)
        #expect(paths.contains("http://receiver.invalid/hook-\(self.run)"))
    }

    @Test("secrets and URLs in files are read anew for each delivery")
    func rotation() async throws {
        let directory = try TemporaryDirectory()
        var receiver = AlertReceiver(name: "k", kind: .webhook)
        receiver.urlFile = try directory.write(self.double.url("k-\(self.run)") + "\n", to: "url")
        receiver.secretFiles = [try directory.write("first secret, long enough\n", to: "key")]
        let run = SenderRun(AlertingFixtures.configuration(receiver), directory: directory)
        let life = AlertingFixtures.life()
        try await run {
            try await run.append([life[0]])
            try await run.wait(for: "k", .delivered, count: 1)
            try directory.write("second secret, long enough\n", to: "key")
            try await run.append([life[1]])
            try await run.wait(for: "k", .delivered, count: 2)
            try FileManager.default.removeItem(atPath: directory.path("key"))
            try await run.append([life[2]])
            try await run.wait(for: "k", .retried, count: 1)
            try directory.write("third secret, long enough\n", to: "key")
            try await run.wait(for: "k", .delivered, count: 3)
        }
        let records = try await self.records(of: "k", count: 3)
        for (record, word) in zip(records, ["first", "second", "third"]) {
            let signature = try #require(WebhookSignature(secrets: ["\(word) secret, long enough"]))
            let time = try #require(record.headers["webhook-timestamp"].flatMap { Int64($0) })
            let wanted = signature.header(
                id: record.webhookID,
                timestampSeconds: time,
                body: Array(record.body.utf8)
            )
            #expect(record.headers["webhook-signature"] == wanted)
        }
    }

    @Test(
        "a disk that fails while ends of deliveries are noted does not send them again",
        arguments: [("slow:0.3", .delivered, 1), ("slow:0.3:400", .parked, 1), ("slow:0.3:500,200", .retried, 2)]
            as [(String, ReceiverStatistics.Outcome, Int)]
    )
    func unnoted(script: String, outcome: ReceiverStatistics.Outcome, requestCount: Int) async throws {
        let name = "n-\(outcome)"
        let run = try SenderRun(AlertingFixtures.configuration(self.receiver(name, script)))
        try await run {
            try await run.append([AlertingFixtures.life()[0]])
            _ = try await self.records(of: name, count: 1)
            let failing = "CREATE TRIGGER failing BEFORE UPDATE ON delivery BEGIN SELECT RAISE(ABORT, 'full'); END"
            _ = try await run.outbox.write { try $0.execute(sql: failing) }
            try await run.wait(for: name, outcome, count: 1)
            try await eventually("outbox errors") {
                run.status.current.statistics.outboxErrors[.deliver, default: 0] >= 3
            }
            #expect(try await self.records(of: name, count: 1).count == 1)
            _ = try await run.outbox.write { try $0.execute(sql: "DROP TRIGGER failing") }
            run.sender.signals.signalAll()
            try await eventually("noted") {
                try await run.outbox.openDeliveries(limit: 1).allSatisfy { $0.state == "parked" }
            }
        }
        #expect(try await self.records(of: name, count: 1).count == requestCount)
        #expect(run.receiver(name).notifications[outcome] == 1)
    }
}
