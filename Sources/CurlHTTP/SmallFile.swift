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

    /// Blocks for the time of a read from memory.
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
