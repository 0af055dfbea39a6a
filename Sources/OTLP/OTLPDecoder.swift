import COTLP
package import TokenscaleCore

/// From the bytes of a request to ``ResourceBatch``es.
///
/// One per thread: it owns decode memory that is reused from request to request, so it is not `Sendable`. A body is
/// decoded completely before the first batch is handed out: a body that is refused hands out none.
package final class OTLPDecoder {
    private let limits: DecodeLimits
    private let arena = DecodeArena()
    private var items: ItemDecoder
    private var json: JSONReader

    package init(hash: KeyedHash, names: SemanticNames, limits: DecodeLimits) {
        self.limits = limits
        self.items = ItemDecoder(names: KnownNames(hash: hash, names: names), limits: limits)
        self.json = JSONReader(nestingDepthMax: limits.nestingDepthMax)
    }

    /// Decodes `body` and hands out its resource blocks in order.
    ///
    /// - Parameters:
    ///   - body: The decompressed message, without gRPC framing. Empty protobuf is valid.
    ///   - take: Gets a batch, valid for the call only, and the bytes that its ranges refer to.
    /// - Returns: The number of items that broke a limit of ``DecodeLimits`` and are in no batch.
    /// - Throws: ``OTLPDecodeError``, never retryable; `take` has not been called then.
    package func decode(
        _ body: RawSpan,
        signal: OTLPSignal,
        encoding: OTLPEncoding,
        _ take: (borrowing ResourceBatch, RawSpan) -> Void
    ) throws(OTLPDecodeError) -> Int {
        // Ranges are 32 bits wide.
        guard body.byteCount <= Int(Int32.max) else {
            throw .tooLarge(.bodyByteCount, seen: body.byteCount, allowed: Int(Int32.max))
        }
        self.items.begin()
        switch encoding {
        case .protobuf: try self.decodeProtobuf(body, signal, take)
        case .json: try self.decodeJSON(body, signal, take)
        }
        return self.items.blocks.limitedCount
    }

    private func decodeProtobuf(
        _ body: RawSpan,
        _ signal: OTLPSignal,
        _ take: (borrowing ResourceBatch, RawSpan) -> Void
    ) throws(OTLPDecodeError) {
        let budget = self.arenaBudget(bodyByteCount: body.byteCount)
        self.arena.prepare(byteCount: budget)
        defer { self.arena.release() }
        let request = unsafe body.withUnsafeBytes { bytes in
            unsafe otlp__items_request__unpack(self.arena.allocator, bytes.count, bytes.bytePointer)
        }
        guard let request = unsafe request else {
            throw self.arena.isExhausted
                ? .tooLarge(.decodeMemory, seen: budget + 1, allowed: budget) : .malformed(.envelope, offset: nil)
        }
        let text = unsafe self.arena.used.bytes
        try unsafe self.items.readRequest(request, text, signal)
        self.handOut(text, take)
    }

    private func decodeJSON(
        _ body: RawSpan,
        _ signal: OTLPSignal,
        _ take: (borrowing ResourceBatch, RawSpan) -> Void
    ) throws(OTLPDecodeError) {
        self.json.load(body)
        defer { self.json.release() }
        try self.items.readRequest(&self.json, signal)
        self.handOut(unsafe self.json.bytes.span.bytes, take)
    }

    private func handOut(_ text: RawSpan, _ take: (borrowing ResourceBatch, RawSpan) -> Void) {
        for index in 0..<self.items.blocks.count { take(self.items.blocks.blocks[index], text) }
    }

    private func arenaBudget(bodyByteCount: Int) -> Int {
        let (scaled, overflow) = bodyByteCount.multipliedReportingOverflow(by: self.limits.arenaBytesPerBodyByte)
        return (overflow ? Int(Int32.max) : scaled).addingSaturated(self.limits.arenaBaseByteCount)
    }
}

extension Int {
    fileprivate func addingSaturated(_ other: Int) -> Int {
        let (sum, overflow) = self.addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}

extension UnsafeRawBufferPointer {
    /// For C, which wants a pointer even to no bytes.
    fileprivate var bytePointer: UnsafePointer<UInt8>? {
        unsafe self.baseAddress?.assumingMemoryBound(to: UInt8.self)
    }
}
