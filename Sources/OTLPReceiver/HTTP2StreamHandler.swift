import FoundationEssentials
import NIOCore
import NIOHPACK
import NIOHTTP2
import TokenscaleCore

/// Serves the one request of an HTTP/2 stream: a unary gRPC call, or HTTP.
final class HTTP2StreamHandler: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame.FramePayload
    typealias OutboundOut = HTTP2Frame.FramePayload

    private enum State {
        case waiting
        case receiving
        /// Answered; what still comes is dropped.
        case answered
    }

    private let connection: ConnectionHandler
    private var intake: RequestIntake
    private var state = State.waiting
    private var isGRPC = false
    private var isHead = false
    private var contentType: String?
    /// While the stream exists.
    private var context: ChannelHandlerContext?
    /// For the rest of the request.
    private(set) var deadline: NIODeadline = .distantFuture
    /// The stream's place among those of the connection.
    var index = 0

    init(connection: ConnectionHandler) {
        self.connection = connection
        self.intake = RequestIntake(connection: connection)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        self.connection.streamOpened(self)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch self.unwrapInboundIn(data) {
        case .headers(let headers):
            if self.state == .waiting { self.begin(headers.headers, context: context) }
            if headers.endStream { self.finish(context: context) }
        case .data(let data):
            if case .byteBuffer(var bytes) = data.data, self.state == .receiving,
                let refused = self.intake.take(&bytes)
            {
                self.answer(.failure(refused), context: context)
            }
            if data.endStream { self.finish(context: context) }
        default:
            break
        }
    }

    private func begin(_ headers: HPACKHeaders, context: ChannelHandlerContext) {
        self.state = .receiving
        self.deadline = .now() + self.connection.worker.shared.timeouts.body
        self.contentType = headers.first(name: "content-type")
        self.isGRPC = MediaType(self.contentType) == .grpc
        let method = headers.first(name: ":method")
        self.isHead = method == "HEAD"
        let refused = self.intake.begin(
            RequestHead(
                transport: self.isGRPC ? .grpc : .http,
                isPost: method == "POST",
                target: headers.first(name: ":path") ?? "",
                contentType: self.contentType,
                contentEncoding: headers.first(name: self.isGRPC ? "grpc-encoding" : "content-encoding"),
                authorization: headers.first(name: "authorization"),
                contentLength: headers.first(name: "content-length").flatMap { Int($0) }
            )
        )
        if let refused { self.answer(.failure(refused), context: context) }
    }

    private func finish(context: ChannelHandlerContext) {
        self.deadline = .distantFuture
        if self.state == .receiving { self.answer(self.intake.finish(), context: context) }
    }

    private func answer(_ result: Result<PartialSuccess?, RefusedRequest>, context: ChannelHandlerContext) {
        self.state = .answered
        var refused: RefusedRequest?
        if case .failure(let value) = result { refused = value }
        // Counted before the client can see the answer.
        if self.isGRPC {
            self.intake.end(code: (refused?.refusal.rpcCode ?? .ok).name, refused: refused)
            self.writeGRPC(result, context: context)
        } else {
            let answer = HTTPAnswer(result, plan: self.intake.currentPlan, contentType: self.contentType)
            self.intake.end(code: answer.code, refused: refused)
            self.writeHTTP(answer, context: context)
        }
        switch refused?.refusal.reason {
        // The client shall find another replica, or fewer clients.
        case .notServing, .connectionLimit: self.connection.quiesce()
        default: break
        }
    }

    // MARK: - HTTP

    private func writeHTTP(_ answer: HTTPAnswer, context: ChannelHandlerContext) {
        var headers: HPACKHeaders = [":status": answer.code]
        for (name, value) in answer.fields { headers.add(name: name, value: value) }
        let isEmpty = answer.body.isEmpty || self.isHead
        self.write(headers, end: isEmpty, context: context)
        if !isEmpty {
            let body = context.channel.allocator.buffer(bytes: answer.body)
            context.write(self.wrapOutboundOut(.data(.init(data: .byteBuffer(body), endStream: true))), promise: nil)
        }
        context.flush()
    }

    // MARK: - gRPC

    private static let acceptedHeaders: HPACKHeaders = [
        ":status": "200", "content-type": "application/grpc", "grpc-accept-encoding": "identity,gzip",
    ]
    private static let okTrailers: HPACKHeaders = ["grpc-status": "0"]
    private static let emptyMessage = HTTP2StreamHandler.message([])

    /// "Compressed-Flag Message-Length Message", uncompressed.
    private static func message(_ bytes: [UInt8]) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.writeInteger(0 as UInt8)
        buffer.writeInteger(UInt32(bytes.count))
        buffer.writeBytes(bytes)
        return buffer
    }

    private func writeGRPC(_ result: Result<PartialSuccess?, RefusedRequest>, context: ChannelHandlerContext) {
        switch result {
        case .success(let partial):
            let body = partial.map { Self.message($0.protobuf) } ?? Self.emptyMessage
            self.write(Self.acceptedHeaders, end: false, context: context)
            context.write(self.wrapOutboundOut(.data(.init(data: .byteBuffer(body)))), promise: nil)
            self.write(Self.okTrailers, end: true, context: context)
        case .failure(let refused):
            let status = refused.refusal.status(refused.refusal.rpcCode)
            // "Trailers-Only": status and trailers in one block.
            var headers = Self.acceptedHeaders
            headers.add(name: "grpc-status", value: String(status.code.rawValue))
            headers.add(name: "grpc-message", value: Self.percentEncoded(status.message))
            headers.add(name: "grpc-status-details-bin", value: Data(status.protobuf).base64EncodedString())
            self.write(headers, end: true, context: context)
        }
        context.flush()
    }

    /// "Percent-Byte-Unencoded → 1*( %x20-%x24 / %x26-%x7E )"
    /// (<https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md>).
    static func percentEncoded(_ text: String) -> String {
        text.percentEncoded { 0x20...0x7e ~= $0 && $0 != UInt8(ascii: "%") }
    }

    private func write(_ headers: HPACKHeaders, end: Bool, context: ChannelHandlerContext) {
        context.write(self.wrapOutboundOut(.headers(.init(headers: headers, endStream: end))), promise: nil)
    }

    // MARK: - Ends

    func deadlinePassed() {
        guard let context = self.context else { return }
        self.deadline = .distantFuture
        if self.state == .receiving {
            let signal = self.intake.currentPlan?.signal ?? .unknown
            let refusal = Refusal(.slowSender, "the body did not arrive in time")
            self.answer(.failure(RefusedRequest(signal: signal, refusal: refusal)), context: context)
        }
        // The client's side of the stream is still open: reset it.
        context.close(promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func handlerRemoved(context: ChannelHandlerContext) {
        guard self.context != nil else { return }
        self.context = nil
        self.intake.abandon()
        self.connection.streamClosed(self)
    }
}
