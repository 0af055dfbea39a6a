/// How far the times of a sender are behind ours, from what arrives: the smallest (arrival - newest time) seen lately.
///
/// A clock that is behind and a pipeline that always holds data back look the same and are mended the same way: left
/// alone, a constant delay of 30 s would halve every rate, because the older half of the window has passed before its
/// tokens arrive. What ends (a backlog, a replay, a resent body) is neither: it must count in the totals and not raise
/// the rate of now. So an offset is believed once several deliveries over some seconds agree on it.
package struct ClockOffset: Sendable {
    /// Minimum of the current and of the previous period, nanoseconds; `.max` when nothing came.
    private var current: Int64 = .max
    private var previous: Int64 = .max
    private var periodStart: Timestamp = .zero
    /// Deliveries in a row whose delays agree: when they began, how many, between which delays.
    private var runStart: Timestamp = .zero
    private var runCount = 0
    private var runSmallest: Int64 = .max
    private var runLargest: Int64 = .max
    /// The smallest delay of the last run that was long enough.
    private var proved: Int64 = .max

    /// How long an observed minimum is kept at least.
    private static let periodSeconds = 300.0
    private static let proofCount = 3
    static let proofSeconds = 20.0
    /// Delays agree within this: events wait up to 5 s for their export, and a retry takes some more.
    private static let agreement: Int64 = 10_000_000_000
    /// A lead beyond this ends with the first delivery within this.
    private static let leadSize: Int64 = 60_000_000_000

    package init() {}

    /// Takes note of a block whose newest item is dated `newest`.
    package mutating func observe(newest: SentTime, arrival: Timestamp) {
        if arrival.seconds(since: self.periodStart) > Self.periodSeconds {
            self.previous = self.current
            self.current = .max
            self.periodStart = arrival
        }
        let delay = arrival.nanoseconds &- newest.uncorrected.nanoseconds
        if self.endsLead(delay) {
            self.current = delay
            self.previous = .max
        }
        self.current = Swift.min(self.current, delay)
        let smallest = Swift.min(self.runSmallest, delay)
        let largest = self.runCount == 0 ? delay : Swift.max(self.runLargest, delay)
        if self.runCount > 0, largest &- smallest <= Self.agreement {
            self.runSmallest = smallest
            self.runLargest = largest
            self.runCount += 1
        } else {
            self.runStart = arrival
            self.runSmallest = delay
            self.runLargest = delay
            self.runCount = 1
        }
        if self.runCount >= Self.proofCount, arrival.seconds(since: self.runStart) >= Self.proofSeconds {
            self.proved = self.runSmallest
        }
    }

    /// Whether a delivery that is dated about now disproves a lead of more than a minute: the clock was put right, or
    /// one item had a time of its own. Data as old as the lead is large is the less likely story.
    private func endsLead(_ delay: Int64) -> Bool {
        let lead = Swift.min(self.current, self.previous)
        return lead < -Self.leadSize && delay >= -1_000_000_000 && delay <= Self.leadSize
    }

    /// Seconds to add to the sender's times; 0 while they are plausible.
    ///
    /// - Parameter toleranceSeconds: Smaller offsets are ordinary delay.
    package func correctionSeconds(toleranceSeconds: Double) -> Double {
        let smallest = Swift.min(self.current, self.previous)
        guard smallest != .max else { return 0 }
        let offset = Double(smallest) / 1e9
        // Ahead of us: nothing may land in the future, so any lead beyond rounding is corrected at once.
        if offset < -1 { return offset }
        guard offset > toleranceSeconds, self.proved != .max else { return 0 }
        return self.proved &- smallest <= Self.agreement ? offset : 0
    }

    /// By how many seconds the sender is ahead of a clock that nobody sets; 0 within rounding.
    ///
    /// - Parameter setSeconds: By how much our own clock was set.
    func leadSeconds(setSeconds: Double) -> Double {
        let smallest = Swift.min(self.current, self.previous)
        guard smallest != .max else { return 0 }
        let offset = Double(smallest) / 1e9 - setSeconds
        return offset < -1 ? -offset : 0
    }
}
