import TokenscaleCore

/// One recorded piece of telemetry, decoded as the collector decodes it.
struct RecordedItem {
    enum Content {
        case event(AgentEvent)
        case point(MetricPoint)
    }

    var content: Content
    /// Keyed hashes of session and pod.
    var session: UInt64
    var workload: UInt64
    var sessionName: String
    /// What the alert names: the index of the case's event, else the ordinal of the record.
    var index: Int

    var time: Timestamp {
        switch content {
        case .event(let event): event.time
        case .point(let point): point.time
        }
    }

    /// Both are points of one export.
    func isExported(with other: RecordedItem) -> Bool {
        guard case .point = self.content, case .point = other.content else { return false }
        return self.time == other.time
    }
}

/// A case, a capture or a transcript: what `tokenscale detect` judges as one thing.
struct Recording {
    /// The case's id, or the file's name.
    var id: String
    /// `stuck`, `healthy` or `gray`, where the file says it.
    var label: String?
    var pattern: String?
    /// The labelled case this was written from.
    var line: CaseLine?
    var items: [RecordedItem] = []
    /// Lines that are no JSON: what they held is missing.
    var brokenLineCount = 0

    init(id: String) { self.id = id }

    /// In the order of their times; what has none keeps its place.
    mutating func sortByTime() {
        let order = self.items.indices.sorted { left, right in
            let (first, second) = (self.items[left].time, self.items[right].time)
            return first == second ? left < right : first < second
        }
        self.items = order.map { self.items[$0] }
    }
}

/// Which telemetry the sessions are said to have sent.
enum DetailLevel: String, CaseIterable {
    /// Log events with `OTEL_LOG_TOOL_DETAILS=1`.
    case full
    /// Log events without: tool names and sizes.
    case sizes
    /// No log events.
    case metrics
}
