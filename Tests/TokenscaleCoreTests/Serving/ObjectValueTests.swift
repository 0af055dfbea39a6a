import Testing
import TokenscaleCore

@Suite("MetricsView, objects and external metrics")
struct ObjectValueTests {
    typealias Fixture = ServingFixture

    private static func fleet() -> Fixture {
        var fixture = Fixture()
        fixture.add("a", rates: [Fixture.rate(active: Fixture.counts)])
        fixture.add("b", rates: [Fixture.rate(active: Fixture.counts)])
        let selector = LabelSelector(requirements: [.init(key: "app", operation: .isIn(["agent"]))])
        for (kind, name) in [("Deployment", "agents"), ("Service", "front"), ("StatefulSet", "empty")] {
            let id = WorkloadID(namespace: "demo", kind: kind, name: name)
            let found =
                name == "empty" ? LabelSelector(requirements: [.init(key: "none", operation: .exists)]) : selector
            fixture.workloads.append(WorkloadRecord(id: id, selector: found, replicas: 2))
        }
        return fixture
    }

    @Test(
        "an object is the sum over its pods",
        arguments: [
            (ObjectKind.deployment, "agents", "3k"), (.service, "front", "3k"), (.namespace, "demo", "3k"),
            (.node, "node-1", "3k"), (.node, "node-2", "0"), (.statefulSet, "empty", "0"), (.pod, "a", "1500"),
            (.namespace, "nothing", "0"),
        ]
    )
    func sums(kind: ObjectKind, name: String, text: String) throws {
        let value = try Self.fleet().objectValue(.tokensPerMinute, kind, name)
        #expect(value.quantity.text == text)
        #expect(value.windowSeconds == 60)
    }

    @Test("an object that does not exist is an error")
    func missing() {
        let fixture = Self.fleet()
        for (kind, name) in [
            (ObjectKind.deployment, "nope"), (.service, "nope"), (.pod, "nope"), (.job, "nope"), (.ingress, "nope"),
            (.horizontalPodAutoscaler, "nope"), (ObjectKind("Rollout", group: "argoproj.io"), "nope"),
        ] {
            let message = Fixture.message { try fixture.objectValue(.tokensPerMinute, kind, name) }
            #expect(message.contains("nope"), "\(kind)")
        }
    }

    @Test("a pod that is not known makes the sum unknown, and is named")
    func unknownPart() {
        var fixture = Self.fleet()
        fixture.add("silent", state: .unknown(.sessionSilent))
        let message = Fixture.message { try fixture.objectValue(.tokensPerMinute, .deployment, "agents") }
        #expect(message.contains("1 of 3 pods are not known: silent (a session has an open turn and fell silent)"))
        #expect(ServingError.notKnown(message).isRetryable)
    }

    @Test("a pod that never sent telemetry adds nothing, unless the collector just started")
    func silentPod() throws {
        var fixture = Self.fleet()
        fixture.list("web") { $0.created = Fixture.time.advanced(bySeconds: -3000) }
        #expect(try fixture.objectValue(.tokensPerMinute, .namespace, "demo").quantity.text == "3k")
        fixture.snapshot.startTime = Fixture.time.advanced(bySeconds: -59)
        let message = Fixture.message { try fixture.objectValue(.tokensPerMinute, .namespace, "demo") }
        #expect(message.contains("web (not heard of since the collector started)"))
        fixture.records[fixture.records.count - 1].created = Fixture.time.advanced(bySeconds: -10)
        #expect(try fixture.objectValue(.tokensPerMinute, .namespace, "demo").quantity.text == "3k")
    }

    @Test("without a directory a sum is not known until pods had the time to report")
    func coverage() throws {
        var fixture = Self.fleet()
        fixture.isSynced = false
        #expect(try fixture.objectValue(.tokensPerMinute, .deployment, "agents").quantity.text == "3k")
        fixture.snapshot.startTime = Fixture.time.advanced(bySeconds: -20)
        let message = Fixture.message { try fixture.objectValue(.tokensPerMinute, .deployment, "agents") }
        #expect(message.contains("started 20 s ago"))
    }

    @Test("many unknown pods are counted, few are named")
    func namesFew() {
        var fixture = Self.fleet()
        for index in 0..<20 { fixture.add("silent-\(index + 10)", state: .unknown(.sessionSilent)) }
        let message = Fixture.message { try fixture.objectValue(.tokensPerMinute, .deployment, "agents") }
        #expect(message.contains("20 of 22 pods"))
        #expect(message.contains("and 15 more"))
        #expect(message.utf8.count < 1000)
    }

    @Test("the sum's window is short only when all that add something are in a burst")
    func window() throws {
        var fixture = Fixture()
        let burst = TokenCounts(input: 9000, output: 0, cacheRead: 0, cacheCreation: 0)
        let rate = Fixture.rate(active: Fixture.counts, burst: burst)
        fixture.add("a", rates: [rate], burstSecondCount: 5)
        fixture.add("idle", state: .idle)
        #expect(try fixture.objectValue(.tokensPerMinute, .namespace, "demo").windowSeconds == 15)
        fixture.add("b", rates: [Fixture.rate(active: Fixture.counts)])
        let value = try fixture.objectValue(.tokensPerMinute, .namespace, "demo")
        #expect(value.windowSeconds == 60)
        #expect(value.quantity.text == "10500")
    }

    // MARK: Queues

    @Test("queue depth: own of a pod, all of a namespace, one item each outside")
    func queues() throws {
        var fixture = Self.fleet()
        fixture.addQueue("work", 5, pod: "a")
        fixture.addQueue("work", 2, ageSeconds: 30)
        #expect(try fixture.podValue(.queueDepth, "a") == "5")
        #expect(Fixture.message { try fixture.podValue(.queueDepth, "b") }.contains("reports no queue depth"))
        let sum = try fixture.objectValue(.queueDepth, .namespace, "demo")
        #expect(sum.quantity.text == "7")
        #expect(sum.timestamp == Fixture.time.advanced(bySeconds: -30))
        #expect(sum.windowSeconds == nil)
        #expect(try fixture.objectValue(.queueDepth, .deployment, "agents").quantity.text == "5")
        let selection = try MetricSelection(.queueDepth, isExternal: true)
        let items = try fixture.view().externalValues(.queueDepth, namespace: "demo", selection: selection)
        #expect(items.map(\.labels) == [["queue": "work", "pod": "a"], ["queue": "work"]])
    }

    @Test("a stale, unreported or unmatched queue is not known")
    func staleQueue() throws {
        var fixture = Self.fleet()
        #expect(
            Fixture.message { try fixture.objectValue(.queueDepth, .namespace, "demo") }
                .contains("no queue depth has been reported in namespace demo")
        )
        fixture.addQueue("work", 5, ageSeconds: 200)
        fixture.addQueue("fresh", 6)
        #expect(
            Fixture.message { try fixture.objectValue(.queueDepth, .namespace, "demo") }
                .contains("queue work in namespace demo is not known: the last report is 200 s old")
        )
        #expect(try fixture.objectValue(.queueDepth, .namespace, "demo", "queue=fresh").quantity.text == "6")
        #expect(
            Fixture.message { try fixture.objectValue(.queueDepth, .namespace, "demo", "queue=none") }
                .contains("it has fresh, work")
        )
        let message = Fixture.message { try fixture.objectValue(.queueDepth, .deployment, "agents") }
        #expect(message.contains("ask for a shared queue as an external metric"))
        #expect(try fixture.objectValue(.queueDepth, .statefulSet, "empty").quantity.milli == 0)
    }

    @Test("the queue of a pod that is gone is gone")
    func queueOfGonePod() throws {
        var fixture = Self.fleet()
        fixture.addQueue("work", 5, pod: "gone", ageSeconds: 500)
        fixture.addQueue("work", 2, pod: "a")
        #expect(try fixture.objectValue(.queueDepth, .namespace, "demo").quantity.text == "2")
    }

    // MARK: External

    @Test("external metrics have an item for each workload, and 0 when there is no pod")
    func external() throws {
        var fixture = Self.fleet()
        fixture.add("lone", rates: [Fixture.rate(active: Fixture.counts)], isListed: false) { $0.workload = nil }
        fixture.list("lone") { $0.workload = nil }
        let view = fixture.view()
        let all = try MetricSelection(.tokensPerMinute, isExternal: true)
        let items = try view.externalValues(.tokensPerMinute, namespace: "demo", selection: all)
        #expect(items.map(\.labels) == [[:], ["workload": "agents"]])
        #expect(items.map(\.value.quantity.text) == ["1500", "3k"])
        let one = try MetricSelection(
            .tokensPerMinute,
            selector: LabelSelector(parsing: "workload=agents,type=output"),
            isExternal: true
        )
        let picked = try view.externalValues(.tokensPerMinute, namespace: "demo", selection: one)
        #expect(picked.map(\.value.quantity.text) == ["400"])
        func values(workload: String) throws -> [String] {
            let selector = try LabelSelector(parsing: "workload=\(workload)")
            let selection = try MetricSelection(.tokensPerMinute, selector: selector, isExternal: true)
            return try view.externalValues(.tokensPerMinute, namespace: "demo", selection: selection)
                .map(\.value.quantity.text)
        }
        #expect(try values(workload: "empty") == ["0"], "a workload without pods")
        #expect(Fixture.message { try values(workload: "agentz") }.contains("among those it has are agents, empty"))
        let none = try view.externalValues(.tokensPerMinute, namespace: "empty", selection: all)
        #expect(none.map(\.value.quantity.text) == ["0"])
    }

    // MARK: Headroom

    @Test("headroom is what is left of the tightest limit, stuck tokens included")
    func headroom() throws {
        var fixture = Fixture()
        fixture.configuration.organisationLimits = [
            OrganisationLimit(model: "claude-opus-*", profile: .itpm, tokensPerMinute: 10_000),
            OrganisationLimit(model: "claude-opus-*", profile: .otpm, tokensPerMinute: 1000),
            OrganisationLimit(model: "claude-haiku", profile: .otpm, tokensPerMinute: 100),
        ]
        let stuck = TokenCounts(input: 0, output: 100, cacheRead: 0, cacheCreation: 0)
        fixture.add("a", rates: [Fixture.rate("claude-opus-4-8", active: Fixture.counts, stuck: stuck)])
        func ratio(_ selector: String) throws -> String {
            try fixture.objectValue(.tokenHeadroomRatio, .namespace, "demo", selector).quantity.text
        }
        #expect(try ratio("") == "700m")
        #expect(try ratio("profile=itpm") == "870m")
        #expect(try ratio("model=claude-haiku") == "1")
        #expect(try ratio("model=claude-opus-4-8") == "700m")
        #expect(Fixture.message { try ratio("model=gpt") }.contains("no organisation limit matches"))
        fixture.add("b", state: .unknown(.sessionSilent))
        #expect(Fixture.message { try ratio("") }.contains("1 pods are not known: b"))
        #expect(
            Fixture.message { try fixture.podValue(.tokenHeadroomRatio, "a") }.contains("belongs to the organisation")
        )
    }

    @Test("a limit that is exceeded leaves 0, never less")
    func exceeded() throws {
        var fixture = Fixture()
        fixture.configuration.organisationLimits = [
            OrganisationLimit(model: "opus", profile: .otpm, tokensPerMinute: 100)
        ]
        fixture.add("a", rates: [Fixture.rate(active: Fixture.counts)])
        #expect(try fixture.objectValue(.tokenHeadroomRatio, .namespace, "demo").quantity.milli == 0)
    }

    @Test("without configured limits the headroom says what to do")
    func noLimits() {
        let message = Fixture.message { try Self.fleet().objectValue(.tokenHeadroomRatio, .namespace, "demo") }
        #expect(message.contains("set them in the configuration"))
    }
}
