import Glibc
import Synchronization

/// SIGHUP, by which operators ask a daemon to read its configuration again.
enum HangupSignal {
    private static let isPending = Atomic<Bool>(false)

    /// From now on the signal is noted; before, it ends the process, as a terminal that goes away should.
    static func install() {
        // Made now: a handler may do little more than this one store (signal-safety(7)).
        Self.isPending.store(false, ordering: .relaxed)
        signal(SIGHUP) { _ in HangupSignal.isPending.store(true, ordering: .relaxed) }
    }

    /// Whether one came since the last call.
    static func take() -> Bool { Self.isPending.exchange(false, ordering: .relaxed) }
}
