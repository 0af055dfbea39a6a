import Foundation
import Gzip
import HTTPTypes
import MetricsAPI
import Testing
import TokenscaleCore

@Suite("Exposition")
struct ExpositionTests {
    /// Prometheus 3.12 and 2.42, as captured.
    static let prometheus3 =
        "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;"
        + "version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
        + "text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
    static let prometheus2 =
        "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
        + "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"

    /// The fleet of the golden files: everything that has a series, with names that need escaping.
    static func fleet() -> Fleet {
        var fleet = Fleet.recorded
        let stuck = TokenCounts(input: 10, output: 20, cacheRead: 30, cacheCreation: 40)
        fleet.add("looping", stuck: stuck, workload: "agents", model: "claude-haiku-4-5")
        fleet.add("idle", namespace: "prod", state: .idle, workload: "\\ \"quoted\"\n")
        fleet.add("silent", namespace: "prod", active: stuck, state: .unknown(.sessionSilent))
        var finding = LoopFinding(
            severity: .critical,
            pattern: .identicalAction,
            onset: Fleet.time,
            lastEvidence: Fleet.time
        )
        finding.score = 12
        var session = SessionSnapshot(id: "s-1")
        session.isLive = true
        session.hasOpenTurn = true
        session.isStuck = true
        session.finding = finding
        let index = fleet.snapshot.pods.firstIndex { $0.id.name == "looping" } ?? 0
        fleet.snapshot.pods[index].sessions = [session]
        // One that is not confirmed, and one for detail views only.
        var possible = SessionSnapshot(id: "s-2")
        possible.finding = LoopFinding(
            severity: .warning,
            pattern: .silentTurn,
            onset: Fleet.time,
            lastEvidence: Fleet.time
        )
        possible.finding?.isPossible = true
        var suspicion = possible
        suspicion.finding?.severity = .info
        let silent = fleet.snapshot.pods.firstIndex { $0.id.name == "silent" } ?? 0
        fleet.snapshot.pods[silent].sessions = [possible, suspicion]
        fleet.addQueue("old", depth: 7, pod: "looping", isStale: true)
        fleet.snapshot.queues.sort { ($0.namespace, $0.queue) < ($1.namespace, $1.queue) }
        return fleet
    }

    /// Families of other parts of the program: each kind once.
    private static let additional: [MetricFamily] = [
        MetricFamily("tokenscale_test_requests", .counter, "Requests.", samples: [.init(3, [("code", "200")])]),
        MetricFamily("tokenscale_test_ratio", .gauge, "A fraction.", samples: [.init(0.25)]),
        MetricFamily(
            "tokenscale_test_duration_seconds",
            .histogram,
            "Durations.",
            samples: MetricFamily.Sample.histogram(bounds: [0.1, 1], counts: [2, 1, 1], sum: 4.5, labels: [])
        ),
    ]

    static func exposition(
        _ fleet: Fleet,
        snapshots: SnapshotStore? = nil,
        clock: TestClock = TestClock(Fleet.time),
        configuration: MetricsExposition.Configuration = .init()
    ) -> MetricsExposition {
        var serving = ServingConfiguration()
        serving.organisationLimits = [
            OrganisationLimit(model: "claude-opus-*", profile: .itpm, tokensPerMinute: 1_000_000)
        ]
        let served = ServedValueLog(limit: 10)
        return MetricsExposition(
            configuration: configuration,
            serving: serving,
            snapshots: snapshots ?? SnapshotStore(fleet.snapshot),
            directories: PodDirectoryStore(fleet.directory),
            statistics: APIStatistics(),
            servedValues: served,
            version: "0.1.0",
            now: { clock.now },
            additional: { Self.additional }
        )
    }

    static func text(
        _ exposition: MetricsExposition,
        accept: String? = nil,
        scraper: String? = nil
    ) -> String {
        var headers: HTTPFields = [:]
        headers[.accept] = accept
        if let scraper {
            headers[.userAgent] = scraper
            if let name = HTTPField.Name("X-Prometheus-Scrape-Timeout-Seconds") { headers[name] = "10" }
        }
        let call = HTTPCall(target: "/metrics", headers: headers, peer: PeerAddress(text: "10.0.0.9"))
        return String(decoding: exposition.respond(call).body, as: UTF8.self)
    }

    /// Without what differs from run to run.
    static func stable(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false)
            .filter { !$0.contains("process_") && !$0.contains("tokenscale_scrape_render_seconds") }
            .joined(separator: "\n")
    }

    @Test("the text is the golden one", arguments: ["text", "openmetrics"])
    func golden(name: String) throws {
        let accept = name == "text" ? "text/plain;version=0.0.4" : Self.prometheus3
        let text = Self.stable(Self.text(Self.exposition(Self.fleet()), accept: accept))
        let url = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "Resources/golden/\(name).txt")
        if ProcessInfo.processInfo.environment["TOKENSCALE_UPDATE_GOLDEN"] == "1" {
            try FileManager.default
                .createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try text.write(to: url, atomically: true, encoding: .utf8)
        }
        let golden = try String(contentsOf: url, encoding: .utf8)
        #expect(text == golden, "run with TOKENSCALE_UPDATE_GOLDEN=1 after a deliberate change")
    }

    @Test(
        "the format is negotiated by quality",
        arguments: [
            (nil, "text/plain; version=0.0.4; charset=utf-8"),
            (prometheus3, "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=allow-utf-8"),
            (prometheus2, "application/openmetrics-text; version=1.0.0; charset=utf-8"),
            ("text/plain;version=0.0.4;q=1,*/*;q=0.1", "text/plain; version=0.0.4; charset=utf-8"),
            ("application/openmetrics-text;q=0.2,text/plain;q=0.9", "text/plain; version=0.0.4; charset=utf-8"),
            ("application/openmetrics-text;version=2.0.0", "text/plain; version=0.0.4; charset=utf-8"),
            ("text/html,application/xhtml+xml,*/*;q=0.8", "text/plain; version=0.0.4; charset=utf-8"),
            ("application/openmetrics-text;q=0", "text/plain; version=0.0.4; charset=utf-8"),
        ]
    )
    func negotiates(accept: String?, contentType: String) {
        var headers: HTTPFields = [:]
        headers[.accept] = accept
        let reply = Self.exposition(Self.fleet()).respond(HTTPCall(target: "/metrics", headers: headers))
        #expect(reply.headers[.contentType] == contentType)
        let isOpenMetrics = contentType.hasPrefix("application/openmetrics")
        #expect(String(decoding: reply.body, as: UTF8.self).hasSuffix("# EOF\n") == isOpenMetrics)
    }

    @Test("gzip is used when the client takes it")
    func gzip() throws {
        let exposition = Self.exposition(Self.fleet())
        let plain = exposition.respond(HTTPCall(target: "/metrics"))
        #expect(plain.headers[.contentEncoding] == nil)
        for value in ["gzip", "deflate, gzip;q=0.5", "*"] {
            let reply = exposition.respond(HTTPCall(target: "/metrics", headers: [.acceptEncoding: value]))
            #expect(reply.headers[.contentEncoding] == "gzip")
            var body: [UInt8] = []
            try Gzip.decompress(reply.body, limit: 1 << 20, into: &body)
            #expect(String(decoding: body, as: UTF8.self).contains("claude_tokens_total{"))
        }
        for value in ["identity", "gzip;q=0", "br"] {
            let reply = exposition.respond(HTTPCall(target: "/metrics", headers: [.acceptEncoding: value]))
            #expect(reply.headers[.contentEncoding] == nil)
        }
    }

    @Test("every series is explained in the documentation")
    func isDocumented() throws {
        let root = URL(filePath: #filePath).appending(path: "../../..").standardizedFileURL
        let page = root.appending(path: "Sources/tokenscale/Documentation.docc/Metrics.md")
        let documentation = try String(contentsOf: page, encoding: .utf8)
        let families = Self.text(Self.exposition(Self.fleet())).split(separator: "\n")
            .filter { $0.hasPrefix("# TYPE ") }
            .compactMap { $0.split(separator: " ").dropFirst(2).first.map(String.init) }
        #expect(families.count > 40)
        for family in families where !family.hasPrefix("tokenscale_test_") {
            #expect(documentation.contains("`\(family)"), "\(family)")
        }
    }

    // MARK: Counters are born at 0

    private static func total(_ text: String) -> Int64? {
        let prefix = "claude_tokens_total{namespace=\"demo\",pod=\"new\",model=\"claude-opus-4-8\",type=\"input\"} "
        let line = text.split(separator: "\n").first { $0.hasPrefix(prefix) }
        return line.flatMap { Int64($0.dropFirst(prefix.count)) }
    }

    @Test("a scraper that was here before sees a new counter at 0 first, and misses nothing")
    func bornAtZero() {
        var fleet = Fleet.recorded
        let store = SnapshotStore(fleet.snapshot)
        let exposition = Self.exposition(fleet, snapshots: store)
        #expect(Self.total(Self.text(exposition, scraper: "Prometheus/3.0")) == nil)
        fleet.add("new", active: TokenCounts(input: 500, output: 0, cacheRead: 0, cacheCreation: 0))
        let index = fleet.snapshot.counters.firstIndex { $0.pod.name == "new" } ?? 0
        fleet.snapshot.counters[index].birthSequence = 101
        fleet.snapshot.sequence = 101
        store.publish(fleet.snapshot)
        var increase: Int64 = 0
        var last: Int64?
        for step in 0..<4 {
            if step > 0 {
                fleet.snapshot.sequence += 1
                fleet.snapshot.counters[index].total.input += 10
                store.publish(fleet.snapshot)
            }
            let value = Self.total(Self.text(exposition, scraper: "Prometheus/3.0"))
            if step == 0 { #expect(value == 0) }
            if let value, let last { increase += value - last }
            last = value
        }
        #expect(increase == 530)
        // People, other scrapers and a scraper's first visit see the ledger itself.
        #expect(Self.total(Self.text(exposition)) == 530)
        #expect(Self.total(Self.text(exposition, scraper: "vmagent")) == 530)
    }

    @Test("a scraper that missed several snapshots still sees 0 once")
    func missedSnapshots() {
        var fleet = Fleet.recorded
        let store = SnapshotStore(fleet.snapshot)
        let exposition = Self.exposition(fleet, snapshots: store)
        _ = Self.text(exposition, scraper: "Prometheus/3.0")
        fleet.add("new", active: TokenCounts(input: 500, output: 0, cacheRead: 0, cacheCreation: 0))
        let index = fleet.snapshot.counters.firstIndex { $0.pod.name == "new" } ?? 0
        fleet.snapshot.counters[index].birthSequence = 105
        fleet.snapshot.sequence = 130
        store.publish(fleet.snapshot)
        #expect(Self.total(Self.text(exposition, scraper: "Prometheus/3.0")) == 0)
        #expect(Self.total(Self.text(exposition, scraper: "Prometheus/3.0")) == 500)
    }

    @Test("the table of scrapers is bounded, and an old visit counts for nothing")
    func scraperTable() {
        let fleet = Fleet.recorded
        let clock = TestClock(Fleet.time)
        var configuration = MetricsExposition.Configuration()
        configuration.scraperLimit = 4
        let exposition = Self.exposition(fleet, clock: clock, configuration: configuration)
        for index in 0..<20 {
            clock.advance(bySeconds: 1)
            _ = Self.text(exposition, scraper: "scraper-\(index)")
        }
        #expect(Self.text(exposition).contains("tokenscale_known_scrapers 4\n"))
    }

    @Test("pods beyond the limit share one series, and the sum stays right")
    func folds() {
        var fleet = Fleet()
        for index in 0..<10 {
            let counts = TokenCounts(input: 10, output: 0, cacheRead: 0, cacheCreation: 0)
            fleet.add("pod-\(index)", active: counts)
        }
        var configuration = MetricsExposition.Configuration()
        configuration.podsPerNamespaceLimit = 4
        let text = Self.text(Self.exposition(fleet, configuration: configuration))
        let lines = text.split(separator: "\n")
        for family in ["claude_tokens_total{", "claude_tokens_per_minute{"] {
            let inputs = lines.filter { $0.hasPrefix(family) && $0.contains("type=\"input\"") }
            #expect(inputs.count == 5)
            #expect(inputs.compactMap { Int64($0.split(separator: " ").last ?? "") }.reduce(0, +) == 100)
            #expect(inputs.contains { $0.contains("pod=\"other\"") && $0.hasSuffix(" 60") })
        }
        #expect(lines.contains("claude_scale_tokens_per_minute{namespace=\"demo\",pod=\"other\"} 60"))
        #expect(lines.contains("tokenscale_series_limited_pods 6"))
    }
}
