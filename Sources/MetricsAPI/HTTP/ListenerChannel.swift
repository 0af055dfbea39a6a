import HTTPTypes
import HummingbirdCore
import HummingbirdHTTP2
import Logging
import NIOCore
import NIOSSL
import NIOTLS
import TokenscaleCore

/// Turns an accepted connection into requests: HTTP/1.1, or TLS with HTTP/2 or HTTP/1.1 as the client prefers.
///
/// Hummingbird's own TLS channel takes one fixed `NIOSSLContext`, hands nobody the certificates that a client presents,
/// and knows no deadline for the handshake; so its HTTP channels are put together here (ADR 0051).
struct ListenerChannel: ServerChildChannel {
    enum Negotiated: Sendable {
        case http1(HTTP1Channel.Value)
        case http2(HTTP2Channel.Value)
    }

    struct Value: ServerChildChannelValue {
        let channel: any Channel
        let http1: HTTP1Channel
        let http2: HTTP2Channel
        let negotiated: EventLoopFuture<Negotiated>
    }

    let configuration: ListenerConfiguration
    let certificates: ServerCertificateStore?
    let now: @Sendable () -> Timestamp
    let respond: @Sendable (HTTPCall) async -> HTTPReply

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        let info = ConnectionInfo()
        let peer = channel.remoteAddress?.ipAddress.map { PeerAddress(text: $0) }
        let responder: HTTPChannelHandler.Responder = { request, writer, _ in
            try await self.answer(request, writer, info: info, peer: peer)
        }
        let http1 = HTTP1Channel(responder: responder, configuration: self.http1Configuration(isStream: false))
        let http2 = HTTP2Channel(
            responder: responder,
            configuration: .init(
                idleTimeout: .seconds(self.configuration.connectionIdleSeconds),
                gracefulCloseTimeout: .seconds(self.configuration.gracefulCloseSeconds),
                streamConfiguration: self.http1Configuration(isStream: true)
            )
        )
        do {
            let negotiated = try self.negotiate(channel, http1: http1, http2: http2, info: info, logger: logger)
            return negotiated.map { Value(channel: channel, http1: http1, http2: http2, negotiated: $0) }
        } catch {
            return channel.eventLoop.makeFailedFuture(error)
        }
    }

    private func http1Configuration(isStream: Bool) -> HTTP1Channel.Configuration {
        let stalled = TimeAmount.seconds(Int64(self.configuration.stalledWriteSeconds))
        return HTTP1Channel.Configuration(
            additionalChannelHandlers: [StalledWriteGuard(timeout: stalled, isStream: isStream)],
            idleTimeout: .seconds(Int64(self.configuration.idleSeconds)),
            httpDecoderConfiguration: .init(
                maxHeaderFieldSize: self.configuration.headerByteLimit,
                maxHeaderListSize: self.configuration.headerByteLimit,
                maxHeaderFieldCount: 200
            )
        )
    }

    func handle(value: Value, logger: Logger) async {
        do {
            switch try await value.negotiated.get() {
            case .http1(let connection): await value.http1.handle(value: connection, logger: logger)
            case .http2(let connection): await value.http2.handle(value: connection, logger: logger)
            }
        } catch {
            // A port scan, a failed handshake, a client that gave up: nothing an operator can act on.
            logger.debug("connection closed before its first request", metadata: ["error": "\(error)"])
        }
    }

    private func negotiate(
        _ channel: any Channel,
        http1: HTTP1Channel,
        http2: HTTP2Channel,
        info: ConnectionInfo,
        logger: Logger
    ) throws -> EventLoopFuture<EventLoopFuture<Negotiated>> {
        guard let certificates else {
            return http1.setup(channel: channel, logger: logger).map { connection in
                channel.eventLoop.makeSucceededFuture(Negotiated.http1(connection))
            }
        }
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(
            NIOSSLServerHandler(context: certificates.context) { presented, promise in
                // Whom to believe is decided per request: the authorities may change while a connection lives.
                info.remember(presented)
                promise.succeed(.certificateVerified)
            }
        )
        let timeout = TimeAmount.seconds(Int64(self.configuration.handshakeSeconds))
        try pipeline.addHandler(HandshakeGuard(timeout: timeout, info: info))
        let stalled = TimeAmount.seconds(Int64(self.configuration.stalledWriteSeconds))
        try pipeline.addHandler(StalledWriteGuard(timeout: stalled, isStream: false))
        let protocols = NIOTypedApplicationProtocolNegotiationHandler<Negotiated> { result in
            if case .negotiated("h2") = result {
                return http2.setup(channel: channel, logger: logger).map { .http2($0) }
            }
            return http1.setup(channel: channel, logger: logger).map { .http1($0) }
        }
        try pipeline.addHandler(protocols)
        return channel.eventLoop.makeSucceededFuture(protocols.protocolNegotiationResult)
    }

    @concurrent
    private func answer(
        _ request: Request,
        _ writer: consuming ResponseWriter,
        info: ConnectionInfo,
        peer: PeerAddress?
    ) async throws {
        var byteCount = 0
        for try await buffer in request.body {
            byteCount += buffer.readableBytes
            guard byteCount <= self.configuration.requestBodyByteLimit else { throw RequestBodyTooLarge() }
        }
        let call = HTTPCall(
            method: request.method.rawValue,
            target: request.head.path ?? "/",
            headers: request.headers,
            peer: peer,
            certificates: info.certificates
        )
        let reply = await self.respond(call)
        var head = HTTPResponse(status: .init(code: reply.status), headerFields: reply.headers)
        head.headerFields[.date] = UTCTime(self.now()).httpDate
        // RFC 9110, 15.4.5: a 304 has no content; a HEAD answers with the length alone.
        if reply.status != 304 { head.headerFields[.contentLength] = "\(reply.body.count)" }
        if call.method == "HEAD" || reply.status == 304 {
            try await writer.writeResponse(head)
        } else {
            try await writer.write(response: head, body: ResponseBody(byteBuffer: ByteBuffer(bytes: reply.body)))
        }
    }
}

/// Ends the connection: nobody sends a large body to a server that takes none in by mistake.
private struct RequestBodyTooLarge: Error {}
