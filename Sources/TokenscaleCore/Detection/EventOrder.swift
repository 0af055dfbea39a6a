/// An event that waits for an earlier one.
struct HeldEvent: Sendable {
    var sequence: Int64
    var arrival: Timestamp
    var observation: Observation
    var tokens: TokenCounts
    var costMicroUSD: Int64
}

/// Restores the order of a session's events and drops duplicates, by `event.sequence`, which counts from 0 per process.
///
/// Events that come in order pass without being stored. One that overtook another waits until the gap is closed, until
/// ``DetectionConfiguration/holdSeconds`` have passed, or until 32 events wait.
struct EventOrder: Sendable {
    enum Verdict {
        case take
        case hold
        case drop
    }

    static let heldCountMax = 32
    /// Numbers that a process can reach by counting: beyond, they say nothing of the order (and would overflow it).
    private static let sequences: Range<Int64> = 0..<1 << 48

    /// The sequence number expected next; -1 before the first event.
    private var next: Int64 = -1
    /// Bit i: the event `next - 1 - i` was taken.
    private var taken: UInt64 = 0
    private var newest: Timestamp = .zero
    private(set) var held: [HeldEvent] = []
    /// The last events of senders that do not number them, or not by counting.
    private var recent = LastFour<UInt32>(repeating: 0)

    mutating func admit(_ sequence: Int64, _ time: Timestamp, mark: UInt32) -> Verdict {
        guard Self.sequences.contains(sequence) else {
            if self.recent.contains(where: { $0 == mark }) { return .drop }
            self.recent.push(mark)
            return .take
        }
        if self.next < 0 || sequence < self.next && time > self.newest {
            // The first event, or a new process of the same session: it counts from 0 again.
            self.next = sequence + 1
            self.taken = 1
            self.newest = time
            return .take
        }
        let age = self.next - 1 - sequence
        if age >= 0 {
            // Older than the memory: a duplicate, as far as anybody can tell.
            guard age < 64, self.taken & (1 << UInt64(age)) == 0 else { return .drop }
            self.taken |= 1 << UInt64(age)
            return .take
        }
        if sequence == self.next {
            self.pass(to: sequence)
            self.newest = max(self.newest, time)
            return .take
        }
        return self.held.contains { $0.sequence == sequence } ? .drop : .hold
    }

    mutating func hold(_ event: HeldEvent) { self.held.append(event) }

    /// The next event that need not wait any longer.
    mutating func release(at now: Timestamp, holdSeconds: Double) -> HeldEvent? {
        guard !self.held.isEmpty, let index = self.earliest else { return nil }
        let event = self.held[index]
        let isDue =
            event.sequence <= self.next || self.held.count >= Self.heldCountMax
            || self.held.contains { now.seconds(since: $0.arrival) >= holdSeconds }
        guard isDue else { return nil }
        self.held.remove(at: index)
        if self.held.isEmpty { self.held = [] }
        if event.sequence >= self.next { self.pass(to: event.sequence) }
        self.newest = max(self.newest, event.observation.time)
        return event
    }

    private var earliest: Int? {
        self.held.indices.min { self.held[$0].sequence < self.held[$1].sequence }
    }

    /// Moves on behind `sequence`; what lies between counts as missing.
    private mutating func pass(to sequence: Int64) {
        let step = sequence + 1 - self.next
        self.taken = step >= 64 ? 0 : self.taken << UInt64(step)
        self.taken |= 1
        self.next = sequence + 1
    }
}
