import NIOCore
import NIOHPACK
import Testing

/// HTTP/2 (RFC 9113) written and read frame by frame over a ``RawConnection``.
final class HTTP2Client {
    struct Frame {
        var type: UInt8
        var flags: UInt8
        var stream: UInt32
        var payload: [UInt8]

        var endsStream: Bool { (self.type == 0 || self.type == 1) && self.flags & 1 != 0 }
    }

    struct Response {
        var headers: [String: String] = [:]
        var trailers: [String: String] = [:]
        var data: [UInt8] = []
        /// The code of RST_STREAM, when the stream ended so.
        var resetCode: UInt32?

        var grpcStatus: String? { self.trailers["grpc-status"] ?? self.headers["grpc-status"] }
        var grpcMessage: String? { self.trailers["grpc-message"] ?? self.headers["grpc-message"] }
    }

    static let metrics = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export"
    static let logs = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"
    static let traces = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"

    let connection: RawConnection
    private var decoder = HPACKDecoder(allocator: ByteBufferAllocator())
    private var buffer: [UInt8] = []
    private var nextStream: UInt32 = 1
    private var responses: [UInt32: Response] = [:]
    private var ended: Set<UInt32> = []
    private(set) var pingAckCount = 0
    private(set) var goAwayCount = 0

    init(port: Int) async throws {
        self.connection = try RawConnection(port: port)
        let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
        try await self.connection.send(preface + Self.frame(type: 4, flags: 0, stream: 0, []))
    }

    // MARK: - Sending

    static func frame(type: UInt8, flags: UInt8, stream: UInt32, _ payload: [UInt8]) -> [UInt8] {
        let count = payload.count
        let length = [UInt8(count >> 16 & 0xff), UInt8(count >> 8 & 0xff), UInt8(count & 0xff)]
        let id = (0..<4).map { UInt8(truncatingIfNeeded: stream >> (24 - 8 * $0)) }
        return length + [type, flags] + id + payload
    }

    /// HPACK "literal header field without indexing", no Huffman coding (RFC 7541 §6.2.2).
    static func block(_ fields: [(String, String)]) -> [UInt8] {
        fields.flatMap { name, value in [0] + Self.string(name) + Self.string(value) }
    }

    private static func string(_ text: String) -> [UInt8] {
        let bytes = Array(text.utf8)
        if bytes.count < 127 { return [UInt8(bytes.count)] + bytes }
        var rest = bytes.count - 127
        var prefix: [UInt8] = [127]
        while rest >= 128 {
            prefix.append(UInt8(rest % 128) | 0x80)
            rest /= 128
        }
        return prefix + [UInt8(rest)] + bytes
    }

    static func grpcHeaders(_ path: String, _ more: [(String, String)] = []) -> [(String, String)] {
        [
            (":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "test"), ("te", "trailers"),
            ("content-type", "application/grpc"), ("grpc-timeout", "9920m"),
        ] + more
    }

    /// A length-prefixed gRPC message.
    static func message(_ bytes: [UInt8], isCompressed: Bool = false) -> [UInt8] {
        [isCompressed ? 1 : 0] + (0..<4).map { UInt8(truncatingIfNeeded: bytes.count >> (24 - 8 * $0)) } + bytes
    }

    func open(_ fields: [(String, String)], endStream: Bool = false) async throws -> UInt32 {
        let stream = self.nextStream
        self.nextStream += 2
        let flags: UInt8 = endStream ? 5 : 4
        try await self.connection.send(Self.frame(type: 1, flags: flags, stream: stream, Self.block(fields)))
        return stream
    }

    func send(_ data: [UInt8], on stream: UInt32, endStream: Bool = true) async throws {
        // SETTINGS_MAX_FRAME_SIZE is 16,384 unless the peer says otherwise. Windows are left to the caller: no test
        // sends more at a time than the receiver grants at once.
        var offset = 0
        repeat {
            let part = Array(data[offset..<min(offset + 16_384, data.count)])
            offset += part.count
            let flags: UInt8 = endStream && offset == data.count ? 1 : 0
            try await self.connection.send(Self.frame(type: 0, flags: flags, stream: stream, part))
        } while offset < data.count
    }

    func ping() async throws {
        try await self.connection.send(Self.frame(type: 6, flags: 0, stream: 0, [UInt8](repeating: 7, count: 8)))
    }

    /// A unary call: HEADERS, DATA with the message, and the response.
    func call(
        _ path: String,
        _ more: [(String, String)] = [],
        message: [UInt8] = HTTP2Client.message([])
    ) async throws -> Response {
        let stream = try await self.open(Self.grpcHeaders(path, more))
        try await self.send(message, on: stream)
        return try #require(try await self.response(on: stream), "the connection ended without an answer")
    }

    // MARK: - Receiving

    /// Reads frames until the response of `stream` is complete; `nil` when the connection ends first.
    func response(on stream: UInt32) async throws -> Response? {
        while !self.ended.contains(stream) {
            guard let frame = try await self.next() else { return nil }
            try self.collect(frame)
        }
        return self.responses[stream]
    }

    /// Frames of all streams, because the header compression of a connection has one state.
    private func collect(_ frame: Frame) throws {
        switch frame.type {
        case 0: self.responses[frame.stream, default: Response()].data += frame.payload
        case 1:
            var block = ByteBuffer(bytes: frame.payload)
            var fields: [String: String] = [:]
            for field in try self.decoder.decodeHeaders(from: &block) { fields[field.name] = field.value }
            if self.responses[frame.stream] == nil {
                self.responses[frame.stream] = Response(headers: fields)
            } else {
                self.responses[frame.stream]?.trailers = fields
            }
        case 3:
            self.responses[frame.stream, default: Response()].resetCode = frame.payload.reduce(0) {
                $0 << 8 | UInt32($1)
            }
            self.ended.insert(frame.stream)
        default: break
        }
        if frame.endsStream { self.ended.insert(frame.stream) }
    }

    /// The next frame; `nil` at the end of the connection. SETTINGS and PING are answered.
    func next() async throws -> Frame? {
        guard let frame = try await self.read() else { return nil }
        switch (frame.type, frame.flags & 1) {
        case (4, 0): try await self.connection.send(Self.frame(type: 4, flags: 1, stream: 0, []))
        case (6, 0): try await self.connection.send(Self.frame(type: 6, flags: 1, stream: 0, frame.payload))
        case (6, 1): self.pingAckCount += 1
        case (7, _): self.goAwayCount += 1
        default: break
        }
        return frame
    }

    private func read() async throws -> Frame? {
        while true {
            if self.buffer.count >= 9 {
                let length = self.buffer[..<3].reduce(0) { $0 << 8 | Int($1) }
                if self.buffer.count >= 9 + length {
                    let frame = Frame(
                        type: self.buffer[3],
                        flags: self.buffer[4],
                        stream: self.buffer[5..<9].reduce(0) { $0 << 8 | UInt32($1) } & 0x7fff_ffff,
                        payload: Array(self.buffer[9..<(9 + length)])
                    )
                    self.buffer.removeFirst(9 + length)
                    return frame
                }
            }
            let bytes = try await self.connection.receive()
            if bytes.isEmpty { return nil }
            self.buffer += bytes
        }
    }
}
