import Glibc

/// Whole lines to standard output and standard error.
enum StandardStreams {
    static func write(_ text: String, terminator: String = "\n") { self.write(text + terminator, to: STDOUT_FILENO) }

    static func writeError(_ text: String) { self.write(text + "\n", to: STDERR_FILENO) }

    static var isOutputTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

    /// Writes all of it, also to a slow pipe. A reader that went away is not our error: what is left is dropped.
    static func write(_ text: String, to descriptor: Int32) {
        var text = text
        text.withUTF8 { bytes in
            var offset = 0
            while offset < bytes.count {
                let count = unsafe Glibc.write(
                    descriptor,
                    bytes.baseAddress.map { unsafe $0 + offset },
                    bytes.count - offset
                )
                if count > 0 {
                    offset += count
                } else if errno != EINTR {
                    return
                }
            }
        }
    }
}
