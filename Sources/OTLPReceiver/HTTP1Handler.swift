import NIOCore
import NIOHTTP1
import TokenscaleCore

/// Serves the requests of one HTTP/1.1 connection, one after the other.
///
/// Each is answered before the next is looked at, so that pipelined requests are answered in order.
final class HTTP1Handler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private enum State {
        case idle
        case receiving
        /// Answered before its end: what still comes is dropped.
        case dropping
        /// Whatever the client sent after its last request is not looked at.
        case closed
    }

    private let connection: ConnectionHandler
    private var intake: RequestIntake
    private var state = State.idle
    private var contentType: String?
    private var version = HTTPVersion.http1_1
    private var isHead = false
    private var closesAfterRequest = false
    private var isQuiescing = false

    init(connection: ConnectionHandler) {
        self.connection = connection
        self.intake = RequestIntake(connection: connection)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if self.state == .closed { return }
        switch self.unwrapInboundIn(data) {
        case .head(let head): self.begin(head, context: context)
        case .body(var bytes):
            guard self.state == .receiving, let refused = self.intake.take(&bytes) else { return }
            self.answer(.failure(refused), context: context)
            self.state = .dropping
        case .end: self.finish(context: context)
        }
    }

    private func begin(_ head: HTTPRequestHead, context: ChannelHandlerContext) {
        self.connection.enter(.body)
        self.state = .receiving
        self.version = head.version
        self.contentType = head.headers.first(name: "content-type")
        self.isHead = head.method == .HEAD
        // What follows a request for an upgrade is not read as HTTP/1.1 by the decoder, and we upgrade to nothing.
        let asksForUpgrade = head.method == .CONNECT || head.headers.contains(name: "upgrade")
        self.closesAfterRequest = !head.isKeepAlive || self.isQuiescing || asksForUpgrade
        let waitsForContinue = head.headers.first(name: "expect")?.lowercased() == "100-continue"
        let refused = self.intake.begin(
            RequestHead(
                transport: .http,
                isPost: head.method == .POST,
                target: head.uri,
                contentType: self.contentType,
                contentEncoding: head.headers.first(name: "content-encoding"),
                authorization: head.headers.first(name: "authorization"),
                contentLength: head.headers.first(name: "content-length").flatMap { Int($0) }
            )
        )
        if let refused {
            // At once, so that a client that waits before it sends its body need not send it. Whether it then sends
            // it is open, so the connection cannot be used again (RFC 9110 §10.1.1).
            if waitsForContinue { self.closesAfterRequest = true }
            self.answer(.failure(refused), context: context)
            self.state = .dropping
            if waitsForContinue { self.close(context) }
        } else if waitsForContinue {
            let interim = HTTPResponseHead(version: head.version, status: .continue)
            context.writeAndFlush(self.wrapOutboundOut(.head(interim)), promise: nil)
        }
    }

    private func finish(context: ChannelHandlerContext) {
        if self.state == .receiving { self.answer(self.intake.finish(), context: context) }
        self.state = .idle
        if self.closesAfterRequest {
            self.close(context)
        } else {
            self.connection.enter(.idle)
        }
    }

    private func answer(
        _ result: Result<PartialSuccess?, RefusedRequest>,
        context: ChannelHandlerContext
    ) {
        let answer = HTTPAnswer(result, plan: self.intake.currentPlan, contentType: self.contentType)
        var refused: RefusedRequest?
        if case .failure(let value) = result { refused = value }
        if refused?.refusal.closesConnection ?? false { self.closesAfterRequest = true }
        self.intake.end(code: answer.code, refused: refused)

        let headers = self.headers(of: answer)
        let head = HTTPResponseHead(version: self.version, status: answer.status, headers: headers)
        context.write(self.wrapOutboundOut(.head(head)), promise: nil)
        if !answer.body.isEmpty, !self.isHead {
            let body = context.channel.allocator.buffer(bytes: answer.body)
            context.write(self.wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        }
        context.writeAndFlush(self.wrapOutboundOut(.end(nil)), promise: nil)
    }

    private static let emptyProtobufHeaders: HTTPHeaders = [
        "content-type": "application/x-protobuf", "content-length": "0",
    ]

    private func headers(of answer: HTTPAnswer) -> HTTPHeaders {
        // What nearly every request is answered with is not put together anew.
        if answer.isEmptyProtobuf, !self.closesAfterRequest, self.version == .http1_1 {
            return Self.emptyProtobufHeaders
        }
        var headers = HTTPHeaders()
        headers.reserveCapacity(6)
        for (name, value) in answer.fields { headers.add(name: name, value: value) }
        if self.closesAfterRequest {
            headers.add(name: "connection", value: "close")
        } else if self.version == .http1_0 {
            headers.add(name: "connection", value: "keep-alive")
        }
        return headers
    }

    // MARK: - Ends

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is ChannelShouldQuiesceEvent:
            self.isQuiescing = true
            self.closesAfterRequest = true
            if self.state == .idle { self.close(context) }
        case is BodyTimeoutEvent:
            self.refuseAndClose(.slowSender, "the body did not arrive in time", context: context)
        default:
            context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case HTTPParserError.headerOverflow:
            let limit = self.connection.worker.shared.configuration.headerListByteLimit
            let message = "the header fields have more than \(limit) bytes"
            self.refuseAndClose(.headersTooLarge, message, context: context)
        case HTTPParserError.invalidEOFState:
            // The client went away in the middle of a request.
            self.close(context)
        case is HTTPParserError:
            self.refuseAndClose(.malformed, "not a valid HTTP/1.1 request", context: context)
        default:
            // The network's or the TLS layer's: there is nobody to answer.
            context.close(promise: nil)
        }
    }

    private func refuseAndClose(
        _ reason: IngestStatistics.Refusal,
        _ message: String,
        context: ChannelHandlerContext
    ) {
        if self.state == .idle || self.state == .receiving {
            let signal = self.intake.currentPlan?.signal ?? .unknown
            let refused = RefusedRequest(signal: signal, refusal: Refusal(reason, message))
            self.closesAfterRequest = true
            if self.state == .idle { self.intake.beginUnparsed() }
            self.answer(.failure(refused), context: context)
        }
        self.close(context)
    }

    private func close(_ context: ChannelHandlerContext) {
        self.state = .closed
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.intake.abandon()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { self.intake.abandon() }
}
