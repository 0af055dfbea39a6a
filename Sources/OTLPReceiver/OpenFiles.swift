#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// The process's limit of open files: every connection takes one.
enum OpenFiles {
    /// Files besides connections: listeners, database, Kubernetes, logs.
    static let reservedCount = 256

    /// Raises the soft limit as far as the hard one allows. Some systems begin with 1024.
    ///
    /// - Returns: The limit that holds now; `nil` when the system does not tell.
    static func raiseLimit(toHold count: Int) -> Int? {
        var limit = rlimit()
        #if canImport(Glibc)
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        #else
        let resource = RLIMIT_NOFILE
        #endif
        guard unsafe getrlimit(resource, &limit) == 0 else { return nil }
        let wanted = rlim_t(count + Self.reservedCount)
        if limit.rlim_cur < wanted {
            let before = limit.rlim_cur
            limit.rlim_cur = min(wanted, limit.rlim_max)
            if unsafe setrlimit(resource, &limit) != 0 { limit.rlim_cur = before }
        }
        return Int(clamping: limit.rlim_cur)
    }
}
