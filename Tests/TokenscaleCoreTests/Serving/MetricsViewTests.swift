import Testing
import TokenscaleCore

@Suite("MetricsView, pods")
struct MetricsViewTests {
    typealias Fixture = ServingFixture

    @Test(
        "a metric selector picks type, model, profile and state",
        arguments: [
            ("", "1500"), ("profile=total", "51500"), ("profile=itpm", "1300"), ("profile=otpm", "200"),
            ("profile=scale", "1500"), ("profile in (otpm)", "200"), ("type=input", "1k"),
            ("type in (input,output)", "1200"), ("type=cacheRead", "50k"), ("type!=cacheRead", "1500"),
            ("type notin (input,cacheRead)", "500"), ("type", "51500"), ("profile=itpm,type=cacheCreation", "300"),
            ("state=active", "1500"), ("state=stuck", "7"), ("state=all", "1507"), ("state!=stuck", "1500"),
            ("state in (active,stuck)", "1507"), ("state notin (active)", "7"), ("state", "1507"),
            ("model=opus", "1500"), ("model=haiku", "0"), ("model!=opus", "0"), ("model in (opus,haiku)", "1500"),
            ("model", "1500"), ("!model", "0"), ("state=stuck,type=output", "7"), ("state=stuck,type=input", "0"),
        ]
    )
    func selects(selector: String, text: String) throws {
        var fixture = Fixture()
        let stuck = TokenCounts(input: 0, output: 7, cacheRead: 0, cacheCreation: 0)
        fixture.add("a", rates: [Fixture.rate(active: Fixture.counts, stuck: stuck)])
        #expect(try fixture.podValue(.tokensPerMinute, "a", selector) == text)
    }

    @Test(
        "a selector that can pick nothing is refused with what is allowed",
        arguments: [
            ("environment=prod", "has no label \"environment\"; select by model, profile, state, type"),
            ("state=busy", "\"state\" has no value \"busy\"; it is one of active, stuck, all"),
            ("type=cached", "\"type\" has no value \"cached\""), ("profile=rpm", "\"profile\" has no value \"rpm\""),
            ("profile in (itpm,otpm)", "select exactly one profile"), ("profile!=itpm", "select exactly one profile"),
            ("profile=otpm,type=input", "picks no token type"), ("!state", "picks nothing"),
        ]
    )
    func refuses(selector: String, part: String) {
        let message = Fixture.message {
            try MetricSelection(.tokensPerMinute, selector: LabelSelector(parsing: selector))
        }
        #expect(message.contains(part))
    }

    @Test("input and output rates count their type only")
    func types() throws {
        var fixture = Fixture()
        fixture.add("a", rates: [Fixture.rate(active: Fixture.counts)])
        #expect(try fixture.podValue(.inputTokensPerMinute, "a") == "1k")
        #expect(try fixture.podValue(.outputTokensPerMinute, "a") == "200")
    }

    @Test(
        "the burst rate is served when it is twice the stable one in several seconds",
        arguments: [
            (100, 199, 5, "100", 60), (100, 200, 5, "200", 15), (100, 200, 3, "200", 15), (100, 200, 2, "100", 60),
            (100, 400, 1, "100", 60), (0, 0, 0, "0", 60), (100, 0, 0, "100", 60),
        ]
    )
    func burst(stable: Int64, burst: Int64, seconds: Int, text: String, window: Int) throws {
        var fixture = Fixture()
        let active = TokenCounts(input: stable, output: 0, cacheRead: 0, cacheCreation: 0)
        let fast = TokenCounts(input: burst, output: 0, cacheRead: 0, cacheCreation: 0)
        fixture.add("a", rates: [Fixture.rate(active: active, burst: fast)], burstSecondCount: seconds)
        let selection = try MetricSelection(.tokensPerMinute)
        let value = try fixture.view()
            .podValue(.tokensPerMinute, pod: PodID(namespace: "demo", name: "a"), selection: selection)
        #expect(value.quantity.text == text)
        #expect(value.windowSeconds == window)
        #expect(value.timestamp == Fixture.time)
    }

    @Test("stuck sessions have no burst: with them the stable rate is served")
    func burstOfAll() throws {
        var fixture = Fixture()
        let burst = TokenCounts(input: 90_000, output: 0, cacheRead: 0, cacheCreation: 0)
        fixture.add("a", rates: [Fixture.rate(active: Fixture.counts, burst: burst)], burstSecondCount: 9)
        #expect(try fixture.podValue(.tokensPerMinute, "a") == "90k")
        #expect(try fixture.podValue(.tokensPerMinute, "a", "state=all") == "1500")
    }

    @Test("an idle pod is 0, an unknown one is left out")
    func idleAndUnknown() throws {
        var fixture = Fixture()
        fixture.add("idle", state: .idle)
        fixture.add("silent", state: .unknown(.sessionSilent))
        fixture.add("new", state: .unknown(.windowNotCovered))
        fixture.list("quiet")
        let selection = try MetricSelection(.tokensPerMinute)
        let answer = try fixture.view()
            .podValues(.tokensPerMinute, namespace: "demo", labels: .everything, selection: selection)
        #expect(answer.values.map(\.pod.name) == ["idle"])
        #expect(answer.values.first?.value.quantity.milli == 0)
        #expect(answer.leftOut.map(\.pod.name) == ["new", "quiet", "silent"])
        #expect(
            answer.leftOut.map(\.reason) == [.unknown(.windowNotCovered), .noTelemetry, .unknown(.sessionSilent)]
        )
        #expect(Fixture.message { try fixture.podValue(.tokensPerMinute, "silent") }.contains("fell silent"))
    }

    @Test("only live pods that match the selector appear")
    func membership() throws {
        var fixture = Fixture()
        for name in ["a", "b", "gone", "ending", "failed", "web", "unlisted"] {
            fixture.add(name, rates: [Fixture.rate(active: Fixture.counts)], isListed: false)
        }
        fixture.add("other", namespace: "prod", rates: [Fixture.rate(active: Fixture.counts)])
        fixture.list("a")
        fixture.list("b")
        fixture.list("ending") { $0.isTerminating = true }
        fixture.list("failed") { $0.phase = .failed }
        fixture.list("web", app: "web")
        let selection = try MetricSelection(.tokensPerMinute)
        let view = fixture.view()
        let labels = try LabelSelector(parsing: "app=agent")
        let answer = try view.podValues(.tokensPerMinute, namespace: "demo", labels: labels, selection: selection)
        #expect(answer.values.map(\.pod.name) == ["a", "b"])
        let all = try view.podValues(.tokensPerMinute, namespace: "demo", labels: .everything, selection: selection)
        #expect(all.values.map(\.pod.name) == ["a", "b", "web"])
        #expect(Fixture.message { try fixture.podValue(.tokensPerMinute, "gone") }.contains("no such pod"))
        #expect(Fixture.message { try fixture.podValue(.tokensPerMinute, "ending") }.contains("does not list it"))
    }

    @Test("without a directory, pods and labels are those of telemetry")
    func withoutDirectory() throws {
        var fixture = Fixture()
        fixture.isSynced = false
        fixture.add("a", rates: [Fixture.rate(active: Fixture.counts)], isListed: false) { $0.labels = ["app": "x"] }
        fixture.add("b", isListed: false)
        let selection = try MetricSelection(.tokensPerMinute)
        let labels = try LabelSelector(parsing: "app=x")
        let answer = try fixture.view()
            .podValues(.tokensPerMinute, namespace: "demo", labels: labels, selection: selection)
        #expect(answer.values.map(\.pod.name) == ["a"])
    }

    @Test("a selector that cannot be evaluated is an error, not an empty answer")
    func withoutLabels() throws {
        var fixture = Fixture()
        fixture.isSynced = false
        fixture.add("a", isListed: false)
        let selection = try MetricSelection(.tokensPerMinute)
        let labels = try LabelSelector(parsing: "app=x")
        let view = fixture.view()
        let message = Fixture.message {
            try view.podValues(.tokensPerMinute, namespace: "demo", labels: labels, selection: selection)
        }
        #expect(message.contains("only an empty selector matches"))
        let all = try view.podValues(.tokensPerMinute, namespace: "demo", labels: .everything, selection: selection)
        #expect(all.values.count == 1)
    }

    @Test("sessions, turns and busy pods count what is not stuck unless asked")
    func sessions() throws {
        var fixture = Fixture()
        fixture.add("a", state: .active) { pod in
            var working = SessionSnapshot(id: "1")
            working.isLive = true
            working.hasOpenTurn = true
            working.model = "opus"
            var waiting = SessionSnapshot(id: "2")
            waiting.isLive = true
            waiting.model = "haiku"
            var stuck = SessionSnapshot(id: "3")
            stuck.isLive = true
            stuck.hasOpenTurn = true
            stuck.isStuck = true
            var ended = SessionSnapshot(id: "4")
            ended.model = "opus"
            pod.sessions = [working, waiting, stuck, ended]
        }
        fixture.add("stuck") { pod in
            var session = SessionSnapshot(id: "5")
            session.isLive = true
            session.hasOpenTurn = true
            session.isStuck = true
            pod.sessions = [session]
        }
        #expect(try fixture.podValue(.activeSessions, "a") == "2")
        #expect(try fixture.podValue(.activeSessions, "a", "model=opus") == "1")
        #expect(try fixture.podValue(.activeSessions, "a", "state=all") == "3")
        #expect(try fixture.podValue(.openTurns, "a") == "1")
        #expect(try fixture.podValue(.openTurns, "a", "state=stuck") == "1")
        #expect(try fixture.podValue(.busyPods, "a") == "1")
        #expect(try fixture.podValue(.busyPods, "stuck") == "0")
        #expect(try fixture.podValue(.busyPods, "stuck", "state=stuck") == "1")
    }

    @Test("a collector that hangs serves nothing")
    func staleSnapshot() throws {
        var fixture = Fixture()
        fixture.add("a")
        let selection = try MetricSelection(.tokensPerMinute)
        let pod = PodID(namespace: "demo", name: "a")
        let late = fixture.view(at: Fixture.time.advanced(bySeconds: 16))
        let message = Fixture.message { try late.podValue(.tokensPerMinute, pod: pod, selection: selection) }
        #expect(message.contains("has not counted for 16 s"))
        let soon = fixture.view(at: Fixture.time.advanced(bySeconds: 15))
        #expect(try soon.podValue(.tokensPerMinute, pod: pod, selection: selection).quantity.milli == 0)
        fixture.snapshot.sequence = 0
        #expect(Fixture.message { try fixture.podValue(.tokensPerMinute, "a") }.contains("just started"))
    }

    @Test("what overflows is clamped, so that the HPA's sum does not")
    func clamps() throws {
        var fixture = Fixture()
        let huge = TokenCounts(input: .max, output: .max, cacheRead: 0, cacheCreation: 0)
        fixture.add("a", rates: [Fixture.rate(active: huge)])
        #expect(try fixture.podValue(.tokensPerMinute, "a") == Quantity.maximum.text)
        fixture.addQueue("q", 1e300, pod: "a")
        #expect(try fixture.podValue(.queueDepth, "a") == Quantity.countMaximum.text)
    }
}
