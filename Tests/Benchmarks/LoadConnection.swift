import NIOCore
import NIOHPACK
import NIOHTTP2
import NIOPosix

/// OTLP over HTTP/1.1 with keep-alive, or over gRPC without TLS.
enum LoadTransport: String, CaseIterable {
    case http
    case grpc
}

/// An agent's connection: sends the bodies that it has, over and over, each when the one before is answered.
///
/// Any answer but "everything was taken" ends the process. Confined to its event loop.
protocol LoadConnection: AnyObject {
    func send(requestCount: Int) -> EventLoopFuture<Void>
}

extension LoadTransport {
    func connect(port: Int, bodies: RecordedBodies, eventLoop: any EventLoop) throws -> NIOLoopBound<any LoadConnection>
    {
        try ClientBootstrap(group: eventLoop)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .connect(host: "127.0.0.1", port: port)
            .flatMapThrowing { channel in
                let pipeline = channel.pipeline.syncOperations
                switch self {
                case .http:
                    let connection = HTTP1Connection(bodies: bodies)
                    try pipeline.addHandler(connection)
                    return NIOLoopBound(connection, eventLoop: eventLoop)
                case .grpc:
                    let multiplexer = try pipeline.configureHTTP2Pipeline(
                        mode: .client,
                        connectionConfiguration: .init(),
                        streamConfiguration: .init()
                    ) { $0.eventLoop.makeSucceededVoidFuture() }
                    let connection = GRPCConnection(multiplexer: multiplexer, bodies: bodies, eventLoop: eventLoop)
                    return NIOLoopBound(connection, eventLoop: eventLoop)
                }
            }.wait()
    }
}

/// What a connection sends, ten seconds later in each turn, so that the points are new ones of known series.
private struct BodyCycle {
    private var bodies: RecordedBodies
    private var index = 0

    init(_ bodies: RecordedBodies) { self.bodies = bodies }

    mutating func next() -> [UInt8] {
        if self.index == self.bodies.bodies.count {
            self.index = 0
            self.bodies.advance(bySeconds: 10, nanoseconds: 1)
        }
        defer { self.index += 1 }
        return self.bodies.bodies[self.index]
    }
}

private final class HTTP1Connection: ChannelInboundHandler, LoadConnection {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private var bodies: BodyCycle
    private var answer = ByteBuffer()
    private var remainingCount = 0
    private var done: EventLoopPromise<Void>?
    private var context: ChannelHandlerContext?

    init(bodies: RecordedBodies) { self.bodies = BodyCycle(bodies) }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func send(requestCount: Int) -> EventLoopFuture<Void> {
        guard let context = self.context else { preconditionFailure("the connection is closed") }
        let done = context.eventLoop.makePromise(of: Void.self)
        self.done = done
        self.remainingCount = requestCount
        self.sendNext(context)
        return done.futureResult
    }

    private func sendNext(_ context: ChannelHandlerContext) {
        let body = self.bodies.next()
        // What Claude Code 2.1 sends, but for the values.
        var request = ByteBuffer(
            string: "POST /v1/metrics HTTP/1.1\r\nContent-Type: application/x-protobuf\r\n"
                + "User-Agent: OTel-OTLP-Exporter-JavaScript/0.208.0\r\nHost: collector:4318\r\n"
                + "Content-Length: \(body.count)\r\nConnection: keep-alive\r\n\r\n"
        )
        request.writeBytes(body)
        context.writeAndFlush(self.wrapOutboundOut(request), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = self.unwrapInboundIn(data)
        self.answer.writeBuffer(&bytes)
        guard self.answer.readableBytesView.suffix(4).elementsEqual("\r\n\r\n".utf8) else { return }
        let text = self.answer.readString(length: self.answer.readableBytes) ?? ""
        if !text.hasPrefix("HTTP/1.1 200 ") || !text.contains("content-length: 0\r\n") {
            Benchmarks.stop("answer: \(text)")
        }
        self.answer.clear()
        self.remainingCount -= 1
        if self.remainingCount == 0 { self.done?.succeed() } else { self.sendNext(context) }
    }

    func channelInactive(context: ChannelHandlerContext) { Benchmarks.stop("the server closed the connection") }
}

private final class GRPCConnection: LoadConnection {
    private let multiplexer: NIOHTTP2Handler.StreamMultiplexer
    private var bodies: BodyCycle
    private let eventLoop: any EventLoop
    private var remainingCount = 0

    init(multiplexer: NIOHTTP2Handler.StreamMultiplexer, bodies: RecordedBodies, eventLoop: any EventLoop) {
        self.multiplexer = multiplexer
        self.bodies = BodyCycle(bodies)
        self.eventLoop = eventLoop
    }

    func send(requestCount: Int) -> EventLoopFuture<Void> {
        let done = self.eventLoop.makePromise(of: Void.self)
        self.remainingCount = requestCount
        self.sendNext(done)
        return done.futureResult
    }

    private func sendNext(_ done: EventLoopPromise<Void>) {
        let body = self.bodies.next()
        let connection = NIOLoopBound(self, eventLoop: self.eventLoop)
        self.multiplexer.createStreamChannel(promise: nil) { stream in
            stream.eventLoop.makeCompletedFuture {
                let call = Call(body: body) {
                    connection.value.remainingCount -= 1
                    if connection.value.remainingCount == 0 {
                        done.succeed()
                    } else {
                        connection.value.sendNext(done)
                    }
                }
                try stream.pipeline.syncOperations.addHandler(call)
            }
        }
    }

    private final class Call: ChannelInboundHandler {
        typealias InboundIn = HTTP2Frame.FramePayload
        typealias OutboundOut = HTTP2Frame.FramePayload

        private static let headers: HPACKHeaders = [
            ":method": "POST", ":scheme": "http", ":authority": "collector:4317",
            ":path": "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export", "te": "trailers",
            "content-type": "application/grpc", "user-agent": "grpc-node-js/1.14.0",
            "grpc-accept-encoding": "identity,deflate,gzip", "accept-encoding": "identity",
        ]
        private let body: [UInt8]
        private let onAnswer: () -> Void

        init(body: [UInt8], onAnswer: @escaping () -> Void) {
            self.body = body
            self.onAnswer = onAnswer
        }

        func channelActive(context: ChannelHandlerContext) {
            var message = ByteBuffer()
            message.writeInteger(0 as UInt8)
            message.writeInteger(UInt32(self.body.count))
            message.writeBytes(self.body)
            context.write(self.wrapOutboundOut(.headers(.init(headers: Self.headers))), promise: nil)
            let data = HTTP2Frame.FramePayload.Data(data: .byteBuffer(message), endStream: true)
            context.writeAndFlush(self.wrapOutboundOut(.data(data)), promise: nil)
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch self.unwrapInboundIn(data) {
            case .headers(let headers) where headers.endStream:
                let isTaken = headers.headers.first(name: "grpc-status") == "0"
                if !isTaken { Benchmarks.stop("answer: \(headers.headers)") }
                self.onAnswer()
            case .data(let data):
                if data.data.readableBytes != 5 { Benchmarks.stop("the answer holds a partial success") }
            default: break
            }
        }
    }
}
