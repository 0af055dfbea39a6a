import FoundationEssentials
import Glibc
import TokenscaleCore

/// The one place where this process reads the time of day.
enum WallClock {
    static func now() -> Timestamp {
        var time = timespec()
        // Cannot fail for CLOCK_REALTIME and a valid pointer (clock_gettime(2)).
        _ = unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }
}

extension Timestamp {
    /// `2026-11-20T21:04:05.123Z`
    var iso8601: String {
        let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        return Date(timeIntervalSince1970: Double(self.milliseconds) / 1_000).formatted(style)
    }

    /// `21:04:05`, UTC.
    var clockTime: String {
        let second = ((self.second % 86_400) + 86_400) % 86_400
        return [second / 3_600, second / 60 % 60, second % 60]
            .map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: ":")
    }
}
