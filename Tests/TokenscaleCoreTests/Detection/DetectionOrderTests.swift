import CMallocCounter
import Testing

@testable import TokenscaleCore

/// What telemetry does to events on the way: late, twice, in another order. And what a session may cost.
@Suite("Detection order and cost")
struct DetectionOrderTests {
    static func loop(rounds: Int) -> [AgentEvent] {
        var script = SessionScript()
        script.prompt()
        for step in 0..<6 { script.call(.read, "file \(step)", result: Int64(700 + 90 * step)) }
        for step in 0..<rounds { script.call(.bash, "same \(step % 3)", error: step % 3 == 1 ? "ShellError" : nil) }
        return script.events
    }

    static func judge(_ deliveries: [(event: AgentEvent, arrival: Timestamp)]) -> LoopFinding? {
        var detector = LoopDetector()
        var end = Timestamp.zero
        for delivery in deliveries {
            detector.observe(delivery.event, session: 1, workload: 2, arrival: delivery.arrival)
            end = max(end, delivery.arrival)
        }
        return detector.finding(session: 1, at: end)
    }

    @Test("events late, doubled and swapped within the hold conclude the same", arguments: [1, 2, 3, 5, 8, 13, 21, 34])
    func disorder(seed: UInt64) {
        let events = Self.loop(rounds: 40)
        let plain = Self.judge(events.map { ($0, $0.time) })
        var random = TestRandom(seed: seed)
        var deliveries: [(event: AgentEvent, arrival: Timestamp)] = []
        for event in events {
            let delay = random.below(4) == 0 ? Double(random.below(60)) / 10 : 0
            deliveries.append((event, event.time.advanced(bySeconds: delay)))
            if random.below(5) == 0 {
                deliveries.append((event, event.time.advanced(bySeconds: delay + Double(random.below(80)) / 10)))
            }
        }
        // The first event names the process: it comes first, as it does on a connection.
        let rest = deliveries.dropFirst().enumerated().sorted { left, right in
            left.element.arrival == right.element.arrival
                ? left.offset < right.offset : left.element.arrival < right.element.arrival
        }
        let disordered = Self.judge([deliveries[0]] + rest.map(\.element))
        #expect(plain != nil)
        #expect(disordered == plain, "seed \(seed)")
    }

    @Test("a resent batch is no repetition")
    func resent() {
        var script = SessionScript()
        script.prompt()
        for step in 0..<5 { script.call(.read, "file \(step)", result: Int64(700 + 90 * step)) }
        var deliveries = script.events.map { ($0, $0.time) }
        for _ in 0..<6 { deliveries += script.events.map { ($0, $0.time.advanced(bySeconds: 5)) } }
        #expect(Self.judge(deliveries) == nil)
    }

    @Test("a lost event holds the others back for the hold time only")
    func lost() {
        var events = Self.loop(rounds: 60)
        events.remove(at: 20)
        #expect(Self.judge(events.map { ($0, $0.time) }) != nil)
    }

    @Test("a tool result logged before its request belongs to its round", arguments: [false, true])
    func resultBeforeRequest(resultComesFirst: Bool) {
        var script = SessionScript()
        script.prompt()
        for _ in 0..<8 { script.call(.bash, "ls") }
        // Each call comes with its request; both name the request, and may be logged in either order.
        var events = script.events
        for index in stride(from: 1, to: events.count - 1, by: 2) {
            let request = Hash128(low: UInt64(index), high: 7)
            events[index].request = request
            events[index + 1].request = request
            if resultComesFirst {
                var (first, second) = (events[index + 1], events[index])
                (first.sequence, second.sequence) = (second.sequence, first.sequence)
                (first.time, second.time) = (second.time, first.time)
                events[index] = first
                events[index + 1] = second
            }
        }
        let finding = Self.judge(events.map { ($0, $0.time) })
        #expect(finding?.pattern == .identicalAction)
        #expect(finding?.severity == .critical)
    }

    @Test("a session costs at most 2 KiB, a workload at most 1 KiB")
    func size() {
        // An array has a header of 32 bytes, and the allocator up to 16 more for each.
        let memory = ActionMemory.capacity * MemoryLayout<ActionRecord>.stride + 48
        let rounds = MemoryLayout<Round>.stride + 48
        let session = MemoryLayout<SessionDetector>.stride
        #expect(session + memory + rounds <= 2_048, "\(session) + \(memory) + \(rounds)")
        let workload = MemoryLayout<WorkloadDetector>.stride + 4 * MemoryLayout<WorkloadDetector.Record>.stride
        #expect(workload <= 1_024, "\(workload)")
    }

    @Test("an event allocates nothing in the steady state")
    func allocations() {
        let events = Self.loop(rounds: 400)
        var detector = SessionDetector()
        var workload = WorkloadDetector()
        let configuration = DetectionConfiguration()
        let half = events.count / 2
        for event in events[..<half] {
            detector.observe(event, session: 1, arrival: event.time, workload: &workload, configuration: configuration)
        }
        let before = malloc_counter_total()
        var index = half
        while index < events.count {
            let event = events[index]
            detector.observe(event, session: 1, arrival: event.time, workload: &workload, configuration: configuration)
            index += 1
        }
        let count = malloc_counter_total() - before
        #if DEBUG
        // Unoptimised generic code of the standard library asks for scratch memory; the detector itself does not.
        #expect(count <= 4 * UInt(events.count - half))
        #else
        #expect(count == 0)
        #endif
    }
}

/// SplitMix64 <https://prng.di.unimi.it/splitmix64.c>.
struct TestRandom {
    private var state: UInt64

    init(seed: UInt64) { self.state = seed }

    mutating func below(_ bound: Int) -> Int {
        self.state &+= 0x9e37_79b9_7f4a_7c15
        var value = self.state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return Int((value ^ (value >> 31)) % UInt64(max(1, bound)))
    }
}
