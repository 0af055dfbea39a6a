internal import CZlib

/// A zlib decompressor that is kept and used again: after the first use, decompressing allocates only output.
///
/// Confined to one thread at a time by being noncopyable.
@safe
package struct GzipDecoder: ~Copyable {
    /// The first output allocation, and the least that the output grows by, in bytes.
    private static let outputByteCountMin = 16 << 10

    // On the heap, because zlib's state points back at it.
    private let stream: UnsafeMutablePointer<z_stream>
    private var isReady: Bool

    package init() {
        unsafe self.stream = .allocate(capacity: 1)
        unsafe self.stream.initialize(to: z_stream())
        self.isReady = unsafe tokenscale_inflate_init(self.stream) == Z_OK
    }

    deinit {
        if self.isReady { unsafe inflateEnd(self.stream) }
        unsafe self.stream.deallocate()
    }

    /// Appends the decompressed `input` to `output`. All members of a multi-member stream are taken.
    ///
    /// - Parameters:
    ///   - limit: The most bytes to append. At most one byte beyond it is ever produced.
    ///   - output: On an error, what was decompressed until then has been appended.
    package mutating func decompress(
        _ input: RawSpan,
        limit: Int,
        into output: inout [UInt8]
    ) throws(GzipError) {
        precondition(limit >= 0 && limit < Int.max, "limit \(limit) must be in 0..<Int.max")
        guard self.isReady, unsafe inflateReset(self.stream) == Z_OK else { throw .outOfMemory }
        let result = unsafe input.withUnsafeBytes { bytes in
            unsafe self.inflateAll(bytes, limit: limit, into: &output)
        }
        // The caller's bytes go away now: leave no pointer to them behind.
        unsafe self.stream.pointee.next_in = nil
        unsafe self.stream.pointee.next_out = nil
        try result.get()
    }

    private mutating func inflateAll(
        _ input: UnsafeRawBufferPointer,
        limit: Int,
        into output: inout [UInt8]
    ) -> Result<Void, GzipError> {
        let start = output.count
        var offset = 0
        while true {
            let room = limit - (output.count - start)
            // One byte more than allowed is asked for, so that "exactly the limit" and "more" can be told apart.
            let wanted = min(max(Self.outputByteCountMin, output.count - start, input.count), room + 1)
            let slice = unsafe UnsafeRawBufferPointer(rebasing: input[offset...].prefix(Int(UInt32.max)))
            let step = unsafe self.inflateOnce(slice, wanted: wanted, into: &output)
            offset += step.consumed
            if output.count - start > limit { return .failure(.tooLarge(limit: limit)) }
            switch step.code {
            case Z_STREAM_END:
                guard offset < input.count else { return .success(()) }
                guard unsafe Self.isMember(input, at: offset) else {
                    return .failure(.trailingData(byteCount: input.count - offset))
                }
                guard unsafe inflateReset(self.stream) == Z_OK else { return .failure(.outOfMemory) }
            case Z_OK, Z_BUF_ERROR:
                let isStuck = step.consumed == 0 && step.produced == 0
                if offset == input.count && step.produced < wanted || isStuck { return .failure(.truncated) }
            case Z_MEM_ERROR:
                return .failure(.outOfMemory)
            default:
                return .failure(.malformed)
            }
        }
    }

    /// One call of `inflate`, with the output appended to `output`.
    private mutating func inflateOnce(
        _ input: UnsafeRawBufferPointer,
        wanted: Int,
        into output: inout [UInt8]
    ) -> (code: Int32, consumed: Int, produced: Int) {
        let capacity = min(wanted, Int(UInt32.max))
        let before = output.count
        var code = Z_OK
        var consumed = 0
        let stream = unsafe self.stream
        output.append(addingCapacity: capacity) { span in
            unsafe span.withUnsafeMutableBufferPointer { buffer, initializedCount in
                unsafe stream.pointee.next_in = UnsafeMutableRawPointer(mutating: input.baseAddress)?
                    .assumingMemoryBound(to: UInt8.self)
                unsafe stream.pointee.avail_in = UInt32(input.count)
                unsafe stream.pointee.next_out = buffer.baseAddress
                unsafe stream.pointee.avail_out = UInt32(capacity)
                code = unsafe inflate(stream, Z_NO_FLUSH)
                consumed = unsafe input.count - Int(stream.pointee.avail_in)
                initializedCount = unsafe capacity - Int(stream.pointee.avail_out)
            }
        }
        return (code, consumed, output.count - before)
    }

    /// Whether the gzip magic (RFC 1952 §2.3.1: ID1 = 31, ID2 = 139) stands at `offset`.
    private static func isMember(_ input: UnsafeRawBufferPointer, at offset: Int) -> Bool {
        unsafe offset + 1 < input.count && input[offset] == 0x1f && input[offset + 1] == 0x8b
    }
}
