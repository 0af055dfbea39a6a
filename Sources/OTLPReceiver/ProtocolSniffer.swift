import NIOCore
import NIOHTTP1
import NIOHTTP2
import NIOSSL
import TokenscaleCore

/// Decides by the first bytes whether a connection speaks HTTP/2 or HTTP/1.1, and builds the rest of its pipeline.
///
/// Every HTTP/2 client begins with the preface `PRI * HTTP/2.0` (RFC 9113 §3.4), over TLS as well, and no method of
/// HTTP/1.1 begins so. gRPC with prior knowledge and OTLP/HTTP can therefore share a port.
final class ProtocolSniffer: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private static let methodByteCount = 4
    private static let prefaceByteCount = 24

    private let connection: ConnectionHandler
    private var held = ByteBuffer()
    /// The rest of the pipeline exists and answers for the connection.
    private var isDecided = false

    init(connection: ConnectionHandler) { self.connection = connection }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = self.unwrapInboundIn(data)
        if self.held.readableBytes == 0 { self.held = bytes } else { self.held.writeBuffer(&bytes) }
        guard self.held.readableBytes >= Self.methodByteCount else { return }
        let isHTTP2 = self.held.getString(at: self.held.readerIndex, length: Self.methodByteCount) == "PRI "
        // Until the preface is complete the deadline of a head holds.
        guard !isHTTP2 || self.held.readableBytes >= Self.prefaceByteCount else { return }
        self.isDecided = true
        do {
            if isHTTP2 {
                try self.addHTTP2(context.channel)
            } else {
                try self.addHTTP1(context.channel)
            }
        } catch {
            // Adding handlers to a live pipeline does not fail; to a dying one it does not matter.
            context.close(promise: nil)
            return
        }
        context.fireChannelRead(self.wrapInboundOut(self.held))
        context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent, !self.isDecided { context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if error is NIOSSLError || error is BoringSSLError {
            let message =
                "TLS handshake failed: the client offered no valid certificate, does not trust ours, or "
                + "does not speak TLS"
            self.connection.worker.count(.tlsHandshake, peer: self.connection.peer, message: message)
        }
        context.close(promise: nil)
    }

    private func addHTTP1(_ channel: any Channel) throws {
        let limits = self.connection.worker.shared.configuration
        var decoderLimits = NIOHTTPDecoderLimitConfiguration()
        decoderLimits.maxHeaderListSize = limits.headerListByteLimit
        decoderLimits.maxHeaderFieldSize = limits.headerListByteLimit
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(HTTPResponseEncoder())
        try pipeline.addHandler(ByteToMessageHandler(HTTPRequestDecoder(limitConfiguration: decoderLimits)))
        try pipeline.addHandler(HTTP1Handler(connection: self.connection))
    }

    private func addHTTP2(_ channel: any Channel) throws {
        let connection = self.connection
        let limits = connection.worker.shared.configuration
        // One window for a batch of 512 records, so that it needs no round trip.
        let windowByteCount = 1 << 20
        var settings = NIOHTTP2Handler.ConnectionConfiguration()
        settings.initialSettings = [
            HTTP2Setting(parameter: .maxConcurrentStreams, value: limits.concurrentStreamLimit),
            HTTP2Setting(parameter: .maxHeaderListSize, value: limits.headerListByteLimit),
            HTTP2Setting(parameter: .initialWindowSize, value: windowByteCount),
        ]
        settings.targetWindowSize = windowByteCount
        // gRPC clients probe the bandwidth by PINGs while data flows; NIO's 200 in 30 s would cut a busy one.
        settings.controlFrameRateLimit.maximumCount = 2000
        var streams = NIOHTTP2Handler.StreamConfiguration()
        streams.targetWindowSize = windowByteCount
        let manager = NIOHTTP2ServerConnectionManagementHandler(
            eventLoop: channel.eventLoop,
            configuration: .init(
                maxIdleTime: nil,
                maxAge: nil,
                maxGraceTime: TimeAmount(limits.drainTimeout),
                keepalive: nil
            )
        )
        let boundConnection = NIOLoopBound(connection, eventLoop: channel.eventLoop)
        let pipeline = channel.pipeline.syncOperations
        _ = try pipeline.configureHTTP2Pipeline(
            mode: .server,
            connectionConfiguration: settings,
            streamConfiguration: streams,
            streamDelegate: manager.http2StreamDelegate
        ) { stream in
            stream.eventLoop.makeCompletedFuture {
                try stream.pipeline.syncOperations.addHandler(HTTP2StreamHandler(connection: boundConnection.value))
            }
        }
        try pipeline.addHandler(manager)
        try pipeline.addHandler(HTTP2ErrorHandler(connection: connection))
        connection.becomeHTTP2()
    }
}

/// Counts violations of HTTP/2, and closes the connection on those that concern all of it.
private final class HTTP2ErrorHandler: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame

    private let connection: ConnectionHandler

    init(connection: ConnectionHandler) { self.connection = connection }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        let streamError = error as? NIOHTTP2Errors.StreamError
        switch streamError?.baseError ?? error {
        case is NIOHTTP2Errors.NoSuchStream, is NIOHTTP2Errors.StreamClosed:
            // Reported as well when an answer of ours crosses the cancellation of its call: other calls of the
            // connection must not suffer. (After a true violation NIO has sent GOAWAY, and then reports more.)
            return
        case is NIOHTTP2Errors.CreatedStreamAfterGoaway:
            // Under way when we began to shut down: refused in a way that lets the client send it again.
            self.count(.notServing, "the receiver is shutting down")
        case is NIOHTTP2Errors.ExcessivelyLargeHeaderBlock:
            self.count(.headersTooLarge, "the header fields of a request exceed the limit")
        case is NIOHTTP2Errors.MaxStreamsViolation:
            self.count(.streamLimit, "too many concurrent requests on one connection")
        case is any NIOHTTP2Error:
            self.count(.malformed, "a violation of HTTP/2")
        default:
            // The network's or the TLS layer's.
            break
        }
        // A fault of one stream has reset that stream already.
        if streamError == nil { context.close(promise: nil) }
    }

    private func count(_ reason: IngestStatistics.Refusal, _ message: String) {
        self.connection.worker.count(reason, peer: self.connection.peer, message: message)
    }
}
