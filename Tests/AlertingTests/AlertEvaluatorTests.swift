import Foundation
import GRDB
import TestSupport
import Testing
import TokenscaleCore

@testable import Alerting

@Suite("Alert evaluator")
struct AlertEvaluatorTests {
    private let directory: TemporaryDirectory
    private let outbox: AlertOutbox
    private let status = AlertingStatusStore()
    private let start = AlertingFixtures.start
    private let configuration: AlertingConfiguration

    init() throws {
        self.directory = try TemporaryDirectory()
        self.outbox = AlertOutbox(path: self.directory.path("alerts.sqlite"))
        self.configuration = AlertingFixtures.configuration(
            AlertReceiver(name: "a", kind: .webhook, url: "http://127.0.0.1:1")
        )
    }

    private func evaluator(_ outbox: AlertOutbox? = nil) -> AlertEvaluator {
        AlertEvaluator(
            outbox: outbox ?? self.outbox,
            configuration: self.configuration,
            status: self.status,
            sender: nil,
            logger: AlertingFixtures.silentLogger
        )
    }

    private func snapshot(_ second: Double, _ severity: LoopSeverity?) -> Snapshot {
        AlertingFixtures.snapshot(at: self.start.advanced(bySeconds: second), [("fixer", severity)])
    }

    @Test("decisions are stored before they are believed, and survive a restart")
    func restart() async throws {
        var evaluator = self.evaluator()
        await evaluator.evaluate(self.snapshot(0, .warning))
        await evaluator.evaluate(self.snapshot(1, .warning))
        var next = self.evaluator(AlertOutbox(path: self.outbox.path))
        await next.evaluate(self.snapshot(2, .warning))
        #expect(try await self.outbox.transitionIDs().count == 1)
        await next.evaluate(self.snapshot(3, .critical))
        #expect(try await self.outbox.openDeliveries(limit: 10).map(\.kind) == ["fired", "escalated"])
        let statistics = self.status.current.statistics
        #expect(statistics.receivers["a"]?.depth == 2)
        #expect(statistics.receivers["a"]?.oldestAgeSeconds == 3)
        #expect(statistics.alerts.map(\.value) == [1])
        #expect(statistics.transitions.values.reduce(0, +) == 2)
        #expect(statistics.outboxByteCount > 0)
    }

    @Test("a full disk delays alerts, says so, and nothing is told twice or lost when there is room again")
    func fullDisk() async throws {
        var evaluator = self.evaluator()
        await evaluator.evaluate(self.snapshot(0, nil))
        let pageCount = try await self.outbox.write { database in
            let count = try Int.fetchOne(database, sql: "PRAGMA page_count") ?? 0
            try database.execute(sql: "PRAGMA max_page_count = \(count)")
            return count
        }
        // Fill what is free inside the file's pages.
        let crowd = (0..<200).map { (name: "pod-\($0)", severity: LoopSeverity?.some(.warning)) }
        let full = AlertingFixtures.snapshot(at: self.start.advanced(bySeconds: 1), crowd)
        await evaluator.evaluate(full)
        let statistics = self.status.current.statistics
        #expect(!statistics.isOutboxHealthy)
        #expect(statistics.outboxProblem.contains("disk"))
        #expect(statistics.outboxErrors[.append] == 1)
        #expect(try await self.outbox.transitionIDs().isEmpty)
        _ = try await self.outbox.write { try $0.execute(sql: "PRAGMA max_page_count = \(pageCount + 10000)") }
        let later = AlertingFixtures.snapshot(at: self.start.advanced(bySeconds: 2), crowd)
        await evaluator.evaluate(later)
        #expect(self.status.current.statistics.isOutboxHealthy)
        #expect(self.status.current.statistics.outboxProblem.isEmpty)
        #expect(try await self.outbox.transitionIDs().count == 200)
    }

    @Test("what began and ended while the disk was full is told, in order, when there is room again")
    func overWhileFull() async throws {
        var evaluator = self.evaluator()
        await evaluator.evaluate(self.snapshot(0, .warning))
        let pageCount = try await self.outbox.write { database in
            let count = try Int.fetchOne(database, sql: "PRAGMA page_count") ?? 0
            try database.execute(sql: "PRAGMA max_page_count = \(count)")
            return count
        }
        let crowd = [(name: "fixer", severity: LoopSeverity?.some(.warning))]
        let late = (0..<200).map { (name: "late-\($0)", severity: LoopSeverity?.some(.critical)) }
        await evaluator.evaluate(AlertingFixtures.snapshot(at: self.start.advanced(bySeconds: 1), crowd + late))
        #expect(!self.status.current.statistics.isOutboxHealthy)
        let recovered = late.map { (name: $0.name, severity: LoopSeverity?.none) }
        await evaluator.evaluate(AlertingFixtures.snapshot(at: self.start.advanced(bySeconds: 2), crowd + recovered))
        #expect(self.status.current.alerts.map { $0.subject.pod?.name } == ["fixer"])
        #expect(try await self.outbox.transitionIDs().count == 1)

        _ = try await self.outbox.write { try $0.execute(sql: "PRAGMA max_page_count = \(pageCount + 10000)") }
        await evaluator.evaluate(self.snapshot(3, .warning))
        #expect(self.status.current.statistics.isOutboxHealthy)
        let kinds = Dictionary(grouping: try await self.outbox.openDeliveries(limit: 1000)) { $0.alertID }
            .mapValues { $0.map(\.kind) }
        #expect(kinds.values.filter { $0 == ["fired", "resolved"] }.count == 200)
        #expect(kinds.values.filter { $0 == ["fired"] }.count == 1)
        #expect(kinds.count == 201)
        #expect(try await self.outbox.alerts().map { $0.subject.pod?.name } == ["fixer"])
        #expect(self.status.current.statistics.transitions.values.reduce(0, +) == 401)
    }

    @Test("alerts that come and go while the disk is full take no memory, and the outbox ends as it should")
    func comingAndGoing() async throws {
        var policy = AlertPolicy()
        policy.clearSeconds = 0
        var machine = AlertStateMachine(policy: policy)
        var unstored = UnstoredDecisions(transitionLimit: 10)
        let outbox = self.outbox
        func step(_ second: Int, _ pods: [(name: String, severity: LoopSeverity?)]) -> Int {
            let time = self.start.advanced(bySeconds: Double(second))
            return unstored.add(machine.step(AlertingFixtures.snapshot(at: time, pods)), of: machine)
        }
        func store() async throws {
            _ = try await outbox.append(
                unstored.transitions,
                changed: unstored.alerts,
                removedIDs: unstored.removedIDs,
                replacesAlerts: unstored.replacesAlerts
            ) { _ in [] }
            unstored.removeAll()
        }
        _ = step(0, [("stored", .warning), ("lasting", .warning)])
        try await store()
        #expect(try await outbox.alerts().count == 2)
        // Nothing can be stored from here.
        for second in 1...500 {
            let brief = [("brief-\(second - 1)", LoopSeverity?.none), ("brief-\(second)", .some(.warning))]
            _ = step(second, [("lasting", .warning), ("stored", nil)] + brief)
            #expect(unstored.transitions.count <= 10)
            #expect(unstored.removedIDs.count + unstored.alerts.count <= 4)
        }
        try await store()
        #expect(try await outbox.alerts().map(\.subject.pod?.name) == ["brief-500", "lasting"])
        _ = step(501, [("lasting", .warning), ("brief-500", nil)])
        #expect(!unstored.replacesAlerts)
        try await store()
        #expect(try await outbox.alerts().map(\.subject.pod?.name) == ["lasting"])
        _ = step(502, [("lasting", .warning)])
        #expect(unstored.isEmpty, "what is stored is not stored again")
    }

    @Test("of more decisions than the outbox may hold the oldest are dropped and counted")
    func tooMuchWhileFull() async throws {
        var unstored = UnstoredDecisions(transitionLimit: 3)
        let machine = AlertStateMachine()
        let lives = AlertingFixtures.life("one") + AlertingFixtures.life("two")
        #expect(unstored.add(Array(lives[..<2]), of: machine) == 0)
        #expect(unstored.add(Array(lives[2...]), of: machine) == 3)
        #expect(unstored.transitions == Array(lives[3...]))
    }

    @Test("an outbox that cannot be opened is tried again at every tick; nothing is decided before")
    func lateVolume() async throws {
        let path = self.directory.path("volume/alerts.sqlite")
        let outbox = AlertOutbox(path: path)
        var evaluator = self.evaluator(outbox)
        await evaluator.evaluate(self.snapshot(0, .warning))
        #expect(!self.status.current.statistics.isOutboxHealthy)
        #expect(self.status.current.statistics.outboxErrors[.open] == 1)
        try FileManager.default.createDirectory(
            atPath: self.directory.path("volume"),
            withIntermediateDirectories: true
        )
        await evaluator.evaluate(self.snapshot(1, .warning))
        #expect(self.status.current.statistics.isOutboxHealthy)
        #expect(try await outbox.transitionIDs().count == 1)
    }

    @Test("a silence added by another process holds from the next tick on")
    func silence() async throws {
        var evaluator = self.evaluator()
        await evaluator.evaluate(self.snapshot(0, nil))
        let silence = AlertSilence(
            id: "1",
            matchers: [LabelMatcher(name: "namespace", pattern: "agents")],
            startsAt: self.start,
            endsAt: self.start.advanced(bySeconds: 10),
            createdBy: "",
            comment: ""
        )
        try await AlertOutbox(path: self.outbox.path).add(silence, at: self.start)
        await evaluator.evaluate(self.snapshot(1, .warning))
        #expect(try await self.outbox.transitionIDs().isEmpty)
        #expect(self.status.current.alerts.map(\.displayState) == [.silenced])
        await evaluator.evaluate(self.snapshot(10, .warning))
        #expect(try await self.outbox.transitionIDs().count == 1)
    }

    @Test("what waits for a receiver that is configured no more is parked")
    func unknownReceiver() async throws {
        let transition = AlertingFixtures.life()[0]
        _ = try await self.outbox.append([transition]) { _ in ["a", "former"] }
        var evaluator = self.evaluator()
        await evaluator.evaluate(self.snapshot(0, nil))
        let open = try await self.outbox.openDeliveries(limit: 10)
        #expect(open.map { "\($0.receiver) \($0.state)" } == ["a pending", "former parked"])
        #expect(self.status.current.statistics.receivers["former"]?.parkedCount == 1)
    }
}
