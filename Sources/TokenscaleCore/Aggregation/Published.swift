import Synchronization

/// The current one of a row of immutable values. One task publishes; everybody reads.
package final class Published<Value: Sendable>: Sendable {
    private final class Box: Sendable {
        let value: Value
        init(_ value: Value) { self.value = value }
    }

    private let box: Mutex<Box>

    package init(_ value: Value) { self.box = Mutex(Box(value)) }

    /// The newest value. O(1): the lock is held for a reference copy.
    package var current: Value { self.box.withLock { $0 }.value }

    package func publish(_ value: Value) {
        let next = Box(value)
        let previous = self.box.withLock { box in
            let previous = box
            box = next
            return previous
        }
        // The old value is freed here, outside the lock.
        withExtendedLifetime(previous) {}
    }
}

/// The tick loop publishes, once a second.
package typealias SnapshotStore = Published<Snapshot>

/// The pod watcher publishes, when the cluster has changed.
package typealias PodDirectoryStore = Published<PodDirectory>
