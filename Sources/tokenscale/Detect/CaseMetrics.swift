/// The metrics that Claude Code would have exported for a case, once a minute, as increments.
struct CaseMetrics {
    private struct Series: Hashable {
        var session: String
        var workload: Int
        var name: String
        var type: String
        var source: String
    }

    private let telemetry: CaseTelemetry
    private var sums: [Series: Double] = [:]
    private var order: [Series] = []

    init(_ telemetry: CaseTelemetry) { self.telemetry = telemetry }

    /// One metrics request per interval and pod, with the index of the newest event before the export.
    mutating func requests() -> [(body: [UInt8], index: Int)] {
        var requests: [(body: [UInt8], index: Int)] = []
        let events = self.telemetry.line.allEvents
        var minute = events.first.map { $0.t / 60_000 } ?? 0
        for (index, event) in events.enumerated() {
            if event.t / 60_000 != minute {
                requests += self.export(minute, index - 1)
                minute = event.t / 60_000
            }
            self.count(event)
        }
        return requests + self.export(minute, events.count - 1)
    }

    private mutating func count(_ event: CaseEvent) {
        func add(_ name: String, _ value: Double, type: String = "", source: String = "") {
            let series = Series(
                session: self.telemetry.session(event),
                workload: event.w ?? 0,
                name: name,
                type: type,
                source: source
            )
            if self.sums[series] == nil { self.order.append(series) }
            self.sums[series, default: 0] += value
        }
        switch event.k {
        case "llm":
            let source = (event.q ?? "main") == "main" ? "main" : "subagent"
            add("claude_code.token.usage", Double(event.it ?? 0), type: "input", source: source)
            add("claude_code.token.usage", Double(event.ot ?? 0), type: "output", source: source)
            add("claude_code.token.usage", Double(event.cr ?? 0), type: "cacheRead", source: source)
            add("claude_code.token.usage", Double(event.cc ?? 0), type: "cacheCreation", source: source)
        case "tool":
            guard event.ok ?? true else { return }
            if let lines = event.la, lines > 0 { add("claude_code.lines_of_code.count", lines, type: "added") }
            if let lines = event.lr, lines > 0 { add("claude_code.lines_of_code.count", lines, type: "removed") }
            if event.commit?.isSet ?? false { add("claude_code.commit.count", 1) }
        default: break
        }
    }

    private mutating func export(_ minute: Int64, _ index: Int) -> [(body: [UInt8], index: Int)] {
        defer {
            self.sums.removeAll()
            self.order.removeAll()
        }
        let end = CaseTelemetry.startMilliseconds + (minute + 1) * 60_000
        var requests: [(body: [UInt8], index: Int)] = []
        for workload in Set(self.order.map(\.workload)).sorted() {
            var text = OTLPText(metricsOf: self.telemetry.resource(workload))
            for series in self.order where series.workload == workload {
                var attributes: OTLPText.Attributes = [("session.id", .text(series.session))]
                if !series.type.isEmpty { attributes.append(("type", .text(series.type))) }
                if !series.source.isEmpty { attributes.append(("query_source", .text(series.source))) }
                text.addSum(
                    named: series.name,
                    from: end - 60_000,
                    to: end,
                    self.sums[series] ?? 0,
                    attributes
                )
            }
            requests.append((text.request, max(0, index)))
        }
        return requests
    }
}
