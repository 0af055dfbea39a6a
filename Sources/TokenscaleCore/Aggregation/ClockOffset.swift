/// How far a sender's clock is behind ours, from what arrives: the smallest (arrival - newest event time) seen lately.
///
/// A small offset is delay, not a wrong clock, and is left alone. A large one is corrected only once it has proved
/// stable: a single old body (a backlog, a replay) must count in the totals without raising the rate of now.
package struct ClockOffset: Sendable {
    /// Minimum of the current and of the previous period, nanoseconds; `.max` when nothing came.
    private var current: Int64 = .max
    private var previous: Int64 = .max
    private var periodStart: Timestamp = .zero
    private var firstArrival: Timestamp = .zero
    private var blockCount = 0

    /// How long an observed minimum is kept at least.
    private static let periodSeconds = 300.0
    /// A behind clock is believed after this many blocks over this many seconds.
    private static let proofBlockCount = 3
    private static let proofSeconds = 5.0

    package init() {}

    /// Takes note of a block whose newest item is dated `newest`.
    package mutating func observe(newest: Timestamp, arrival: Timestamp) {
        if self.blockCount == 0 { self.firstArrival = arrival }
        if arrival.seconds(since: self.periodStart) > Self.periodSeconds {
            self.previous = self.current
            self.current = .max
            self.periodStart = arrival
        }
        self.current = Swift.min(self.current, arrival.nanoseconds &- newest.nanoseconds)
        self.blockCount += 1
        self.lastArrival = arrival
    }

    private var lastArrival: Timestamp = .zero

    /// Seconds to add to the sender's times; 0 while its clock is plausible.
    package func correctionSeconds(toleranceSeconds: Double) -> Double {
        let smallest = Swift.min(self.current, self.previous)
        guard smallest != .max else { return 0 }
        let offset = Double(smallest) / 1e9
        // Ahead of us: nothing may land in the future, so any lead beyond rounding is corrected at once.
        if offset < -1 { return offset }
        guard offset > toleranceSeconds else { return 0 }
        let isProved =
            self.blockCount >= Self.proofBlockCount
            && self.lastArrival.seconds(since: self.firstArrival) >= Self.proofSeconds
        return isProved ? offset : 0
    }
}
