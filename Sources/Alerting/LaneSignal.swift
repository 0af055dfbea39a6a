import Synchronization

/// Wakes one waiting task. A signal that nobody waits for is kept for the next wait.
final class LaneSignal: Sendable {
    private enum State {
        case idle
        case signalled
        case waiting(CheckedContinuation<Void, Never>)
    }

    private let state = Mutex(State.idle)

    func signal() {
        let continuation = self.state.withLock { state -> CheckedContinuation<Void, Never>? in
            if case .waiting(let continuation) = state {
                state = .idle
                return continuation
            }
            state = .signalled
            return nil
        }
        continuation?.resume()
    }

    /// Returns at the next signal, or when the task is cancelled. One task at a time may wait.
    func wait() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isDone = self.state.withLock { state -> Bool in
                    if case .signalled = state {
                        state = .idle
                        return true
                    }
                    // Asked inside the lock: a cancellation before this point is seen here, a later one by the handler.
                    if Task.isCancelled { return true }
                    state = .waiting(continuation)
                    return false
                }
                if isDone { continuation.resume() }
            }
        } onCancel: {
            let continuation = self.state.withLock { state -> CheckedContinuation<Void, Never>? in
                guard case .waiting(let continuation) = state else { return nil }
                state = .idle
                return continuation
            }
            continuation?.resume()
        }
    }

    /// Returns at the next signal, when `seconds` have passed, or when the task is cancelled.
    func wait(seconds: Double) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.wait() }
            group.addTask { try? await Task.sleep(for: .seconds(seconds)) }
            await group.next()
            group.cancelAll()
        }
    }
}

/// One signal for each lane.
package struct LaneSignals: Sendable {
    private let signals: [String: LaneSignal]

    init(names: [String]) {
        self.signals = Dictionary(names.map { ($0, LaneSignal()) }) { first, _ in first }
    }

    func signalAll() { for signal in self.signals.values { signal.signal() } }

    subscript(name: String) -> LaneSignal { self.signals[name] ?? LaneSignal() }
}

/// A switch that is thrown once.
final class DrainFlag: Sendable {
    private let value = Atomic<Bool>(false)
    var isSet: Bool { self.value.load(ordering: .acquiring) }
    func set() { self.value.store(true, ordering: .releasing) }
}
