import TokenscaleCore

/// `/api/v1/explain`; `tokenscale explain` prints it.
enum ExplanationJSON {
    static func body(_ explanation: Explanation) -> [UInt8] {
        var json = JSONWriter()
        json.object { root in
            let question = explanation.question
            root.member("metric", question.metric.name)
            root.member("namespace", question.namespace)
            root.member("kind", explanation.object.kind.name)
            root.member("name", explanation.object.name)
            root.member("time", UTCTime(explanation.time).rfc3339InSeconds)
            root.member("isDirectorySynced", explanation.isDirectorySynced)
            Self.write(explanation.value, to: &root)
            root.member("error", ifPresent: explanation.error)
            if let age = explanation.ageSeconds { root.member("ageSeconds", Self.rounded(age)) }
            root.member("excludedStuckSessions", explanation.excludedSessionCount)
            root.object("replicas") { replicas in
                replicas.member("current", explanation.currentReplicas)
                replicas.member("target", ifPresent: question.target?.text)
                if let proposed = explanation.proposedReplicas { replicas.member("proposed", proposed) }
                replicas.member("formula", Self.formula(explanation))
            }
            root.array("autoscalers") { array in
                for outlook in explanation.autoscalers { array.object { Self.write(outlook, to: &$0) } }
            }
            root.array("pods") { array in
                for pod in explanation.pods { array.object { Self.write(pod, to: &$0) } }
            }
        }
        json.endLine()
        return json.bytes
    }

    /// The arithmetic in one line, with the numbers of this moment.
    private static func formula(_ explanation: Explanation) -> String {
        guard let target = explanation.question.target else {
            return "give the averageValue of the HPA (--target, or ?target=) to see the replica count"
        }
        let known = explanation.pods.filter { $0.value != nil }
        let missing = explanation.pods.count { $0.value == nil && $0.leftOut != .notLive }
        guard let proposed = explanation.proposedReplicas else {
            return "no pod is known: the HPA holds at \(explanation.currentReplicas)"
        }
        let sum = known.reduce(Quantity(milli: 0)) { $0 + ($1.value?.quantity ?? Quantity(milli: 0)) }
        let mean = Quantity(clamping: Int64((sum.value / Double(max(1, known.count))).rounded()))
        let missingText = missing > 0 ? ", \(missing) missing at target when scaling down and at 0 when scaling up" : ""
        return "mean \(mean.text) of \(known.count) pods / target \(target.text)\(missingText), tolerance 10 %: "
            + "\(proposed) replicas before behavior and limits"
    }

    private static func write(_ outlook: AutoscalerOutlook, to json: inout JSONWriter) {
        json.member("name", outlook.name)
        json.member("scales", "\(outlook.record.target.kind.name) \(outlook.record.target.name)")
        json.member("minReplicas", outlook.record.minReplicas)
        json.member("maxReplicas", outlook.record.maxReplicas)
        json.member("currentReplicas", outlook.currentReplicas)
        json.member("proposedReplicas", outlook.proposedReplicas)
        json.array("metrics") { array in
            for metric in outlook.metrics {
                array.object { object in
                    object.member("source", Self.text(metric.metric.source))
                    object.member("metric", metric.metric.name)
                    object.member("target", Self.text(metric.metric.goal))
                    object.member("value", ifPresent: metric.value?.text)
                    object.member("fault", ifPresent: metric.fault)
                    if let proposed = metric.proposedReplicas { object.member("proposedReplicas", proposed) }
                }
            }
        }
    }

    private static func text(_ source: AutoscalerRecord.Source) -> String {
        switch source {
        case .pods: "Pods"
        case .external: "External"
        case .resource: "Resource"
        case .object(let object): "\(object.kind.name) \(object.name)"
        }
    }

    private static func text(_ goal: AutoscalerRecord.Goal) -> String {
        switch goal {
        case .averageValue(let quantity): "\(quantity.text) per pod"
        case .value(let quantity): quantity.text
        case .other: "of another kind"
        }
    }

    private static func write(_ value: ServedValue?, to json: inout JSONWriter) {
        guard let value else { return json.null("value") }
        json.member("value", value.quantity.text)
        json.member("valueNumber", value.quantity.value)
        if let window = value.windowSeconds { json.member("windowSeconds", window) }
        json.member("timestamp", UTCTime(value.timestamp).rfc3339InSeconds)
    }

    private static func write(_ pod: Explanation.Pod, to json: inout JSONWriter) {
        json.member("namespace", pod.id.namespace)
        json.member("pod", pod.id.name)
        Self.write(pod.value, to: &json)
        if let reason = pod.leftOut {
            json.member("leftOut", reason.name)
            json.member("leftOutText", reason.text)
        }
        json.member("stable", pod.stable)
        json.member("burst", pod.burst)
        json.member("burstSeconds", pod.burstSecondCount)
        json.member("attribution", pod.attribution.name)
        if let age = pod.telemetryAgeSeconds { json.member("telemetryAgeSeconds", Self.rounded(age)) }
        json.member("clockOffsetSeconds", pod.clockOffsetSeconds)
        json.array("sessions") { array in
            for session in pod.sessions {
                array.object { object in
                    object.member("session", session.snapshot.id)
                    object.member("model", ifPresent: session.snapshot.model)
                    object.member("tokensPerMinute", session.isExcluded ? 0 : session.rate)
                    object.member("excludedTokensPerMinute", session.isExcluded ? session.rate : 0)
                    object.member("isExcluded", session.isExcluded)
                    object.member("isStuck", session.snapshot.isStuck)
                    object.member("isLive", session.snapshot.isLive)
                    object.member("hasOpenTurn", session.snapshot.hasOpenTurn)
                    object.member("pattern", ifPresent: session.snapshot.finding?.pattern.name)
                    object.member("severity", ifPresent: session.snapshot.finding?.severity.name)
                }
            }
        }
    }

    private static func rounded(_ seconds: Double) -> Double { (seconds * 1000).rounded() / 1000 }
}
