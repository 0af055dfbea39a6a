import Logging
import NIOCore
import Synchronization
import TokenscaleCore

/// Says at most once a minute per reason that requests are refused.
final class ThrottledLog: Sendable {
    private static let interval = TimeAmount.seconds(60)

    private struct Entry {
        var nextTime: NIODeadline
        var suppressedCount = 0
    }

    private let logger: Logger
    private let entries = Mutex<[IngestStatistics.Refusal: Entry]>([:])

    init(logger: Logger) { self.logger = logger }

    func refused(_ reason: IngestStatistics.Refusal, message: String, peer: PeerAddress?) {
        let now = NIODeadline.now()
        let suppressedCount: Int? = self.entries.withLock { entries in
            guard var entry = entries[reason], now < entry.nextTime else {
                let count = entries[reason]?.suppressedCount ?? 0
                entries[reason] = Entry(nextTime: now + Self.interval)
                return count
            }
            entry.suppressedCount += 1
            entries[reason] = entry
            return nil
        }
        guard let suppressedCount else { return }
        self.logger.warning(
            "OTLP requests are refused",
            metadata: [
                "reason": "\(reason.rawValue)", "detail": "\(message)", "peer": "\(peer?.text ?? "unknown")",
                "suppressed_count": "\(suppressedCount)",
            ]
        )
    }
}
