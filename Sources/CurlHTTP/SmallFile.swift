import Dispatch
import Glibc

/// A credential file: small, on a memory file system, replaced in place when it is rotated.
package struct SmallFile: Sendable {
    package static let byteLimit = 1 << 20

    package let text: String

    package var trimmed: String {
        var text = self.text[...]
        while let last = text.last, last.isWhitespace { text.removeLast() }
        while let first = text.first, first.isWhitespace { text.removeFirst() }
        return String(text)
    }

    /// Reads on a thread that may block: a file can lie on a volume that hangs.
    package static func contents(of path: String) async throws(HTTPClientError) -> SmallFile {
        let result: Result<SmallFile, HTTPClientError> = await withCheckedContinuation { continuation in
            Self.readers.async {
                continuation.resume(returning: Result { () throws(HTTPClientError) in try Self.read(path) })
            }
        }
        return try result.get()
    }

    private static let readers = DispatchQueue(label: "dev.tokenscale.files", attributes: .concurrent)

    /// Blocks: for threads of our own, and before anything is served.
    package static func read(_ path: String) throws(HTTPClientError) -> SmallFile {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .credentialUnreadable(errorNumber: errno) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 16 * 1024)
        while bytes.count <= Self.byteLimit {
            let count = unsafe block.withUnsafeMutableBytes {
                unsafe Glibc.read(descriptor, $0.baseAddress, $0.count)
            }
            if count < 0 {
                if errno == EINTR { continue }
                throw .credentialUnreadable(errorNumber: errno)
            }
            if count == 0 { return SmallFile(text: String(decoding: bytes, as: UTF8.self)) }
            bytes.append(contentsOf: block[..<count])
        }
        throw .credentialUnreadable(errorNumber: EFBIG)
    }
}
