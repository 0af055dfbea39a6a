import Testing
import TokenscaleCore

@Suite("Alert text")
struct AlertTextTests {
    private static func transition(
        _ finding: LoopFinding = AlertFixtures.finding(),
        session: String = "7f3c0000-1111"
    ) throws -> AlertTransition {
        var machine = AlertStateMachine()
        let pod = AlertFixtures.pod("fixer-2", [AlertFixtures.session(session, finding)])
        return try #require(machine.step(AlertFixtures.snapshot(at: 41 * 60, [pod])).first)
    }

    @Test("the evidence reads as the issue asks")
    func evidence() throws {
        #expect(
            try AlertText(Self.transition()).evidenceSentence
                == "Bash failed 37 times in 41 min with the same error and arguments, 6 requests/min, "
                + "1.9 M tokens, about $14, nothing edited or committed since 10:02 UTC."
        )
    }

    @Test("what was done in spite of it is counted since the onset")
    func withoutEffect() throws {
        var finding = AlertFixtures.finding(pattern: .verificationFailure)
        (finding.editCount, finding.commitCount) = (12, 1)
        finding.lastProgress = AlertFixtures.start.advanced(bySeconds: 1_800)
        #expect(
            try AlertText(Self.transition(finding)).evidenceSentence
                == "The same check failed 37 times in 41 min in spite of edits, 6 requests/min, "
                + "1.9 M tokens, about $14, 12 edits and 1 commit since 10:02 UTC without effect."
        )
    }

    @Test("a conversation that repeats itself is told by its turns: it has no rounds")
    func sameConversation() throws {
        var finding = AlertFixtures.finding(pattern: .textOnly)
        finding.roundCount = 0
        let sentence = try AlertText(Self.transition(finding)).evidenceSentence
        #expect(sentence.hasPrefix("The same prompt got the same answer 37 times in 41 min, without a tool, 6 requ"))
    }

    @Test("the cost per hour is that of the time in which it was spent")
    func costPerHour() throws {
        var finding = AlertFixtures.finding()
        #expect(try AlertText(Self.transition(finding)).costPerHourMicroUSD == 20_487_805)
        finding.lastActivity = finding.onset.advanced(bySeconds: 2 * 3_600)
        #expect(try AlertText(Self.transition(finding)).costPerHourMicroUSD == 7_000_000)
    }

    @Test("what the finding does not tell is left out")
    func unknowns() throws {
        var finding = AlertFixtures.finding()
        (finding.requestsPerMinute, finding.tokens, finding.costMicroUSD) = (0, .zero, 0)
        finding.lastProgress = AlertFixtures.start.advanced(bySeconds: -86_400)
        #expect(
            try AlertText(Self.transition(finding)).evidenceSentence
                == "Bash failed 37 times in 41 min with the same error and arguments, "
                + "nothing edited or committed since 2026-11-20 10:02 UTC."
        )
    }

    @Test("the summary names the pattern, session and pod")
    func summary() throws {
        #expect(
            try AlertText(Self.transition()).summary == "Stuck: session 7f3c0000 in agents/fixer-2: failing action"
        )
    }

    @Test("every pattern has a sentence that ends and holds the duration", arguments: LoopPattern.allCases)
    func patterns(pattern: LoopPattern) throws {
        let text = try AlertText(Self.transition(AlertFixtures.finding(pattern: pattern))).description
        #expect(text.contains("41 min"))
        #expect(text.hasSuffix("."))
        #expect(!text.contains("without progress"), "no pattern falls through to the default")
    }

    @Test("names of senders cannot become commands, links or control characters")
    func hostileNames() throws {
        let text = try AlertText(
            Self.transition(session: "a'; rm -rf / #\n\u{1b}[31m"),
            links: AlertLinks(dashboardURL: "https://g.example/d/x", runbookURL: "https://r.example/book")
        )
        let command = try #require(text.actions.last)
        #expect(command.contains(#"'session=a'\''; rm -rf / #"#))
        #expect(text.annotations.values.allSatisfy { value in !value.unicodeScalars.contains("\u{1b}") })
        #expect(text.dashboardURL == "https://g.example/d/x?var-namespace=agents&var-workload=fixer&var-pod=fixer-2")
        #expect(text.runbookURL == "https://r.example/book#failing-action")
    }

    @Test("the fingerprint is Prometheus' own")
    func fingerprint() {
        // model.LabelsToSignature's seed is the fingerprint of no labels.
        #expect(AlertLabel.fingerprint([:]) == "cbf29ce484222325")
        #expect(AlertLabel.fingerprint(["a": "b", "c": "d"]) == AlertLabel.fingerprint(["c": "d", "a": "b"]))
        #expect(AlertLabel.fingerprint(["a": "bc"]) != AlertLabel.fingerprint(["ab": "c"]))
    }

    @Test(
        "matchers",
        arguments: [
            ("workload=fixer", true), ("workload=fix*", true), ("workload=*x*r", true), ("workload=fix", false),
            ("workload!=other", true), ("workload!=f*", false), ("missing=", true), ("missing!=*", false),
            ("workload=*", true), ("workload=f*x*z*", false),
        ]
    )
    func matchers(text: String, matches: Bool) throws {
        let matcher = try #require(LabelMatcher(parsing: text))
        #expect(matcher.matches(["workload": "fixer"]) == matches)
        #expect(matcher.description == text)
    }

    @Test("what is no matcher is refused", arguments: ["", "=x", "workload", "work load=x", "workload=~fix.*", "1a=x"])
    func noMatcher(text: String) { #expect(LabelMatcher(parsing: text) == nil) }

    @Test("every fault of a configuration is found at once, and no URL is shown")
    func faults() {
        var configuration = AlertingConfiguration()
        #expect(configuration.faults.isEmpty)
        configuration.policy.groupMinimum = 0
        configuration.policy.externalLabels = ["pod": "x"]
        configuration.receivers = [
            AlertReceiver(name: "a", kind: .slack, url: "ftp://secret"), AlertReceiver(name: "a", kind: .pagerduty),
            AlertReceiver(name: "", kind: .webhook),
        ]
        configuration.routes = [AlertRoute(receivers: ["nobody"])]
        let faults = configuration.faults
        #expect(
            faults.map(\.key) == [
                "alerting.groupMinimum", "alerting.externalLabels.pod", "alerting.receivers[0].url",
                "alerting.receivers[1].secretFiles", "alerting.receivers[1].name", "alerting.receivers[2].name",
                "alerting.receivers[2].url", "alerting.routes[0].receivers",
            ]
        )
        #expect(!faults.contains { $0.value.contains("secret") && $0.key.hasSuffix("url") })
    }

    @Test(
        "a matcher that no alert can match says so",
        arguments: [
            ("nmespace=a", "no alert has a label nmespace; did you mean namespace?"),
            ("x=y", "no alert has a label x ("),
            ("severity=warn", "severity is never warn"), ("pattern=fialing_action", "did you mean failing_action?"),
            ("scope!=pods", "scope is never pods; did you mean pod?"), ("severity=crit*", nil), ("namespace=", nil),
            ("pattern=*", nil), ("team=a", nil), ("pod!=x", nil),
        ]
    )
    func impossibleMatcher(text: String, fault: String?) throws {
        let matcher = try #require(LabelMatcher(parsing: text))
        let found = matcher.fault(external: ["team"])
        if let fault { #expect(found?.contains(fault) == true, "\(found ?? "")") } else { #expect(found == nil) }
        var configuration = AlertingConfiguration()
        configuration.policy.externalLabels = ["team": "x"]
        configuration.routes = [AlertRoute(matchers: [matcher], receivers: [])]
        #expect(configuration.faults.map(\.key) == (fault == nil ? [] : ["alerting.routes[0].matchers"]))
    }

    @Test("the first route that matches decides, unless it continues")
    func routes() {
        var configuration = AlertingConfiguration()
        configuration.receivers = ["a", "b", "c"].map { AlertReceiver(name: $0, kind: .webhook, url: "http://h") }
        #expect(configuration.receivers(for: [:]) == ["a", "b", "c"])
        configuration.routes = [
            AlertRoute(
                matchers: [LabelMatcher(name: "severity", pattern: "critical")],
                receivers: ["c"],
                continues: true
            ),
            AlertRoute(matchers: [LabelMatcher(name: "namespace", pattern: "dev*")], receivers: []),
            AlertRoute(receivers: ["a"]),
        ]
        #expect(configuration.receivers(for: ["severity": "critical", "namespace": "x"]) == ["a", "c"])
        #expect(configuration.receivers(for: ["severity": "critical", "namespace": "dev-1"]) == ["c"])
        #expect(configuration.receivers(for: ["severity": "warning", "namespace": "x"]) == ["a"])
    }
}
