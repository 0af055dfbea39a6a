/// A moment as the sender's clock told it.
///
/// No ``Timestamp``: by how much that clock is off is known only where items are recorded (`Shard.Context`), which
/// turns it into our time, or into the ledger's seconds. So the times of two clocks cannot be compared by mistake.
package struct SentTime: Hashable, Comparable, Sendable {
    /// The moment, if the sender's clock were right.
    package var uncorrected: Timestamp

    package init(_ uncorrected: Timestamp) { self.uncorrected = uncorrected }

    /// The sender did not say.
    package static var absent: SentTime { SentTime(.zero) }

    package var isAbsent: Bool { self.uncorrected == .zero }

    package static func < (left: SentTime, right: SentTime) -> Bool { left.uncorrected < right.uncorrected }

    package func advanced(bySeconds seconds: Double) -> SentTime {
        SentTime(self.uncorrected.advanced(bySeconds: seconds))
    }
}
