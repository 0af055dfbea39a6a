import Logging
import ServiceLifecycle
import TokenscaleCore

/// Steps 6 to 9 of the way of the data: once a second one snapshot is made and published, then shown to whoever
/// decides.
struct TickLoop: Service {
    let aggregator: Aggregator
    let store: SnapshotStore
    /// Decisions on a snapshot, in order: each is done before the next tick begins.
    let deciders: [any TickDecider]
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            let clock = ContinuousClock()
            var next = clock.now
            var jumps = ClockJumps()
            while !Task.isCancelled {
                if let seconds = jumps.check(wall: WallClock.now(), elapsed: clock.now) {
                    self.aggregator.clockWasSet(at: WallClock.now())
                    self.logger.warning(
                        "The clock of this machine was set; rates are not known for 80 s. Does it run NTP?",
                        metadata: ["seconds": "\(seconds)"]
                    )
                }
                await self.tick(isLast: false)
                next += .seconds(1)
                // After a stop of the machine the missed seconds are skipped, not made up for.
                if next < clock.now { next = clock.now }
                // Only cancellation ends the sleep early, and the loop's condition sees that.
                try? await clock.sleep(until: next)
            }
        }
        // What the receiver took while it drained is counted, published and decided on, too.
        await self.tick(isLast: true)
    }

    private func tick(isLast: Bool) async {
        let snapshot = self.aggregator.snapshot(now: WallClock.now())
        self.store.publish(snapshot)
        for decider in self.deciders { await decider.decide(snapshot, isLast: isLast) }
    }
}

/// Notices when the time of day moves by something else than the time that passes.
struct ClockJumps: Sendable {
    /// Less is the work of a daemon that keeps the clock right.
    static let secondsMin = 5.0

    private var last: (wall: Timestamp, elapsed: ContinuousClock.Instant)?

    /// - Returns: By how many seconds the clock was set since the last check; `nil` when it was not.
    mutating func check(wall: Timestamp, elapsed: ContinuousClock.Instant) -> Int? {
        defer { self.last = (wall, elapsed) }
        guard let last = self.last else { return nil }
        let jump = wall.seconds(since: last.wall) - (elapsed - last.elapsed) / .seconds(1)
        return abs(jump) >= Self.secondsMin ? Int(jump.rounded()) : nil
    }
}

/// What acts on each snapshot.
protocol TickDecider: Sendable {
    /// - Parameter isLast: The process is about to end.
    func decide(_ snapshot: Snapshot, isLast: Bool) async
}
