import Foundation
import TokenscaleCore

/// `tokenscale-detection-benchmarks`: events a second through the loop detector, against a plain counter of repeated
/// calls on the same events, and what 100,000 live sessions take.
///
/// The plain variant is what most published detectors do (a dictionary of fingerprints per session): it shows what the
/// evidence costs over the least that any detector must do.
@main
enum DetectionBenchmarks {
    static let hash = KeyedHash(key: 0x7ab5_0c11)
    static let start = Timestamp(seconds: 1_795_212_926)

    static func main() {
        self.speed()
        self.memory()
    }

    // MARK: Speed

    private static func speed() {
        let sessionCount = 2_000
        var ours: [Double] = []
        var plain: [Double] = []
        for run in 0..<7 {
            let rounds = Self.rounds(sessionCount: sessionCount, count: 20, run: run)
            let eventCount = Double(rounds.reduce(0) { $0 + $1.count })
            var detectors = [SessionDetector](repeating: SessionDetector(), count: sessionCount)
            var workloads = [WorkloadDetector](repeating: WorkloadDetector(), count: sessionCount / 5)
            var counters = [PlainCounter](repeating: PlainCounter(), count: sessionCount)
            let configuration = DetectionConfiguration()
            let seconds = Self.cpuSeconds {
                for events in rounds {
                    for index in events.indices {
                        let session = index / Self.eventsPerRound
                        detectors[session].observe(
                            events[index],
                            session: UInt64(session),
                            arrival: events[index].time,
                            workload: &workloads[session / 5],
                            configuration: configuration
                        )
                    }
                }
            }
            let plainSeconds = Self.cpuSeconds {
                for events in rounds {
                    for index in events.indices { counters[index / Self.eventsPerRound].observe(events[index]) }
                }
            }
            ours.append(eventCount / seconds / 1e6)
            plain.append(eventCount / plainSeconds / 1e6)
        }
        print("detector: \(Self.median(ours)) million events/s (least \(Self.text(ours.min() ?? 0)); target 2)")
        print("plain counter of repeated calls, same events: \(Self.median(plain)) million events/s")
    }

    // MARK: Memory

    private static func memory() {
        let sessionCount = 100_000
        let before = Self.residentByteCount()
        var detectors = [SessionDetector](repeating: SessionDetector(), count: sessionCount)
        var workload = WorkloadDetector()
        let configuration = DetectionConfiguration()
        // Enough different calls to fill the memory of every session.
        for round in 0..<40 {
            let events = Self.events(session: 0, round: round, run: 0)
            for session in detectors.indices {
                for index in events.indices {
                    detectors[session].observe(
                        events[index],
                        session: UInt64(session),
                        arrival: events[index].time,
                        workload: &workload,
                        configuration: configuration
                    )
                }
            }
        }
        let bytes = Self.residentByteCount() - before
        print("100,000 live sessions: \(bytes >> 20) MiB, \(bytes / sessionCount) bytes each (limits 256 MB, 2 KiB)")
        withExtendedLifetime(detectors) {}
    }

    // MARK: Events

    private static let eventsPerRound = 3

    private static func rounds(sessionCount: Int, count: Int, run: Int) -> [[AgentEvent]] {
        (0..<count).map { round in
            (0..<sessionCount).flatMap { Self.events(session: $0, round: round, run: run) }
        }
    }

    /// One round of a working agent: a decision, its result, the request. Arguments change from round to round.
    private static func events(session: Int, round: Int, run: Int) -> [AgentEvent] {
        var event = AgentEvent()
        event.time = Self.start.advanced(bySeconds: Double(round) * 6)
        event.sequence = Int64(round * Self.eventsPerRound)
        event.request = Self.hash.hash128("\(run)/\(session)/\(round)")
        event.kind = .toolDecision
        event.tool = round % 4 == 3 ? .edit : .bash
        event.toolName = UInt64(event.tool.rawValue) + 1
        event.toolUse = event.request.low
        event.isAccepted = .yes
        var result = event
        result.kind = .toolResult
        result.sequence += 1
        result.success = .yes
        result.arguments = event.request.high | 1
        result.inputByteCount = Int64(60 + round)
        result.resultByteCount = Int64(300 + round * 17)
        result.durationMilliseconds = 120
        var request = event
        request.kind = .apiRequest
        request.sequence += 2
        request.querySource = .main
        request.tokens = TokenCounts(input: 5, output: 120, cacheRead: 20_000, cacheCreation: 400)
        return [event, result, request]
    }

    private static func cpuSeconds(_ work: () -> Void) -> Double {
        let before = clock()
        work()
        return Double(clock() - before) / Double(CLOCKS_PER_SEC)
    }

    private static func residentByteCount() -> Int {
        let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
        let fields = text.split(separator: " ")
        return fields.count > 1 ? (Int(fields[1]) ?? 0) * 4_096 : 0
    }

    private static func median(_ values: [Double]) -> String { Self.text(values.sorted()[values.count / 2]) }

    private static func text(_ value: Double) -> String { String(format: "%.2f", value) }
}

/// Counts how often a session made the same call.
private struct PlainCounter {
    private var counts: [UInt64: Int] = [:]
    private(set) var highest = 0

    mutating func observe(_ event: AgentEvent) {
        guard event.kind == .toolResult else { return }
        let count = self.counts[event.arguments, default: 0] + 1
        self.counts[event.arguments] = count
        self.highest = max(self.highest, count)
    }
}
