import Logging
import Synchronization

/// Says once, in one line, that everything listens, and where: with port 0 nobody could know otherwise.
final class StartReport: Sendable {
    private struct State {
        var addresses: [String: String] = [:]
        var missing: Set<String>
    }

    private let logger: Logger
    private let state: Mutex<State>

    /// - Parameter names: Of the listeners that will report.
    init(expecting names: Set<String>, logger: Logger) {
        self.logger = logger
        self.state = Mutex(State(missing: names))
    }

    func listening(_ name: String, at address: String) {
        let complete: [String: String]? = self.state.withLock { state in
            state.addresses[name] = address
            guard state.missing.remove(name) != nil, state.missing.isEmpty else { return nil }
            return state.addresses
        }
        guard let complete else { return }
        self.logger.info("tokenscale is ready", metadata: complete.mapValues { "\($0)" })
    }
}
