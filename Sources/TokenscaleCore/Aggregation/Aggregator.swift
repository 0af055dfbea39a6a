/// Owns everything that ingest writes: windows, ledger, dedup keys, session evidence; sharded by pod.
package final class Aggregator: Sendable {
    package init() {}

    /// Records the items of one resource block under one lock.
    ///
    /// Allocates nothing when pod, sessions and series are known.
    ///
    /// - Parameters:
    ///   - batch: The decoded block; its order within a session is kept.
    ///   - text: The bytes that the ranges of `batch` refer to.
    ///   - peer: Where the request came from.
    ///   - arrival: Now.
    package func record(
        _ batch: borrowing ResourceBatch,
        text: RawSpan,
        peer: PeerAddress?,
        arrival: Timestamp
    ) -> RecordOutcome {
        RecordOutcome()
    }
}
