import COTLP
import TokenscaleCore

/// Walks the envelope that protobuf-c has built: the only place that touches its structures.
///
/// Everything they point to lies in the arena, so a pointer becomes an offset of `text`, the arena's bytes.
extension ItemDecoder {
    /// Reads a request of any signal.
    mutating func readRequest(
        _ request: UnsafePointer<Otlp__ItemsRequest>,
        _ text: RawSpan,
        _ signal: OTLPSignal
    ) throws(OTLPDecodeError) {
        let base = unsafe Self.base(of: text)
        for block in 0..<(unsafe request.pointee.n_resource_items) {
            guard let resource = unsafe request.pointee.resource_items[block] else { continue }
            try self.blocks.open()
            let isOverLimit = try self.readResource(unsafe Self.range(resource.pointee.resource, base), text)
            for scope in 0..<(unsafe resource.pointee.n_scope_items) {
                guard let scope = unsafe resource.pointee.scope_items[scope] else { continue }
                try unsafe self.readScope(scope, base, text, signal)
            }
            self.blocks.close(isOverLimit: isOverLimit)
        }
    }

    private mutating func readScope(
        _ scope: UnsafePointer<Otlp__ScopeItems>,
        _ base: UnsafeRawPointer,
        _ text: RawSpan,
        _ signal: OTLPSignal
    ) throws(OTLPDecodeError) {
        let count = unsafe scope.pointee.n_items
        switch signal {
        case .metrics:
            for index in 0..<count {
                try self.readMetric(unsafe Self.range(scope.pointee.items[index], base), text)
            }
        case .logs:
            try self.blocks.add(itemCount: count)
            for index in 0..<count {
                try self.readRecord(unsafe Self.range(scope.pointee.items[index], base), text)
            }
        case .traces:
            try self.blocks.add(itemCount: count)
            self.blocks.ignore(count)
        }
    }

    private static func base(of text: RawSpan) -> UnsafeRawPointer {
        // The arena outlives the walk; it holds at least the request itself.
        guard let base = unsafe text.withUnsafeBytes({ $0.baseAddress }) else {
            preconditionFailure("a decoded request is in \(text.byteCount) bytes of arena")
        }
        return unsafe base
    }

    @inline(__always)
    private static func range(_ data: ProtobufCBinaryData, _ base: UnsafeRawPointer) -> Range<Int> {
        guard unsafe data.len > 0, let pointer = unsafe data.data else { return 0..<0 }
        let start = unsafe UnsafeRawPointer(pointer) - base
        return unsafe start..<start &+ data.len
    }
}
