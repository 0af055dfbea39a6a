import FoundationEssentials
import OTLP

/// A labelled case of a loop collection: one JSON object a line.
struct CaseLine: Decodable {
    var id: String?
    var trajectory_id: String?
    var label: String?
    var pattern: String?
    var agent: String?
    var onset: Int?
    var end: Int?
    var recovers: Bool?
    var events: [CaseEvent]?
    var steps: [CaseEvent]?

    var allEvents: [CaseEvent] { self.events ?? self.steps ?? [] }

    var name: String { self.id ?? self.trajectory_id ?? "case" }

    /// Why the case cannot be played; `nil` when it can.
    var fault: String? {
        let events = self.allEvents
        if let onset, !events.indices.contains(onset) {
            return "onset is \(onset); allowed is the index of one of the \(events.count) events"
        }
        if let end, !(0...1_000_000_000).contains(end) { return "end is \(end); allowed is the index of an event" }
        guard let index = events.firstIndex(where: { !$0.isInRange }) else { return nil }
        return "event \(index) has a number beyond ±1e15"
    }
}

/// One event of a case; the keys are those of the collection.
struct CaseEvent: Decodable {
    var t: Int64
    var k: String
    var s: Int?
    var w: Int?
    var q: String?
    var it: Int64?
    var cr: Int64?
    var cc: Int64?
    var ot: Int64?
    var d: Double?
    var rl: Int64?
    var tool: String?
    var ok: Bool?
    var e: String?
    var eh: String?
    var asz: Int64?
    var rsz: Int64?
    var a: String?
    var c: String?
    var sl: Double?
    var f: String?
    var bg: Flag?
    var la: Double?
    var lr: Double?
    var commit: Flag?
    var st: Int64?
    var att: Int64?
    var trig: String?
    var pre: Int64?
    var post: Int64?
    var ev: String?
    var blk: Flag?
    var len: Int64?
    var src: String?

    /// No sum of so many events leaves the range of numbers.
    fileprivate var isInRange: Bool {
        let counts = [t, it, cr, cc, ot, rl, asz, rsz, st, att, pre, post, len]
        return counts.allSatisfy { $0.map { $0.magnitude < 1_000_000_000_000_000 } ?? true }
            && [d, sl, la, lr].allSatisfy { $0.map { abs($0) < 1e15 } ?? true }
    }

    /// `true`, or a number that is not 0.
    struct Flag: Decodable {
        var isSet: Bool

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let truth = try? container.decode(Bool.self) {
                self.isSet = truth
            } else {
                self.isSet = ((try? container.decode(Double.self)) ?? 0) != 0
            }
        }
    }
}

/// Writes a case as the telemetry that Claude Code would have sent.
struct CaseTelemetry {
    private struct Place: Hashable {
        var workload: Int
        var session: Int
    }

    /// 2026-01-01: cases count from 0.
    static let startMilliseconds: Int64 = 1_767_225_600_000

    let line: CaseLine
    let level: DetailLevel
    private var prompts: [Place: Int] = [:]
    private var sequences: [Place: Int64] = [:]
    /// Subagents in flight: lane and the tool use that started it, the oldest first.
    private var lanes: [Place: [(lane: String, toolUse: String)]] = [:]

    init(_ line: CaseLine, level: DetailLevel) {
        self.line = line
        self.level = level
    }

    /// One logs request per record, in order, with the index of the case's event.
    mutating func logs() -> [(body: [UInt8], indices: [Int])] {
        var bodies: [(body: [UInt8], indices: [Int])] = []
        for (index, event) in self.line.allEvents.enumerated() {
            let workload = event.w ?? 0
            var text = OTLPText(logsOf: self.resource(workload))
            let count = self.write(event, index, to: &text)
            if count > 0 { bodies.append((text.request, [Int](repeating: index, count: count))) }
        }
        return bodies
    }

    func resource(_ workload: Int) -> OTLPText.Attributes {
        [
            ("service.name", .text("claude-code")), ("k8s.pod.name", .text("pod-\(self.line.name)-\(workload)")),
            ("k8s.namespace.name", .text("agents")),
        ]
    }

    func session(_ event: CaseEvent) -> String { "\(self.line.name)/\(event.w ?? 0)/\(event.s ?? 0)" }

    // MARK: Records

    private mutating func write(_ event: CaseEvent, _ index: Int, to text: inout OTLPText) -> Int {
        var records = CaseRecords(event: event, index: index, isDetailed: self.level == .full)
        let place = Place(workload: event.w ?? 0, session: event.s ?? 0)
        if event.k == "prompt" { self.prompts[place] = index }
        if event.k == "llm", let lane = event.q, lane.hasPrefix("sub") {
            if self.lanes[place]?.contains(where: { $0.lane == lane }) != true {
                records.startLane(self.toolUse(lane, place))
            }
            self.lanes[place, default: []].removeAll { $0.lane == lane }
            self.lanes[place, default: []].append((lane, self.toolUse(lane, place)))
        }
        var toolUse = "toolu_\(index)"
        let isAgent = event.tool == "Task" || event.tool == "Agent"
        if event.k == "tool", isAgent, let lane = self.lanes[place]?.popLast() { toolUse = lane.toolUse }
        records.write(toolUse: toolUse)
        for record in records.records {
            let sequence = self.sequences[place, default: 0] + 1
            self.sequences[place] = sequence
            var attributes: OTLPText.Attributes = [
                ("event.sequence", .integer(sequence)), ("session.id", .text(self.session(event))),
            ]
            if let prompt = self.prompts[place] { attributes.append(("prompt.id", .text("prompt-\(prompt)"))) }
            text.addRecord(
                named: record.name,
                milliseconds: Self.startMilliseconds + event.t,
                attributes + record.attributes
            )
        }
        return records.records.count
    }

    private func toolUse(_ lane: String, _ place: Place) -> String {
        "toolu_\(place.workload)_\(place.session)_\(lane)"
    }
}
