import CurlHTTP
package import TokenscaleCore

/// `tokenscale alert test`: one labelled test alert to every receiver, and its end, past the outbox.
package enum AlertProbe {
    package struct Result: Equatable, Sendable {
        package var receiver: String
        package var kind: AlertReceiver.Kind
        package var isAccepted: Bool
        /// `accepted`, or what went wrong and what to try.
        package var text: String
        package var seconds: Double
    }

    /// Sends to all receivers, one after the other, in the order of the configuration.
    package static func run(
        _ configuration: AlertingConfiguration,
        userAgent: String,
        now: @escaping @Sendable () -> Timestamp
    ) async -> [Result] {
        var results: [Result] = []
        for receiver in configuration.receivers {
            let client = ReceiverClient(receiver, configuration, userAgent: userAgent, now: now)
            let start = now()
            var text = "accepted"
            for transition in Self.transitions(at: start, configuration.policy) where text == "accepted" {
                text = await Self.send(transition, client)
            }
            client.http.shutdown()
            results.append(
                Result(
                    receiver: receiver.name,
                    kind: receiver.kind,
                    isAccepted: text == "accepted",
                    text: text,
                    seconds: now().seconds(since: start)
                )
            )
        }
        return results
    }

    private static func send(_ transition: AlertTransition, _ client: ReceiverClient) async -> String {
        switch await client.tell([transition]) {
        case .accepted: return "accepted"
        case .retry(let problem, _), .park(let problem): return problem
        case .gone: return "status 410: the receiver is gone"
        case nil: return "it was interrupted"
        }
    }

    /// An alert that says it is a test in every label a route may look at, and its end.
    static func transitions(at now: Timestamp, _ policy: AlertPolicy) -> [AlertTransition] {
        var policy = policy
        policy.firingDelaySeconds = 0
        policy.clearSeconds = 0
        policy.externalLabels["test"] = "true"
        var machine = AlertStateMachine(policy: policy)
        var finding = LoopFinding(
            severity: .warning,
            pattern: .identicalAction,
            onset: now.advanced(bySeconds: -60),
            lastEvidence: now
        )
        finding.roundCount = 8
        finding.repeatCount = 8
        finding.tool = .bash
        var session = SessionSnapshot(id: "tokenscale-alert-test")
        session.isLive = true
        session.finding = finding
        var pod = PodSnapshot(id: PodID(namespace: "tokenscale-test", name: "alert-test"))
        pod.sessions = [session]
        var snapshot = Snapshot()
        snapshot.time = now
        snapshot.pods = [pod]
        var transitions = machine.step(snapshot)
        snapshot.time = now.advanced(bySeconds: 1)
        snapshot.pods[0].sessions[0].finding = nil
        transitions += machine.step(snapshot)
        return transitions
    }
}
