import NIOCore
import NIOSSL
import NIOTLS
import Synchronization

/// What is known of a connection before its first request.
final class ConnectionInfo: Sendable {
    private let presented = Mutex<[[UInt8]]>([])

    /// The client's certificates in DER, leaf first.
    var certificates: [[UInt8]] { self.presented.withLock { $0 } }

    func remember(_ certificates: [NIOSSLCertificate]) {
        let encoded = certificates.compactMap { try? $0.toDERBytes() }
        guard !encoded.isEmpty else { return }
        self.presented.withLock { $0 = encoded }
    }
}

/// Closes a connection whose TLS handshake takes too long, or is not through when the listener shuts down, and
/// remembers the certificate of a resumed session: BoringSSL does not call the verification callback for one.
final class HandshakeGuard: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let timeout: TimeAmount
    private let info: ConnectionInfo
    private var deadline: Scheduled<Void>?
    private var isComplete = false

    init(timeout: TimeAmount, info: ConnectionInfo) {
        self.timeout = timeout
        self.info = info
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let channel = context.channel
        self.deadline = context.eventLoop.scheduleTask(in: self.timeout) { channel.close(promise: nil) }
    }

    func handlerRemoved(context: ChannelHandlerContext) { self.deadline?.cancel() }

    func channelInactive(context: ChannelHandlerContext) {
        self.deadline?.cancel()
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent, !self.isComplete {
            // There is no request that could be waited for.
            context.channel.close(promise: nil)
        }
        if case .handshakeCompleted? = event as? TLSUserEvent {
            self.isComplete = true
            self.deadline?.cancel()
            let handler = try? context.pipeline.syncOperations.handler(type: NIOSSLServerHandler.self)
            if self.info.certificates.isEmpty, let leaf = handler?.peerCertificate { self.info.remember([leaf]) }
        }
        context.fireUserInboundEventTriggered(event)
    }
}

/// Closes a connection or stream whose peer does not read what it asked for.
///
/// Without it a client that stops reading would hold its reply in memory for ever. A connection whose peer reads slowly
/// goes on; of an HTTP/2 stream it is not known how much was read, so all that is buffered must go out in time.
final class StalledWriteGuard: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = NIOAny
    typealias InboundOut = NIOAny

    private let timeout: TimeAmount
    private let isStream: Bool
    private var deadline: Scheduled<Void>?

    /// - Parameter isStream: The channel is a stream of HTTP/2, not a connection.
    init(timeout: TimeAmount, isStream: Bool) {
        self.timeout = timeout
        self.isStream = isStream
    }

    func handlerRemoved(context: ChannelHandlerContext) { self.deadline?.cancel() }

    func channelInactive(context: ChannelHandlerContext) {
        self.deadline?.cancel()
        context.fireChannelInactive()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        self.deadline?.cancel()
        self.deadline = nil
        if !context.channel.isWritable { self.watch(context.channel) }
        context.fireChannelWritabilityChanged()
    }

    /// Looks again after the timeout: what is buffered by then must have become less.
    private func watch(_ channel: any Channel) {
        let before = self.bufferedByteCount(channel)
        self.deadline = channel.eventLoop.assumeIsolated().scheduleTask(in: self.timeout) {
            if let before, let now = self.bufferedByteCount(channel), now < before {
                self.watch(channel)
            } else {
                channel.close(promise: nil)
            }
        }
    }

    /// `nil` for a stream of HTTP/2, whose channel traps on the question.
    private func bufferedByteCount(_ channel: any Channel) -> Int? {
        self.isStream ? nil : try? channel.syncOptions?.getOption(.bufferedWritableBytes)
    }
}
