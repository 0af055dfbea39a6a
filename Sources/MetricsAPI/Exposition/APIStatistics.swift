import Synchronization
package import TokenscaleCore

/// Requests to the metrics APIs, by metric and code. Bounded: metrics come from the catalogue.
package final class APIStatistics: Sendable {
    package struct Key: Hashable, Sendable {
        /// Empty: discovery, health and unknown paths.
        package var metric: String
        package var code: Int
    }

    private let counts = Mutex<[Key: Int64]>([:])

    package init() {}

    func record(metric: String?, code: Int) {
        self.counts.withLock { $0[Key(metric: metric ?? "", code: code), default: 0] += 1 }
    }

    package var current: [Key: Int64] { self.counts.withLock { $0 } }
}

/// What the HPA was told last, per question. Bounded; the question that was asked longest ago makes room.
package final class ServedValueLog: Sendable {
    package struct Key: Hashable, Sendable {
        package var metric: String
        package var namespace: String
        /// `pods`, `deployments.apps`, `namespaces`, `external`…
        package var resource: String
        /// `*` for all pods.
        package var name: String
    }

    package struct Entry: Sendable {
        /// The sum over the items, as the HPA adds them up.
        package var sum: Quantity
        package var itemCount: Int
        package var windowSeconds: Int?
        /// Of the oldest item.
        package var timestamp: Timestamp
        package var asked: Timestamp
    }

    private struct State {
        var entries: [Key: Entry] = [:]
        var displacedCount: Int64 = 0
    }

    private let state = Mutex(State())
    private let limit: Int
    /// Not asked for this long, in seconds: forgotten.
    private static let lifetimeSeconds = 600.0

    package init(limit: Int) { self.limit = limit }

    package func current(at now: Timestamp) -> (entries: [Key: Entry], displacedCount: Int64) {
        self.state.withLock { state in
            state.entries = state.entries.filter { now.seconds(since: $0.value.asked) < Self.lifetimeSeconds }
            return (state.entries, state.displacedCount)
        }
    }

    func record(
        metric: String,
        namespace: String,
        resource: String,
        name: String,
        values: [ServedValue],
        at now: Timestamp
    ) {
        let key = Key(metric: metric, namespace: namespace, resource: resource, name: name)
        let entry = Entry(
            sum: values.reduce(Quantity(milli: 0)) { $0 + $1.quantity },
            itemCount: values.count,
            windowSeconds: values.compactMap(\.windowSeconds).min(),
            timestamp: values.map(\.timestamp).min() ?? now,
            asked: now
        )
        self.state.withLock { state in
            if state.entries[key] == nil, state.entries.count >= self.limit {
                guard let oldest = state.entries.min(by: { $0.value.asked < $1.value.asked }) else { return }
                state.entries[oldest.key] = nil
                state.displacedCount += 1
            }
            state.entries[key] = entry
        }
    }
}
