import TokenscaleCore

/// `/api/v1/snapshot` and `/api/v1/sessions`. Keys are stable: `tokenscale top` and scripts read them.
struct SnapshotJSON: Sendable {
    let view: MetricsView
    let version: String

    /// Pods, queues, findings over several sessions, counters of the collector.
    func pods() -> [UInt8] {
        let snapshot = self.view.snapshot
        var json = JSONWriter()
        json.object { root in
            self.writeHead(to: &root)
            root.array("pods") { array in
                for pod in snapshot.pods { array.object { self.write(pod, to: &$0) } }
            }
            root.array("queues") { array in
                for queue in snapshot.queues {
                    array.object { object in
                        object.member("namespace", queue.namespace)
                        object.member("queue", queue.queue)
                        object.member("pod", ifPresent: queue.pod)
                        object.member("depth", queue.depth)
                        object.member("source", queue.source.rawValue)
                        object.member("isStale", queue.isStale)
                        object.member("ageSeconds", self.age(queue.time))
                    }
                }
            }
            root.array("workloadFindings") { array in
                for finding in snapshot.workloadFindings {
                    array.object { object in
                        object.member("namespace", finding.namespace)
                        object.member("workload", finding.workload)
                        object.object("finding") { self.write(finding.finding, to: &$0) }
                    }
                }
            }
            root.object("statistics") { Self.write(snapshot.statistics, to: &$0) }
        }
        json.endLine()
        return json.bytes
    }

    /// Sessions with their evidence, of one pod, one namespace, or all.
    func sessions(namespace: String?, pod: String?) -> [UInt8] {
        var json = JSONWriter()
        json.object { root in
            self.writeHead(to: &root)
            root.array("sessions") { array in
                for entry in self.view.snapshot.pods {
                    guard namespace == nil || entry.id.namespace == namespace else { continue }
                    guard pod == nil || entry.id.name == pod else { continue }
                    for session in entry.sessions {
                        array.object { object in
                            object.member("namespace", entry.id.namespace)
                            object.member("pod", entry.id.name)
                            self.write(session, to: &object)
                        }
                    }
                }
            }
        }
        json.endLine()
        return json.bytes
    }

    private func writeHead(to json: inout JSONWriter) {
        let snapshot = self.view.snapshot
        json.member("version", self.version)
        json.member("sequence", snapshot.sequence)
        json.member("time", UTCTime(snapshot.time).rfc3339InSeconds)
        json.member("timeUnixSeconds", Double(snapshot.time.milliseconds) / 1000)
        json.member("ageSeconds", self.age(snapshot.time))
        json.member("startTime", UTCTime(snapshot.startTime).rfc3339InSeconds)
        json.member("isDirectorySynced", self.view.directory.isSynced)
    }

    private func write(_ pod: PodSnapshot, to json: inout JSONWriter) {
        let record = self.view.directory[pod.id]
        json.member("namespace", pod.id.namespace)
        json.member("name", pod.id.name)
        json.member("workload", ifPresent: record?.workload?.name ?? pod.workload)
        json.member("node", ifPresent: record?.node ?? pod.node)
        json.member("state", pod.state.name)
        json.member("reason", ifPresent: pod.state.reasonName)
        json.member("attribution", pod.attribution.name)
        json.member("isLive", self.view.directory.isSynced ? record?.isLive == true : true)
        if let served = self.view.served(pod) {
            json.member("servedTokensPerMinute", served.quantity.value)
            json.member("servedWindowSeconds", served.windowSeconds ?? 0)
        } else {
            json.null("servedTokensPerMinute")
            json.null("servedWindowSeconds")
        }
        Self.write("tokensPerMinute", pod.rates.reduce(.zero) { $0 + $1.active }, to: &json)
        Self.write("burstTokensPerMinute", pod.rates.reduce(.zero) { $0 + $1.activeBurst }, to: &json)
        Self.write("stuckTokensPerMinute", pod.rates.reduce(.zero) { $0 + $1.stuck }, to: &json)
        json.array("models") { array in
            for rate in pod.rates {
                array.object { object in
                    object.member("model", rate.model)
                    Self.write("tokensPerMinute", rate.active, to: &object)
                    Self.write("stuckTokensPerMinute", rate.stuck, to: &object)
                }
            }
        }
        json.member("activeSessions", pod.activeSessionCount)
        json.member("openTurns", pod.openTurnCount)
        json.member("stuckSessions", pod.stuckSessionCount)
        let own = (self.view.snapshot.queuesOfPods[pod.id] ?? []).filter { !$0.isStale }
        if own.isEmpty { json.null("queueDepth") } else { json.member("queueDepth", own.reduce(0) { $0 + $1.depth }) }
        json.member("lastArrivalAgeSeconds", self.age(pod.lastArrival))
        json.member("lastSampleAgeSeconds", self.age(pod.lastSample))
        json.member("clockOffsetSeconds", pod.clockOffsetSeconds)
    }

    private func write(_ session: SessionSnapshot, to json: inout JSONWriter) {
        json.member("session", session.id)
        json.member("model", ifPresent: session.model)
        json.member("isLive", session.isLive)
        json.member("hasOpenTurn", session.hasOpenTurn)
        json.member("isStuck", session.isStuck)
        Self.write("tokensPerMinute", session.rate, to: &json)
        Self.write("total", session.total, to: &json)
        Self.write("eventTotal", session.eventTotal, to: &json)
        Self.write("metricTotal", session.metricTotal, to: &json)
        json.member("costUSD", Double(session.costMicroUSD) / 1_000_000)
        json.member("requests", session.requestCount)
        json.member("firstSeen", UTCTime(session.firstSeen).rfc3339InSeconds)
        json.member("lastActivityAgeSeconds", self.age(session.lastActivity))
        if let finding = session.finding {
            json.object("finding") { self.write(finding, to: &$0) }
        }
    }

    private func write(_ finding: LoopFinding, to json: inout JSONWriter) {
        json.member("severity", finding.severity.name)
        json.member("pattern", finding.pattern.name)
        json.member("isPossible", finding.isPossible)
        json.member("score", finding.score)
        json.member("threshold", finding.threshold)
        json.member("onset", UTCTime(finding.onset).rfc3339InSeconds)
        json.member("lastEvidenceAgeSeconds", self.age(finding.lastEvidence))
        json.member("lastProgress", ifPresent: finding.lastProgress.map { UTCTime($0).rfc3339InSeconds })
        json.member("rounds", finding.roundCount)
        json.member("repeats", finding.repeatCount)
        json.member("failures", finding.failureCount)
        json.member("edits", finding.editCount)
        json.member("commits", finding.commitCount)
        json.member("requestsPerMinute", finding.requestsPerMinute)
        json.member("costUSD", Double(finding.costMicroUSD) / 1_000_000)
        json.member("sessions", finding.sessionCount)
        json.member("tool", "\(finding.tool)")
        Self.write("tokens", finding.tokens, to: &json)
    }

    static func write(_ key: String, _ counts: TokenCounts, to json: inout JSONWriter) {
        json.object(key) { object in
            for type in TokenType.allCases { object.member(type.name, counts[type]) }
        }
    }

    private static func write(_ statistics: AggregatorStatistics, to json: inout JSONWriter) {
        json.member("pods", statistics.podCount)
        json.member("sessions", statistics.sessionCount)
        json.member("series", statistics.seriesCount)
        json.member("acceptedItems", statistics.outcome.acceptedCount)
        json.member("duplicateItems", statistics.outcome.duplicateCount)
        json.member("ignoredItems", statistics.outcome.ignoredCount)
        json.member("limitedItems", statistics.outcome.limitedCount)
        json.member("ambiguousItems", statistics.outcome.ambiguousCount)
        json.member("invalidItems", statistics.outcome.invalidCount)
        json.member("refusedItems", statistics.outcome.refusedCount)
        json.member("unattributedItems", statistics.outcome.unattributedCount)
        json.member("unattributedTokens", statistics.unattributedTokens)
        json.member("driftTokens", statistics.driftTokens)
        json.member("lateItems", statistics.lateItemCount)
        json.member("futureItems", statistics.futureItemCount)
    }

    /// Ages of what never happened are 0.
    private func age(_ time: Timestamp) -> Double {
        time == .zero ? 0 : max(0, (self.view.now.seconds(since: time) * 1000).rounded() / 1000)
    }
}

extension MetricsView {
    /// What an autoscaler that asks for no selector is told of a pod; `nil` when the pod is left out.
    func served(_ pod: PodSnapshot) -> ServedValue? {
        let member = Member(id: pod.id, record: self.directory[pod.id], telemetry: pod)
        return (try? MetricSelection(.tokensPerMinute)).flatMap {
            try? self.value(.tokensPerMinute, of: member, selection: $0).get()
        }
    }
}
