import Testing
import TokenscaleCore

@Suite("Alert state machine")
struct AlertStateMachineTests {
    private static func policy(_ change: (inout AlertPolicy) -> Void = { _ in }) -> AlertPolicy {
        var policy = AlertPolicy()
        policy.clearSeconds = 30
        policy.absentSeconds = 900
        policy.groupWaitSeconds = 5
        change(&policy)
        return policy
    }

    /// Every event in every state of one alert: phase before, event, phase after, and whether it is stored.
    struct Row: Sendable, CustomTestStringConvertible {
        var phase: String
        var event: String
        var after: String
        var testDescription: String { "\(self.phase) + \(self.event) → \(self.after)" }
    }

    @Test(
        "every event in every state",
        arguments: [
            Row(phase: "suspected", event: "stuck", after: "pending changed"),
            Row(phase: "suspected", event: "suspicious", after: "pending unchanged"),
            Row(phase: "suspected", event: "clear", after: "ended recovered"),
            Row(phase: "suspected", event: "absent", after: "ended ended"),
            Row(phase: "waiting", event: "stuck", after: "pending unchanged"),
            Row(phase: "waiting", event: "stuck later", after: "firing changed"),
            Row(phase: "waiting", event: "suspicious", after: "pending changed"),
            Row(phase: "waiting", event: "clear", after: "ended recovered"),
            Row(phase: "waiting", event: "absent", after: "ended ended"),
            Row(phase: "firing", event: "stuck", after: "firing unchanged"),
            Row(phase: "firing", event: "critical", after: "firing changed"),
            Row(phase: "firing", event: "suspicious", after: "firing unchanged"),
            Row(phase: "firing", event: "clear", after: "firing changed"),
            Row(phase: "firing", event: "absent", after: "firing changed"),
            Row(phase: "clearing", event: "stuck", after: "firing changed"),
            Row(phase: "clearing", event: "suspicious", after: "firing changed"),
            Row(phase: "clearing", event: "clear", after: "firing unchanged"),
            Row(phase: "clearing", event: "clear later", after: "ended recovered"),
            Row(phase: "clearing", event: "absent", after: "firing changed"),
            Row(phase: "missing", event: "stuck", after: "firing changed"),
            Row(phase: "missing", event: "suspicious", after: "firing changed"),
            Row(phase: "missing", event: "clear", after: "firing changed"),
            Row(phase: "missing", event: "absent", after: "firing unchanged"),
            Row(phase: "missing", event: "absent later", after: "ended ended"),
            Row(phase: "restored", event: "stuck", after: "firing changed"),
            Row(phase: "restored", event: "suspicious", after: "firing unchanged"),
            Row(phase: "restored", event: "clear later", after: "firing changed"),
            Row(phase: "restored", event: "absent", after: "firing changed"),
        ]
    )
    func everyEventInEveryState(row: Row) throws {
        let start = AlertFixtures.start
        let evidence = AlertEvidence(AlertFixtures.finding(), tokensPerMinute: 0)
        let policy = Self.policy()
        var alert = Alert(
            subject: .session(namespace: "agents", pod: "p", session: "s"),
            externalLabels: [:],
            evidence: evidence,
            workload: nil,
            workloadKind: nil,
            at: start
        )
        func apply(_ event: String, at seconds: Double) throws -> Alert.Outcome {
            let observation: Alert.Observation =
                switch event.split(separator: " ")[0] {
                case "stuck": .stuck(.warning, evidence)
                case "critical": .stuck(.critical, evidence)
                case "suspicious": .suspicious(evidence)
                case "clear": .clear
                default: .absent
                }
            let now = start.advanced(bySeconds: seconds)
            return alert.apply(observation, at: now, delaySeconds: 10, policy: policy)
        }
        let preparation: [(String, Double)] =
            switch row.phase {
            case "suspected": [("suspicious", 0)]
            case "waiting": [("stuck", 0)]
            case "firing": [("stuck", 0), ("stuck", 10)]
            case "clearing": [("stuck", 0), ("stuck", 10), ("clear", 20)]
            case "missing": [("stuck", 0), ("stuck", 10), ("absent", 20)]
            default: [("stuck", 0), ("stuck", 10)]
            }
        for (event, seconds) in preparation { _ = try apply(event, at: seconds) }
        if row.phase == "restored" { alert = alert.restored() }
        let later: Double = row.event.hasPrefix("absent") ? 930 : row.event.hasPrefix("clear") ? 60 : 11
        let outcome = try apply(row.event, at: row.event.hasSuffix("later") ? later : row.phase == "waiting" ? 5 : 21)
        let seen: String =
            switch outcome {
            case .unchanged: "\(alert.phase.rawValue) unchanged"
            case .changed: "\(alert.phase.rawValue) changed"
            case .ended(let resolution): "ended \(resolution.rawValue)"
            }
        #expect(seen == row.after)
    }

    @Test("a confirmed finding fires at once, is told once, and is resolved when it has been clear for the hold")
    func life() {
        var machine = AlertStateMachine(policy: Self.policy())
        #expect(machine.step(AlertFixtures.single(at: 0, nil)).isEmpty)
        #expect(machine.step(AlertFixtures.single(at: 1, AlertFixtures.finding(.info))).isEmpty)
        #expect(machine.alerts.values.map(\.phase) == [.pending])
        #expect(
            machine.step(AlertFixtures.single(at: 2, AlertFixtures.finding())).map(\.brief) == ["fired session warning"]
        )
        for second in 3..<60 {
            #expect(machine.step(AlertFixtures.single(at: Double(second), AlertFixtures.finding())).isEmpty)
        }
        #expect(machine.step(AlertFixtures.single(at: 60, nil)).isEmpty)
        #expect(
            machine.step(AlertFixtures.single(at: 80, AlertFixtures.finding(.info))).isEmpty,
            "the hold starts anew"
        )
        #expect(machine.step(AlertFixtures.single(at: 95, nil)).isEmpty)
        let end = machine.step(AlertFixtures.single(at: 125, nil))
        #expect(end.map(\.brief) == ["resolved session warning"])
        #expect(end.first?.resolution == .recovered)
        #expect(machine.alerts.isEmpty)
        #expect(machine.step(AlertFixtures.single(at: 126, nil)).isEmpty)
    }

    @Test("severity rises, is told once, and never falls while the alert fires")
    func escalation() throws {
        var machine = AlertStateMachine(policy: Self.policy())
        _ = machine.step(AlertFixtures.single(at: 0, AlertFixtures.finding()))
        let risen = machine.step(AlertFixtures.single(at: 1, AlertFixtures.finding(.critical)))
        #expect(risen.map(\.brief) == ["escalated session critical"])
        #expect(risen.first?.previousSeverity == .warning)
        #expect(machine.step(AlertFixtures.single(at: 2, AlertFixtures.finding())).isEmpty)
        #expect(machine.alerts.values.first?.severity == .critical)
    }

    @Test("a firing alert is told again after the repeat interval")
    func repeats() {
        var machine = AlertStateMachine(policy: Self.policy { $0.repeatSeconds = 100 })
        var briefs: [String] = []
        for second in 0..<301 {
            briefs += machine.step(AlertFixtures.single(at: Double(second), AlertFixtures.finding())).map(\.brief)
        }
        #expect(briefs == ["fired session warning"] + Array(repeating: "repeated session warning", count: 3))
    }

    @Test("a session that vanishes while stuck is resolved as ended, but only after the slowest loop would have shown")
    func vanished() {
        var machine = AlertStateMachine(policy: Self.policy())
        _ = machine.step(AlertFixtures.single(at: 0, AlertFixtures.finding()))
        #expect(machine.step(AlertFixtures.snapshot(at: 10)).isEmpty)
        #expect(machine.step(AlertFixtures.snapshot(at: 610)).isEmpty)
        #expect(machine.step(AlertFixtures.single(at: 611, AlertFixtures.finding())).isEmpty)
        #expect(machine.step(AlertFixtures.single(at: 620, AlertFixtures.finding(), isLive: false)).isEmpty)
        let end = machine.step(AlertFixtures.snapshot(at: 1520))
        #expect(end.map(\.brief) == ["resolved session warning"])
        #expect(end.first?.resolution == .ended)
    }

    @Test(
        "of a group is said what all have in common",
        arguments: [(ToolKind.bash, 0x9a41, true), (.mcp, 0x9a42, false)]
    )
    func mixedGroup(tool: ToolKind, fingerprint: UInt64, isCommon: Bool) throws {
        var machine = AlertStateMachine(policy: Self.policy())
        var told: [AlertTransition] = []
        for second in 0...60 {
            var snapshot = AlertFixtures.crowd(at: Double(second), count: 8, perPod: 2)
            for pod in 2..<4 {
                for session in 0..<2 {
                    snapshot.pods[pod].sessions[session].finding?.tool = tool
                    snapshot.pods[pod].sessions[session].finding?.fingerprint = fingerprint
                }
            }
            told += machine.step(snapshot)
        }
        let group = try #require(told.first { $0.alert.subject.scope == .workload })
        #expect(group.alert.evidence.actionHash.isEmpty == !isCommon)
        let sentence = AlertText(group).evidenceSentence
        let common = "Bash failed 296 times in 5 s with the same error and arguments"
        let mixed = "Several tools failed 296 times in 5 s with the same error,"
        #expect(sentence.hasPrefix(isCommon ? common : mixed), "\(sentence)")
    }

    @Test("200 stuck sessions of one deployment are one notification with a count and the worst examples")
    func crowd() throws {
        var machine = AlertStateMachine(policy: Self.policy())
        var told: [AlertTransition] = []
        for second in 0...60 {
            told += machine.step(AlertFixtures.crowd(at: Double(second), count: 200, perPod: 5))
        }
        #expect(told.map(\.brief) == ["fired workload warning"])
        let evidence = try #require(told.first).alert.evidence
        #expect(evidence.sessionCount == 200)
        #expect(evidence.podCount == 40)
        #expect(evidence.examples.map(\.session) == ["session-1199", "session-1198", "session-1197"])
        #expect(evidence.costMicroUSD == (0..<200).reduce(0) { $0 + Int64($1) * 1_000_000 })
        let end = [90.0, 121, 122, 153].flatMap { machine.step(AlertFixtures.crowd(at: $0, count: 0, perPod: 5)) }
        #expect(end.isEmpty, "absent sessions are held")
        let ended = [1100.0, 1131].flatMap { machine.step(AlertFixtures.snapshot(at: $0)) }
        #expect(ended.map(\.brief) == ["resolved workload warning"])
        #expect(machine.alerts.isEmpty)
    }

    @Test("a crowd that gathers slowly: the first are told alone, later ones by their group, which tells of its growth")
    func slowCrowd() {
        var machine = AlertStateMachine(policy: Self.policy { $0.groupIntervalSeconds = 20 })
        var told: [String] = []
        for second in 0..<120 {
            let count = min(40, 1 + second / 2)
            told += machine.step(AlertFixtures.crowd(at: Double(second), count: count, perPod: 1)).map { transition in
                "\(transition.brief) \(transition.alert.evidence.sessionCount)"
            }
        }
        #expect(
            told == [
                "fired session warning 1", "fired session warning 1", "fired workload warning 5",
                "grew workload warning 15", "grew workload warning 30",
            ]
        )
    }

    @Test("sessions of one pod are grouped by the pod; a critical member makes the group critical")
    func podGroup() {
        var machine = AlertStateMachine(policy: Self.policy())
        var told: [String] = []
        for second in 0..<20 {
            let severity: LoopSeverity = second < 10 ? .warning : .critical
            told += machine.step(AlertFixtures.crowd(at: Double(second), count: 4, perPod: 4, severity: severity))
                .map(\.brief)
        }
        #expect(told == ["fired pod warning", "escalated pod critical"])
    }

    @Test("a finding of the workload itself fires without waiting for a crowd and covers its sessions")
    func workloadFinding() {
        var machine = AlertStateMachine(policy: Self.policy())
        var snapshot = AlertFixtures.single(at: 0, AlertFixtures.finding())
        snapshot.workloadFindings = [
            WorkloadFinding(namespace: "agents", workload: "fixer", finding: AlertFixtures.finding(pattern: .restart))
        ]
        #expect(machine.step(snapshot).map(\.brief) == ["fired workload warning"])
        #expect(machine.alerts.values.count { $0.isInhibited } == 1)
    }

    @Test("what a silence hides is not told until it ends; the end of what was told is told all the same")
    func silence() {
        var machine = AlertStateMachine(policy: Self.policy())
        machine.silences = [
            AlertSilence(
                id: "1",
                matchers: [LabelMatcher(name: "workload", pattern: "fix*")],
                startsAt: AlertFixtures.start,
                endsAt: AlertFixtures.start.advanced(bySeconds: 100),
                createdBy: "me",
                comment: ""
            )
        ]
        #expect(machine.step(AlertFixtures.single(at: 0, AlertFixtures.finding())).isEmpty)
        #expect(machine.alerts.values.allSatisfy { $0.phase == .firing && $0.isSilenced })
        #expect(
            machine.step(AlertFixtures.single(at: 100, AlertFixtures.finding())).map(\.brief) == [
                "fired session warning"
            ]
        )
        machine.silences[0].endsAt = AlertFixtures.start.advanced(bySeconds: 1000)
        #expect(machine.step(AlertFixtures.single(at: 101, nil)).isEmpty)
        #expect(machine.step(AlertFixtures.single(at: 140, nil)).map(\.brief) == ["resolved session warning"])
    }

    @Test("a step that could not be stored is taken again and gives the same ids")
    func repeatedStep() {
        let alerts = AlertStateMachine(policy: Self.policy())
        var first = alerts
        var second = alerts
        let snapshot = AlertFixtures.single(at: 0, AlertFixtures.finding())
        #expect(first.step(snapshot) == second.step(snapshot))
    }

    @Test("restored alerts are not told again, wait for the detector, and keep their ids")
    func restore() throws {
        var machine = AlertStateMachine(policy: Self.policy())
        let fired = try #require(machine.step(AlertFixtures.single(at: 0, AlertFixtures.finding())).first)
        var next = AlertStateMachine(policy: Self.policy(), restoring: Array(machine.alerts.values))
        #expect(next.step(AlertFixtures.single(at: 10, AlertFixtures.finding())).isEmpty)
        var forgetful = AlertStateMachine(policy: Self.policy(), restoring: Array(machine.alerts.values))
        for second in stride(from: 10.0, to: 300, by: 10) {
            #expect(forgetful.step(AlertFixtures.single(at: second, nil)).isEmpty, "grace after a restart")
        }
        let end = try #require(forgetful.step(AlertFixtures.single(at: 311, nil)).first)
        #expect(end.alert.id == fired.alert.id)
        #expect(fired.id.hasSuffix("-1") && end.id.hasSuffix("-2"))
    }

    @Test("alerts beyond the limit are counted, not kept")
    func limit() {
        var machine = AlertStateMachine(policy: Self.policy { $0.alertLimit = 10 })
        _ = machine.step(AlertFixtures.crowd(at: 0, count: 50, perPod: 50))
        #expect(machine.alerts.count == 10)
        #expect(machine.droppedCount >= 40)
    }

    @Test("ids of transitions are unique, also when the clock stands still or runs backwards")
    func clock() {
        var machine = AlertStateMachine(policy: Self.policy { $0.clearSeconds = 0 })
        var ids: Set<String> = []
        var count = 0
        for step in 0..<100 {
            let finding = step % 2 == 0 ? AlertFixtures.finding() : nil
            let transitions = machine.step(AlertFixtures.single(at: Double(-(step % 7)), finding))
            count += transitions.count
            ids.formUnion(transitions.map(\.id))
        }
        #expect(count == 100)
        #expect(ids.count == 100)
    }
}
