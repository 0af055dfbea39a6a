import FoundationEssentials
import TokenscaleCore

/// The one place where this process reads the time of day.
enum WallClock {
    /// To the microsecond. Not `clock_gettime`: in a static build (Deploy/Dockerfile) the members of its structure
    /// belong to a module that cannot be imported, and are invisible (MemberImportVisibility).
    static func now() -> Timestamp {
        Timestamp(nanoseconds: Int64((Date.now.timeIntervalSince1970 * 1_000_000).rounded()) * 1000)
    }
}
