import CurlHTTP
import Foundation
import MetricsAPI
import Testing
import TokenscaleCore

@Suite("Pages")
struct PagesTests {
    private static func withPages(
        _ fleet: Fleet,
        checks: [HealthCheck] = [],
        _ body: @Sendable (_ get: @Sendable (String) async throws -> (Int, String, HTTPResponse)) async throws -> Void
    ) async throws {
        let store = SnapshotStore(fleet.snapshot)
        let server = MetricsServer(
            configuration: ListenerConfiguration(name: "metrics", host: "127.0.0.1", port: 0),
            serving: .init(),
            exposition: ExpositionTests.exposition(fleet, snapshots: store),
            snapshots: store,
            directories: PodDirectoryStore(fleet.directory),
            readiness: { checks },
            version: "0.1.0",
            now: { Fleet.time },
            logger: .silent
        )
        let client = HTTPClient(.init(userAgent: "test", proxy: .direct))
        try await withServer(server, bound: server.bound) { port in
            try await body { path in
                let response = try await client.send(HTTPRequest(url: "http://127.0.0.1:\(port)\(path)"))
                return (response.status, String(decoding: response.body, as: UTF8.self), response)
            }
        }
    }

    private static func json(_ text: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    @Test("the status page shows the fleet and escapes every name")
    func statusPage() async throws {
        var fleet = ExpositionTests.fleet()
        fleet.add("<script>alert(1)</script>", workload: "\"><img src=x>")
        // U+0600 forms one character with what follows it.
        fleet.add("\u{600}<script>alert(2)</script>", workload: "\u{600}<img src=x>")
        let checks = [HealthCheck(name: "pods", fault: "<b>not synced</b>")]
        try await Self.withPages(fleet, checks: checks) { get in
            let (status, html, response) = try await get("/")
            #expect(status == 200)
            #expect(response.head.headers.value(of: "content-type") == "text/html; charset=utf-8")
            #expect(html.contains("agents-84c88bcf9b-c4v7f"))
            #expect(html.contains("identical_action"))
            #expect(html.contains("unknown: session_silent"))
            #expect(html.contains("&lt;script&gt;alert(1)&lt;/script&gt;"))
            #expect(html.contains("&lt;b&gt;not synced&lt;/b&gt;"))
            #expect(!html.contains("<script"))
            #expect(!html.contains("<img"))
        }
    }

    @Test("the status page shows what autoscalers are told, and hides columns rather than overflow")
    func statusTable() async throws {
        try await Self.withPages(ExpositionTests.fleet()) { get in
            let html = try await get("/").1
            let snapshot = try Self.json(try await get("/api/v1/snapshot").1)
            let pods = try #require(snapshot["pods"] as? [[String: Any]])
            let told = pods.reduce(0) { $0 + ($1["servedTokensPerMinute"] as? Double ?? 0) }
            let text = html.replacing("\u{2009}", with: "")
            #expect(text.contains("<b>\(Int64(told))</b><span>tokens / min</span>"))
            #expect(html.contains("<th class=\"n w3\">cache read</th>"))
            #expect(html.contains("@media(max-width:1299px){.w3{display:none}"))
            #expect(html.components(separatedBy: "A wider window shows more columns.").count == 4)
        }
    }

    @Test(
        "numbers at the ends of their ranges are shown",
        arguments: [
            "/", "/metrics", "/api/v1/snapshot", "/api/v1/sessions", "/api/v1/explain?namespace=demo&name=agents",
            "/api/v1/explain?namespace=demo&name=agents&metric=claude_queue_depth&target=1T",
        ]
    )
    func extremes(path: String) async throws {
        var fleet = Fleet()
        fleet.addWorkload("Deployment", "agents")
        let most = TokenCounts(input: .max, output: .max, cacheRead: .max, cacheCreation: .max)
        for name in ["a", "b"] {
            fleet.add(name, active: most, stuck: most)
            for queue in ["p", "q"] { fleet.addQueue(queue, depth: 1.7e308, pod: name) }
            fleet.addQueue(name, depth: 1.7e308)
        }
        for index in fleet.snapshot.pods.indices {
            var session = SessionSnapshot(id: "s")
            session.total = most
            session.costMicroUSD = .max
            session.rate = most
            var finding = LoopFinding(
                severity: .critical,
                pattern: .identicalAction,
                onset: Fleet.time.advanced(bySeconds: -300),
                lastEvidence: Fleet.time
            )
            finding.tokens = most
            finding.costMicroUSD = .max
            session.finding = finding
            session.isStuck = true
            fleet.snapshot.pods[index].sessions = [session]
        }
        fleet.snapshot.statistics.driftTokens = .max
        try await Self.withPages(fleet) { get in
            let (status, text, _) = try await get(path)
            #expect(status == 200, "\(text)")
            if path.hasPrefix("/api") { _ = try Self.json(text) }
        }
    }

    @Test("the status page of an empty collector says so")
    func emptyPage() async throws {
        try await Self.withPages(Fleet()) { get in
            let html = try await get("/").1
            #expect(html.contains("No telemetry has arrived."))
            #expect(html.contains("No queue depth was reported."))
        }
    }

    @Test("the snapshot as JSON holds pods, queues and findings")
    func snapshot() async throws {
        try await Self.withPages(ExpositionTests.fleet()) { get in
            let root = try Self.json(try await get("/api/v1/snapshot").1)
            let pods = try #require(root["pods"] as? [[String: Any]])
            #expect(pods.count == 5)
            #expect(pods[0]["servedTokensPerMinute"] as? Double == 250_500)
            #expect(pods[4]["state"] as? String == "unknown")
            #expect(pods[4]["servedTokensPerMinute"] is NSNull)
            #expect((root["queues"] as? [[String: Any]])?.count == 3)
            let sessions = try Self.json(try await get("/api/v1/sessions?namespace=demo&pod=looping").1)
            let list = try #require(sessions["sessions"] as? [[String: Any]])
            #expect(list.count == 1)
            #expect((list[0]["finding"] as? [String: Any])?["pattern"] as? String == "identical_action")
            let none = try Self.json(try await get("/api/v1/sessions?namespace=prod&pod=idle").1)
            #expect((none["sessions"] as? [Any])?.isEmpty == true)
        }
    }

    @Test("explain tells value, window, pods, excluded sessions, left-out pods and the replica count")
    func explain() async throws {
        var fleet = ExpositionTests.fleet()
        fleet.addWorkload("Deployment", "quiet", namespace: "demo", app: "none")
        try await Self.withPages(fleet) { get in
            let query = "/api/v1/explain?namespace=demo&name=agents"
            let root = try Self.json(try await get("\(query)&target=100k&replicas=3").1)
            #expect(root["value"] as? String == "501k")
            #expect(root["windowSeconds"] as? Int == 60)
            #expect(root["kind"] as? String == "Deployment")
            #expect(root["excludedStuckSessions"] as? Int == 1)
            let replicas = try #require(root["replicas"] as? [String: Any])
            #expect(replicas["current"] as? Int == 3)
            #expect(replicas["proposed"] as? Int == 6)
            #expect((replicas["formula"] as? String)?.contains("mean 167k of 3 pods / target 100k") == true)
            let unknown = try Self.json(try await get("/api/v1/explain?namespace=prod").1)
            #expect(unknown["value"] is NSNull)
            #expect((unknown["error"] as? String)?.contains("silent") == true)
            let pods = try #require(unknown["pods"] as? [[String: Any]])
            #expect(pods.compactMap { $0["leftOut"] as? String } == ["session_silent"])
            let quiet = try Self.json(try await get("/api/v1/explain?namespace=demo&name=quiet").1)
            #expect(quiet["value"] as? String == "0")
        }
    }

    @Test(
        "a question that makes no sense is answered with what to ask",
        arguments: [
            ("", 400, "say of which namespace"), ("?namespace=demo&name=nope", 404, "nothing named nope"),
            ("?namespace=demo&name=agnets", 404, "did you mean agents?"),
            ("?namespace=demo&name=agnets&kind=deployment", 404, "no deployments.apps agnets is known in namespace"),
            ("?namespace=dmo", 404, "nothing is known of namespace dmo: no pod, no telemetry; did you mean demo?"),
            ("?namespace=agents", 404, "did you mean demo/agents or prod/agents?"),
            ("?namespace=prod&name=looping", 404, "did you mean demo/looping?"),
            ("?namespace=demo&name=old", 404, "it is a queue"),
            ("?namespace=demo&metric=nope", 404, "it serves claude_tokens_per_minute"),
            ("?namespace=demo&target=many", 400, "is no target"), ("?namespace=demo&kind=Secret", 400, "one of Pod"),
            ("?namespace=demo&metricLabelSelector=a%3D%3D%3Db", 400, "expected: identifier"),
            ("?namespace=demo&replicas=-1", 400, "no number of replicas"),
        ]
    )
    func badQuestions(query: String, status: Int, part: String) async throws {
        try await Self.withPages(ExpositionTests.fleet()) { get in
            let answer = try await get("/api/v1/explain\(query)")
            #expect(answer.0 == status)
            #expect(answer.1.contains(part))
        }
    }

    @Test("other paths and methods are refused")
    func otherPaths() async throws {
        try await Self.withPages(Fleet()) { get in
            for (path, status) in [("/nope", 404), ("/metrics", 200)] {
                let answer = try await get(path)
                #expect(answer.0 == status)
            }
        }
    }

    @Test("health: live always, ready only when every check is well")
    func health() async throws {
        let faults = [HealthCheck(name: "pods", fault: "not synced yet"), HealthCheck(name: "snapshot")]
        let degraded = [HealthCheck(name: "outbox", fault: "disk full", isRequired: false)]
        let cases = [
            ([HealthCheck(name: "snapshot")], 200, "[+]snapshot ok\nreadyz check passed\n"),
            (degraded, 200, "[!]outbox degraded: disk full\nreadyz check passed\n"),
            (faults, 500, "[-]pods failed: not synced yet\n[+]snapshot ok\nreadyz check failed\n"),
        ]
        for (checks, status, wanted) in cases {
            let server = HealthServer(
                configuration: ListenerConfiguration(name: "health", host: "127.0.0.1", port: 0),
                readiness: { checks },
                now: { Fleet.time },
                logger: .silent
            )
            let client = HTTPClient(.init(userAgent: "test", proxy: .direct))
            try await withServer(server, bound: server.bound) { port in
                let root = "http://127.0.0.1:\(port)"
                for path in ["/livez", "/healthz"] {
                    let response = try await client.send(HTTPRequest(url: root + path))
                    #expect(response.status == 200)
                    #expect(response.body == Array("ok".utf8))
                }
                let ready = try await client.send(HTTPRequest(url: "\(root)/readyz?verbose"))
                #expect(ready.status == status)
                #expect(String(decoding: ready.body, as: UTF8.self) == "[+]ping ok\n" + wanted)
                let other = try await client.send(HTTPRequest(url: "\(root)/other"))
                #expect(other.status == 404)
            }
        }
    }
}
