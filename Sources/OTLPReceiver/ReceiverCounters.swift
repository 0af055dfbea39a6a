import Synchronization
package import TokenscaleCore

/// The receiver's counters, written by event loops and read by anybody.
///
/// Each event loop counts in a slot of its own, so that the locks are free in practice.
package final class ReceiverCounters: Sendable {
    final class Slot: Sendable {
        private let statistics = Mutex(IngestStatistics())

        func update(_ change: (inout IngestStatistics) -> Void) {
            self.statistics.withLock { change(&$0) }
        }

        fileprivate var current: IngestStatistics { self.statistics.withLock { $0 } }
    }

    private let slots = Mutex<[Slot]>([])
    private let limits = Mutex((connections: 0, inFlightBytes: 0))
    private let inFlightBytes = Atomic<Int>(0)
    private let inFlightRequests = Atomic<Int>(0)
    private let openConnections = Atomic<Int>(0)
    private let overloads = Atomic<Int>(0)

    package init() {}

    /// Everything, summed over event loops.
    package var statistics: IngestStatistics {
        var sum = IngestStatistics()
        for slot in self.slots.withLock({ $0 }) { sum += slot.current }
        sum.openConnectionCount = self.openConnections.load(ordering: .relaxed)
        sum.inFlightRequestCount = self.inFlightRequests.load(ordering: .relaxed)
        sum.inFlightByteCount = self.inFlightBytes.load(ordering: .relaxed)
        (sum.connectionLimit, sum.inFlightByteLimit) = self.limits.withLock { $0 }
        return sum
    }

    func makeSlot() -> Slot {
        let slot = Slot()
        self.slots.withLock { $0.append(slot) }
        return slot
    }

    func setLimits(connections: Int, inFlightBytes: Int) {
        self.limits.withLock { $0 = (connections, inFlightBytes) }
    }

    /// Whether `byteCount` more bytes may be buffered; if so they are counted until ``release(byteCount:)``.
    func reserve(byteCount: Int, limit: Int) -> Bool {
        let now = self.inFlightBytes.add(byteCount, ordering: .relaxed).newValue
        if now <= limit { return true }
        self.release(byteCount: byteCount)
        return false
    }

    func release(byteCount: Int) { self.inFlightBytes.subtract(byteCount, ordering: .relaxed) }

    func requestBegan() { self.inFlightRequests.add(1, ordering: .relaxed) }
    func requestEnded() { self.inFlightRequests.subtract(1, ordering: .relaxed) }

    /// The number of open connections, the new one included.
    func connectionOpened() -> Int { self.openConnections.add(1, ordering: .relaxed).newValue }
    func connectionClosed() { self.openConnections.subtract(1, ordering: .relaxed) }

    /// 1 to 5 seconds in turn, so that refused clients do not come back together. More would be of no use: Claude
    /// Code drops a batch that it is told to keep for longer than its 10 s budget.
    func nextRetryAfterSeconds() -> Int {
        1 + self.overloads.wrappingAdd(1, ordering: .relaxed).oldValue % 5
    }
}
