import Synchronization

/// What the executable's own services did since the start of the process.
final class ProcessCounters: Sendable {
    enum Outcome: String, CaseIterable, Sendable {
        case success
        case failure
    }

    enum ScrapeOutcome: String, CaseIterable, Sendable {
        case success
        case failure
        /// The orchestrator answered, and does not know the depth.
        case withoutDepth = "without_depth"
    }

    struct Counts: Equatable, Sendable {
        var stateWrites: [Outcome: Int64] = [:]
        var stateByteCount = 0
        var runnerScrapes: [ScrapeOutcome: Int64] = [:]
    }

    private let counts = Mutex(Counts())

    var current: Counts { self.counts.withLock { $0 } }

    func stateWritten(byteCount: Int?) {
        self.counts.withLock { counts in
            counts.stateWrites[byteCount == nil ? .failure : .success, default: 0] += 1
            if let byteCount { counts.stateByteCount = byteCount }
        }
    }

    func runnerScraped(_ outcome: ScrapeOutcome) {
        self.counts.withLock { $0.runnerScrapes[outcome, default: 0] += 1 }
    }
}
