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
