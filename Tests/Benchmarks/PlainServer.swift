import NIOCore
import NIOHPACK
import NIOHTTP1
import NIOHTTP2
import NIOPosix

/// What to compare the receiver with: the least that SwiftNIO needs to read a request and to answer that it was taken.
/// It knows no limits, timeouts, refusals or counters, and looks at no header. The answers are the receiver's.
enum PlainServer {
    /// - Returns: The port on loopback.
    static func start(_ transport: LoadTransport, group: MultiThreadedEventLoopGroup) throws -> Int {
        let channel = try ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1024)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    switch transport {
                    case .http: try Self.addHTTP1(channel)
                    case .grpc: try Self.addHTTP2(channel)
                    }
                }
            }
            .bind(host: "127.0.0.1", port: 0).wait()
        return channel.localAddress?.port ?? 0
    }

    private static func addHTTP1(_ channel: any Channel) throws {
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(HTTPResponseEncoder())
        try pipeline.addHandler(ByteToMessageHandler(HTTPRequestDecoder()))
        try pipeline.addHandler(HTTP1Handler())
    }

    /// With the windows of the receiver, so that both exchange the same frames.
    private static func addHTTP2(_ channel: any Channel) throws {
        let windowByteCount = 1 << 20
        var settings = NIOHTTP2Handler.ConnectionConfiguration()
        settings.initialSettings = [HTTP2Setting(parameter: .initialWindowSize, value: windowByteCount)]
        settings.targetWindowSize = windowByteCount
        var streams = NIOHTTP2Handler.StreamConfiguration()
        streams.targetWindowSize = windowByteCount
        _ = try channel.pipeline.syncOperations.configureHTTP2Pipeline(
            mode: .server,
            connectionConfiguration: settings,
            streamConfiguration: streams
        ) { stream in
            stream.eventLoop.makeCompletedFuture { try stream.pipeline.syncOperations.addHandler(GRPCHandler()) }
        }
    }

    private final class HTTP1Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        private static let headers: HTTPHeaders = ["content-type": "application/x-protobuf", "content-length": "0"]
        private var body = ByteBuffer()

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch self.unwrapInboundIn(data) {
            case .head: self.body = ByteBuffer()
            case .body(var bytes): self.body.append(&bytes)
            case .end:
                let head = HTTPResponseHead(version: .http1_1, status: .ok, headers: Self.headers)
                context.write(self.wrapOutboundOut(.head(head)), promise: nil)
                context.writeAndFlush(self.wrapOutboundOut(.end(nil)), promise: nil)
            }
        }
    }

    private final class GRPCHandler: ChannelInboundHandler {
        typealias InboundIn = HTTP2Frame.FramePayload
        typealias OutboundOut = HTTP2Frame.FramePayload

        private static let headers: HPACKHeaders = [
            ":status": "200", "content-type": "application/grpc", "grpc-accept-encoding": "identity,gzip",
        ]
        private static let message = ByteBuffer(bytes: [0, 0, 0, 0, 0])
        private static let trailers: HPACKHeaders = ["grpc-status": "0"]
        private var body = ByteBuffer()

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            guard case .data(let data) = self.unwrapInboundIn(data), case .byteBuffer(var bytes) = data.data else {
                return
            }
            self.body.append(&bytes)
            guard data.endStream else { return }
            self.write(.headers(.init(headers: Self.headers)), context)
            self.write(.data(.init(data: .byteBuffer(Self.message))), context)
            self.write(.headers(.init(headers: Self.trailers, endStream: true)), context)
            context.flush()
        }

        private func write(_ payload: HTTP2Frame.FramePayload, _ context: ChannelHandlerContext) {
            context.write(self.wrapOutboundOut(payload), promise: nil)
        }
    }
}

extension ByteBuffer {
    /// Copies nothing when `bytes` are the first, as they are in most requests.
    fileprivate mutating func append(_ bytes: inout ByteBuffer) {
        if self.readableBytes == 0 { self = bytes } else { self.writeBuffer(&bytes) }
    }
}
