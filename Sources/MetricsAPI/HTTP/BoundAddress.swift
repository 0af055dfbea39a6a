import Synchronization

/// Where a listener really listens: known once it runs, which matters when the port was 0.
package final class BoundAddress: Sendable {
    package struct Value: Equatable, Sendable {
        package var host: String
        package var port: Int
    }

    private enum State {
        case waiting([CheckedContinuation<Value?, Never>])
        case known(Value)
        /// The listener ended without ever listening.
        case failed
    }

    private let state = Mutex(State.waiting([]))

    package init() {}

    package var current: Value? {
        self.state.withLock { state in
            guard case .known(let value) = state else { return nil }
            return value
        }
    }

    /// Suspends until the listener runs; `nil` when it failed to.
    package func value() async -> Value? {
        await withCheckedContinuation { continuation in
            let result: Value?? = self.state.withLock { state in
                switch state {
                case .known(let value): return .some(value)
                case .failed: return .some(nil)
                case .waiting(let waiters):
                    state = .waiting(waiters + [continuation])
                    return nil
                }
            }
            if let result { continuation.resume(returning: result) }
        }
    }

    func resolve(_ value: Value?) {
        let waiters = self.state.withLock { state -> [CheckedContinuation<Value?, Never>] in
            guard case .waiting(let waiters) = state else { return [] }
            state = value.map { .known($0) } ?? .failed
            return waiters
        }
        for waiter in waiters { waiter.resume(returning: value) }
    }
}
