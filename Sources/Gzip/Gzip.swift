internal import CZlib

/// gzip (RFC 1952) of whole bodies.
package enum Gzip {
    /// Appends the decompressed `input` to `output`. Who does this often keeps a ``GzipDecoder`` instead.
    ///
    /// - Parameter limit: The most bytes to append.
    package static func decompress(
        _ input: RawSpan,
        limit: Int,
        into output: inout [UInt8]
    ) throws(GzipError) {
        var decoder = GzipDecoder()
        try decoder.decompress(input, limit: limit, into: &output)
    }

    /// ``decompress(_:limit:into:)-(RawSpan,_,_)`` for an array.
    package static func decompress(
        _ input: [UInt8],
        limit: Int,
        into output: inout [UInt8]
    ) throws(GzipError) {
        try unsafe self.decompress(input.span.bytes, limit: limit, into: &output)
    }

    /// ``compress(_:level:)-(RawSpan,_)`` for an array.
    package static func compress(_ input: [UInt8], level: Int = 1) -> [UInt8] {
        unsafe self.compress(input.span.bytes, level: level)
    }

    /// `input` as one gzip member.
    ///
    /// - Parameter level: 1 (fastest) to 9 (smallest). On metric text, level 1 is within a fifth of the best size.
    package static func compress(_ input: RawSpan, level: Int = 1) -> [UInt8] {
        precondition((1...9).contains(level), "gzip level \(level) must be in 1...9")
        precondition(input.byteCount <= UInt32.max, "\(input.byteCount) bytes exceed one zlib call")
        var stream = unsafe z_stream()
        guard unsafe tokenscale_deflate_init(&stream, Int32(level)) == Z_OK else {
            preconditionFailure("zlib cannot allocate its 256 kB of state")
        }
        defer { unsafe deflateEnd(&stream) }
        let bound = unsafe Int(deflateBound(&stream, UInt(input.byteCount)))
        precondition(bound <= UInt32.max, "\(bound) bytes exceed one zlib call")
        return unsafe input.withUnsafeBytes { bytes in
            unsafe [UInt8](unsafeUninitializedCapacity: bound) { buffer, initializedCount in
                unsafe stream.next_in = UnsafeMutableRawPointer(mutating: bytes.baseAddress)?
                    .assumingMemoryBound(to: UInt8.self)
                unsafe stream.avail_in = UInt32(bytes.count)
                unsafe stream.next_out = buffer.baseAddress
                unsafe stream.avail_out = UInt32(bound)
                let code = unsafe deflate(&stream, Z_FINISH)
                // deflateBound promises that one call is enough.
                precondition(code == Z_STREAM_END, "deflate answered \(code)")
                initializedCount = unsafe bound - Int(stream.avail_out)
            }
        }
    }
}
