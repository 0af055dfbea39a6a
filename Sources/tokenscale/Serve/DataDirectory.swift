import FoundationEssentials
import Glibc

/// The folder where state lives, held by one process at a time.
final class DataDirectory: Sendable {
    let path: String
    /// Open for as long as the lock is held.
    private let lock: Int32

    /// Makes the folder if need be and locks it.
    ///
    /// - Throws: ``CommandError`` with what to do.
    init(path: String) throws(CommandError) {
        do {
            // The state names sessions and pods: a folder that we make is nobody else's to read.
            try FileManager.default.createDirectory(
                atPath: path,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
        } catch {
            throw CommandError("the data directory \(path) cannot be made; name a writable one with --data-directory")
        }
        let file = path + "/lock"
        let lock = unsafe open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        self.path = path
        self.lock = lock
        guard lock >= 0 else {
            let reason = unsafe String(cString: strerror(errno))
            throw CommandError("\(file): \(reason); name a writable folder with --data-directory")
        }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            throw CommandError(
                "the data directory \(path) is in use by another tokenscale; stop it, or name another folder with "
                    + "--data-directory"
            )
        }
    }

    deinit { close(self.lock) }

    var stateFile: String { self.path + "/state" }
    var outboxFile: String { Self.outboxFile(in: self.path) }

    /// Also asked by commands that work beside a running collector, without its lock.
    static func outboxFile(in path: String) -> String { path + "/outbox.sqlite" }
}
