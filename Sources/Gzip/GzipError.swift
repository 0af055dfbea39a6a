/// Why a gzip stream (RFC 1952) could not be decompressed. Retrying does not help: the same
/// bytes fail again (but for memory, which may be there later).
package enum GzipError: Error, Equatable, Sendable {
    /// The decompressed bytes exceed `limit` bytes; decompression stopped there.
    case tooLarge(limit: Int)
    /// Not gzip, or damaged: wrong magic, bad Huffman code, wrong checksum.
    case malformed
    /// The stream ends in the middle of a member.
    case truncated
    /// Bytes follow the last member that do not begin another one.
    case trailingData(byteCount: Int)
    /// zlib could not allocate its window (about 40 kB).
    case outOfMemory

    package var isRetryable: Bool { self == .outOfMemory }
}

extension GzipError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .tooLarge(let limit): "the decompressed body is larger than \(limit) bytes"
        case .malformed: "the body is not valid gzip"
        case .truncated: "the gzip body is truncated"
        case .trailingData(let byteCount): "\(byteCount) bytes follow the gzip body"
        case .outOfMemory: "no memory to decompress the body"
        }
    }
}
