import FoundationEssentials
import Glibc

/// Why the state of a former process cannot be read or that of this one not written.
enum StateFileError: Error, Equatable, Sendable {
    /// What was being done, and `errno`.
    case system(operation: String, errorNumber: Int32)
    case tooLarge(byteCount: Int, limit: Int)

    /// Whether trying again may help: the disk may have room again.
    var isRetryable: Bool {
        switch self {
        case .system: true
        case .tooLarge: false
        }
    }
}

extension StateFileError: CustomStringConvertible {
    var description: String {
        switch self {
        case .system(let operation, let number): "\(operation): \(unsafe String(cString: strerror(number)))"
        case .tooLarge(let count, let limit): "\(count) bytes; allowed: \(limit) (state-byte-limit)"
        }
    }
}

/// A file that is always whole: the windows and the ledger, written every few seconds and at the end.
///
/// Written to a neighbour, synced and renamed over the old one (rename(2) is atomic), so that a crash leaves either the
/// old state or the new one. What is in it, and whether it is damaged, is the aggregator's matter.
struct StateFile: Sendable {
    let path: String
    /// Largest payload in bytes.
    let byteLimit: Int

    /// - Returns: The payload, or `nil` when there is no file.
    func read() throws(StateFileError) -> [UInt8]? {
        let descriptor = unsafe open(self.path, O_RDONLY | O_CLOEXEC)
        if descriptor < 0 {
            if errno == ENOENT { return nil }
            throw .system(operation: "open \(self.path)", errorNumber: errno)
        }
        defer { close(descriptor) }
        // Not fstat: in a static build the members of its structure belong to a module that cannot be imported.
        let count = Int(lseek(descriptor, 0, SEEK_END))
        guard count >= 0, lseek(descriptor, 0, SEEK_SET) == 0 else {
            throw .system(operation: "seek in \(self.path)", errorNumber: errno)
        }
        guard count <= self.byteLimit else { throw .tooLarge(byteCount: count, limit: self.byteLimit) }
        return try self.readAll(descriptor, count: count)
    }

    /// Replaces the file. After an error the former file is still there.
    func write(_ payload: [UInt8]) throws(StateFileError) {
        guard payload.count <= self.byteLimit else {
            throw .tooLarge(byteCount: payload.count, limit: self.byteLimit)
        }
        let neighbour = self.path + ".new"
        let descriptor = unsafe open(neighbour, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .system(operation: "create \(neighbour)", errorNumber: errno) }
        var failure: Int32 = 0
        if !Self.writeAll(descriptor, payload) || fsync(descriptor) != 0 {
            failure = errno
        }
        if close(descriptor) != 0, failure == 0 { failure = errno }
        if failure == 0, unsafe rename(neighbour, self.path) != 0 { failure = errno }
        guard failure == 0 else {
            unsafe unlink(neighbour)
            throw .system(operation: "write \(self.path)", errorNumber: failure)
        }
    }

    private func readAll(_ descriptor: Int32, count: Int) throws(StateFileError) -> [UInt8] {
        var number: Int32 = 0
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let part = unsafe Glibc.read(descriptor, buffer.baseAddress.map { unsafe $0 + filled }, count - filled)
                if part > 0 {
                    filled += part
                } else if part == 0 || errno != EINTR {
                    number = part == 0 ? EIO : errno
                    return
                }
            }
        }
        guard bytes.count == count else { throw .system(operation: "read \(self.path)", errorNumber: number) }
        return bytes
    }

    private static func writeAll(_ descriptor: Int32, _ bytes: [UInt8]) -> Bool {
        unsafe bytes.withUnsafeBytes { buffer in
            var offset = 0
            while offset < buffer.count {
                let rest = buffer.count - offset
                let part = unsafe Glibc.write(descriptor, buffer.baseAddress.map { unsafe $0 + offset }, rest)
                if part > 0 {
                    offset += part
                } else if errno != EINTR {
                    return false
                }
            }
            return true
        }
    }
}
