import NIOCore
import TokenscaleCore

/// The body of the request under way did not arrive in time.
struct BodyTimeoutEvent: Sendable {}

/// The first handler of every connection: who the peer is, which deadline holds, and when reading pauses.
///
/// The protocol handlers of the connection hold on to it. Confined to the connection's event loop.
final class ConnectionHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer

    enum Phase {
        /// Until the head of a request is complete; includes the TLS handshake.
        case head
        case body
        case idle
        /// HTTP/2 streams are open: the body of each has its own deadline. An answer has none: a client may open no
        /// window for it. So a connection on which no stream has begun or ended for long is closed like an idle one.
        case streams
        /// Shutting down gracefully.
        case closing
    }

    let worker: Worker
    let peer: PeerAddress?
    /// Over the limit of connections: its first request is told to come back.
    let isOverLimit: Bool
    private var deadline: NIODeadline = .distantFuture
    private var phase = Phase.head
    private var isHTTP2 = false
    /// Those that are open, in no order.
    private var streams: [HTTP2StreamHandler] = []
    private var isReadPending = false
    private var context: ChannelHandlerContext?

    init(worker: Worker, peer: PeerAddress?, isOverLimit: Bool) {
        self.worker = worker
        self.peer = peer
        self.isOverLimit = isOverLimit
        self.enter(.head)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        self.worker.connectionOpened(self)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        self.worker.connectionClosed(self)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .idle = self.phase, !self.isHTTP2 { self.enter(.head) }
        context.fireChannelRead(data)
    }

    // MARK: - Back-pressure

    /// A client that does not read its answers is not read from either: answers would pile up here.
    func read(context: ChannelHandlerContext) {
        if context.channel.isWritable { context.read() } else { self.isReadPending = true }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable, self.isReadPending {
            self.isReadPending = false
            context.read()
        }
        context.fireChannelWritabilityChanged()
    }

    // MARK: - Deadlines

    func becomeHTTP2() {
        self.isHTTP2 = true
        self.enter(.idle)
    }

    func streamOpened(_ stream: HTTP2StreamHandler) {
        stream.index = self.streams.count
        self.streams.append(stream)
        self.enter(.streams)
    }

    func streamClosed(_ stream: HTTP2StreamHandler) {
        let last = self.streams.removeLast()
        if last !== stream {
            last.index = stream.index
            self.streams[stream.index] = last
        }
        self.enter(self.streams.isEmpty ? .idle : .streams)
    }

    func enter(_ phase: Phase) {
        if case .closing = self.phase { return }
        self.phase = phase
        let timeouts = self.worker.shared.timeouts
        self.deadline =
            switch phase {
            case .head: .now() + timeouts.head
            case .body: .now() + timeouts.body
            case .idle: .now() + timeouts.idle
            case .streams: .now() + max(timeouts.idle, timeouts.body)
            case .closing: .now() + timeouts.drain
            }
    }

    /// Ends what is past its deadline. Called by the worker every ``Worker/sweepInterval``.
    func sweep(now: NIODeadline) {
        for stream in self.streams where stream.deadline <= now { stream.deadlinePassed() }
        if self.deadline <= now { self.deadlinePassed() }
    }

    private func deadlinePassed() {
        guard let context = self.context else { return }
        switch self.phase {
        case .head:
            self.worker.count(.slowSender, peer: self.peer, message: "no complete request head in time")
            context.close(promise: nil)
        case .body:
            context.fireUserInboundEventTriggered(BodyTimeoutEvent())
            self.enter(.closing)
        case .idle, .streams:
            self.quiesce()
        case .closing:
            context.close(promise: nil)
        }
    }

    /// Closes the connection when its requests are answered; when that takes too long, regardless.
    func quiesce() {
        guard let context = self.context else { return }
        self.enter(.closing)
        context.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
    }

    func close() { self.context?.close(promise: nil) }
}
