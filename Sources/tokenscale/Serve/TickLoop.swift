import ServiceLifecycle
import TokenscaleCore

/// Steps 6 to 9 of the way of the data: once a second one snapshot is made and published, then shown to whoever
/// decides.
struct TickLoop: Service {
    let aggregator: Aggregator
    let clock: WatchedClock
    let store: SnapshotStore
    /// Decisions on a snapshot, in order: each is done before the next tick begins.
    let deciders: [any TickDecider]

    func run() async throws {
        await cancelWhenGracefulShutdown {
            let steady = ContinuousClock()
            var next = steady.now
            while !Task.isCancelled {
                await self.tick(isLast: false)
                next += .seconds(1)
                // After a stop of the machine the missed seconds are skipped, not made up for.
                if next < steady.now { next = steady.now }
                // Only cancellation ends the sleep early, and the loop's condition sees that.
                try? await steady.sleep(until: next)
            }
        }
        // What the receiver took while it drained is counted, published and decided on, too.
        await self.tick(isLast: true)
    }

    private func tick(isLast: Bool) async {
        let snapshot = self.aggregator.snapshot(now: self.clock.now())
        self.store.publish(snapshot)
        for decider in self.deciders { await decider.decide(snapshot, isLast: isLast) }
    }
}

/// What acts on each snapshot.
protocol TickDecider: Sendable {
    /// - Parameter isLast: The process is about to end.
    func decide(_ snapshot: Snapshot, isLast: Bool) async
}
