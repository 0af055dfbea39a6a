import HTTPTypes
import Synchronization
import TokenscaleCore

/// Remembers which snapshot each scraper saw last, so that counters can be born at 0 (ADR 0052).
///
/// Prometheus computes `increase()` from differences: the value that a series has when it first appears counts for
/// nothing. A scraper that was here before therefore sees 0 the first time a counter appears, and its value from the
/// next scrape on. Whoever does not identify itself as a scraper always sees the ledger's own totals.
final class ScraperTable: Sendable {
    private struct Key: Hashable {
        var peer: PeerAddress
        var agent: String
    }

    private struct Seen {
        var sequence: UInt64
        var time: Timestamp
    }

    private let seen = Mutex<[Key: Seen]>([:])
    private let limit: Int
    private static let lifetimeSeconds = 3600.0

    init(limit: Int) { self.limit = limit }

    /// The snapshot that this scraper saw last; `nil` when it is new, or no scraper. Remembers `sequence` for it.
    func lastSequence(of call: HTTPCall, sequence: UInt64, now: Timestamp) -> UInt64? {
        // Prometheus, vmagent and Grafana Alloy send it; people and probes do not.
        guard call.header("X-Prometheus-Scrape-Timeout-Seconds") != nil, let peer = call.peer else { return nil }
        let key = Key(peer: peer, agent: String((call.headers[.userAgent] ?? "").prefix(100)))
        return self.seen.withLock { seen in
            let last = seen[key]
            if last == nil, seen.count >= self.limit, let oldest = seen.min(by: { $0.value.time < $1.value.time }) {
                seen[oldest.key] = nil
            }
            seen[key] = Seen(sequence: sequence, time: now)
            guard let last, now.seconds(since: last.time) < Self.lifetimeSeconds else { return nil }
            return last.sequence
        }
    }

    var count: Int { self.seen.withLock { $0.count } }
}
