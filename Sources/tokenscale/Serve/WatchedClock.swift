import Logging
import Synchronization
import TokenscaleCore

/// The time of day by which everything is counted, and a watch over it: when it is set, the aggregator hears of that
/// before anybody counts by the new time.
final class WatchedClock: Sendable {
    private let aggregator: Aggregator
    private let logger: Logger
    private let jumps = Mutex(ClockJumps())

    /// Reading both clocks takes longer than this only if the thread was stopped in between.
    private static let readingMax = Duration.milliseconds(100)

    init(aggregator: Aggregator, logger: Logger) {
        self.aggregator = aggregator
        self.logger = logger
    }

    func now() -> Timestamp {
        let (wall, jump) = self.jumps.withLock { jumps in
            let elapsed = ContinuousClock.now
            let wall = WallClock.now()
            let isExact = ContinuousClock.now - elapsed <= Self.readingMax
            return (wall, isExact ? jumps.check(wall: wall, elapsed: elapsed) : nil)
        }
        guard let jump else { return wall }
        self.aggregator.clockWasSet(at: wall, by: jump)
        self.logger.warning(
            "The clock of this machine was set; rates are not known for 80 s. Does it run NTP?",
            metadata: ["seconds": "\(Int(jump.rounded()))"]
        )
        return wall
    }
}

/// Notices when the time of day moves by something else than the time that passes.
struct ClockJumps: Sendable {
    /// Less is the work of a daemon that keeps the clock right.
    static let secondsMin = 5.0

    private var last: (wall: Timestamp, elapsed: ContinuousClock.Instant)?

    /// - Returns: By how many seconds the clock was set since the last check; `nil` when it was not.
    mutating func check(wall: Timestamp, elapsed: ContinuousClock.Instant) -> Double? {
        defer { self.last = (wall, elapsed) }
        guard let last = self.last else { return nil }
        let jump = wall.seconds(since: last.wall) - (elapsed - last.elapsed) / .seconds(1)
        return abs(jump) >= Self.secondsMin ? jump : nil
    }
}
