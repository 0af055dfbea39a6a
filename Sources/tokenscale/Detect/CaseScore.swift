import TokenscaleCore

/// How well alerts hit labelled cases.
///
/// - Episode: alerts of a case at most 60 minutes after the one before.
/// - Hit: a stuck case with an alert from its onset to three events after its end.
/// - False alarm: any episode of a healthy case; of a stuck one, an episode that begins before the onset, or more than
///   20 events after the end of a case that recovers.
/// - Active hours: gaps between events per pod, each at most five minutes.
/// - Delay: model requests (and API errors) from the onset to the alert.
struct CaseScore {
    struct Pattern {
        var count = 0
        var hitCount = 0
        var delays: [Int] = []

        var recall: Double { self.count == 0 ? 0 : Double(self.hitCount) / Double(self.count) }
    }

    struct Healthy {
        var count = 0
        var hitCount = 0
        var falseAlarmCount = 0
        var hours = 0.0
    }

    private(set) var patterns: [String: Pattern] = [:]
    private(set) var healthy: [String: Healthy] = [:]
    /// Ids of stuck cases without a hit and of cases with a false alarm: for whoever improves the detector.
    private(set) var missed: [String] = []
    private(set) var falselyAlarmed: [String] = []

    static let episodeMilliseconds: Int64 = 3_600_000
    static let gapMilliseconds: Int64 = 300_000

    /// - Parameter indices: Events at which alerts of the severity in question were raised.
    mutating func add(_ line: CaseLine, alertedAt indices: [Int]) {
        let events = line.allEvents
        let indices = indices.filter { events.indices.contains($0) }.sorted()
        var episodes: [Int] = []
        var last: Int64?
        for index in indices {
            if last.map({ events[index].t - $0 > Self.episodeMilliseconds }) ?? true { episodes.append(index) }
            last = events[index].t
        }
        switch line.label {
        case "healthy":
            let hours = Self.activeHours(events[...])
            self.addHealthy(line.scoredPattern, line.name, episodes.count, hours)
        case "stuck":
            let onset = line.onset ?? 0
            let end = line.end ?? events.count - 1
            let late = line.recovers == true ? episodes.count { $0 > end + 20 } : 0
            let early = episodes.count { $0 < onset }
            self.addHealthy("(stuck cases)", line.name, early + late, Self.activeHours(events.prefix(onset + 1)))
            self.patterns[line.scoredPattern, default: Pattern()].count += 1
            guard let hit = indices.first(where: { $0 >= onset && $0 <= end + 3 }) else {
                self.missed.append(line.name)
                return
            }
            self.patterns[line.scoredPattern, default: Pattern()].hitCount += 1
            let delay = events[onset...hit].count { $0.k == "llm" || $0.k == "api_error" }
            self.patterns[line.scoredPattern, default: Pattern()].delays.append(delay)
        default: return
        }
    }

    private mutating func addHealthy(_ pattern: String, _ name: String, _ falseAlarmCount: Int, _ hours: Double) {
        self.healthy[pattern, default: Healthy()].count += 1
        self.healthy[pattern, default: Healthy()].hours += hours
        self.healthy[pattern, default: Healthy()].falseAlarmCount += falseAlarmCount
        guard falseAlarmCount > 0 else { return }
        self.healthy[pattern, default: Healthy()].hitCount += 1
        self.falselyAlarmed.append(name)
    }

    private static func activeHours(_ events: ArraySlice<CaseEvent>) -> Double {
        var last: [Int: Int64] = [:]
        var sum: Int64 = 0
        for event in events {
            if let before = last[event.w ?? 0] { sum += min(event.t - before, Self.gapMilliseconds) }
            last[event.w ?? 0] = event.t
        }
        return Double(sum) / 3.6e6
    }

    // MARK: Sums

    /// Mean over the patterns.
    var macroRecall: Double {
        self.patterns.isEmpty ? 0 : self.patterns.values.reduce(0) { $0 + $1.recall } / Double(self.patterns.count)
    }

    var falseAlarmCount: Int { self.healthy.values.reduce(0) { $0 + $1.falseAlarmCount } }
    var hours: Double { self.healthy.values.reduce(0) { $0 + $1.hours } }
    var falseAlarmsPerThousandHours: Double { self.hours > 0 ? 1_000 * Double(self.falseAlarmCount) / self.hours : 0 }
    var medianDelay: Double? { Self.median(self.patterns.values.flatMap(\.delays)) }

    static func median(_ values: [Int]) -> Double? {
        guard !values.isEmpty else { return nil }
        let sorted = values.sorted()
        let middle = sorted.count / 2
        return sorted.count % 2 == 1 ? Double(sorted[middle]) : Double(sorted[middle - 1] + sorted[middle]) / 2
    }
}

extension CaseLine {
    /// Cases of real sessions name the agent instead of a pattern.
    var scoredPattern: String {
        if let pattern { return pattern }
        if self.label == "stuck" { return "real_failing_edit_loop" }
        return "ok_real_" + (self.agent ?? "agent").prefix { $0 != "(" }
    }
}
