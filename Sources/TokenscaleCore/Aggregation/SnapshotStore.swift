import Synchronization

/// The current snapshot. One task publishes; everybody reads.
package final class SnapshotStore: Sendable {
    private final class Box: Sendable {
        let snapshot: Snapshot
        init(_ snapshot: Snapshot) { self.snapshot = snapshot }
    }

    private let box: Mutex<Box>

    package init(_ snapshot: Snapshot = Snapshot()) { self.box = Mutex(Box(snapshot)) }

    /// The newest snapshot. O(1): the lock is held for a reference copy.
    package var current: Snapshot { self.box.withLock { $0 }.snapshot }

    package func publish(_ snapshot: Snapshot) {
        let next = Box(snapshot)
        let previous = self.box.withLock { box in
            let previous = box
            box = next
            return previous
        }
        // The old snapshot is freed here, outside the lock.
        withExtendedLifetime(previous) {}
    }
}
