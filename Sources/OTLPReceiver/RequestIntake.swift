import NIOCore
import TokenscaleCore

/// One request at a time, from its head to the bookkeeping of its answer: the part that all protocols share.
///
/// The order of calls is `begin`, `take`…, `finish`, `end`; after a refusal `end` follows at once. `abandon` may come
/// at any time.
struct RequestIntake {
    /// gRPC's length prefix: one byte for "compressed", four for the length.
    /// <https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md>
    private static let prefixByteCount = 5

    private let worker: Worker
    private let connection: ConnectionHandler
    private var plan: RequestPlan?
    private var transport = IngestStatistics.Transport.http
    private var body = ByteBuffer()
    private var start = NIODeadline.uptimeNanoseconds(0)
    private var isOpen = false

    init(connection: ConnectionHandler) {
        self.worker = connection.worker
        self.connection = connection
    }

    /// What the request carries, as far as its head was understood.
    var currentPlan: RequestPlan? { self.plan }

    mutating func begin(_ head: RequestHead) -> RefusedRequest? {
        precondition(!self.isOpen, "a request began before the previous one ended")
        let shared = self.worker.shared
        self.isOpen = true
        self.start = .now()
        self.transport = head.transport
        shared.counters.requestBegan()
        let plan: RequestPlan
        switch shared.rules.plan(head, isAuthorized: shared.isAuthorized) {
        case .success(let value): plan = value
        case .failure(let refused): return refused
        }
        self.plan = plan
        let refusal: Refusal? =
            if self.connection.isOverLimit {
                shared.overload(.connectionLimit, "too many connections are open")
            } else if !shared.hasRoom(byteCount: head.contentLength ?? 0) {
                shared.overload(.bytesInFlight, "too many bytes are being received")
            } else {
                nil
            }
        return refusal.map { RefusedRequest(signal: plan.signal, refusal: $0) }
    }

    /// A request whose head could not be read: it will only be refused and counted.
    mutating func beginUnparsed() {
        self.isOpen = true
        self.start = .now()
        self.transport = .http
        self.worker.shared.counters.requestBegan()
    }

    mutating func take(_ bytes: inout ByteBuffer) -> RefusedRequest? {
        guard let plan = self.plan else { return nil }
        let shared = self.worker.shared
        guard shared.reserve(byteCount: bytes.readableBytes) else {
            let refusal = shared.overload(.bytesInFlight, "too many bytes are being received")
            return RefusedRequest(signal: plan.signal, refusal: refusal)
        }
        if self.body.readableBytes == 0 {
            self.body = bytes
        } else {
            self.body.writeBuffer(&bytes)
        }
        var byteCount = self.body.readableBytes
        if plan.transport == .grpc {
            byteCount -= Self.prefixByteCount
            // The announced length is enough to refuse: the message need not arrive first.
            if let length = self.body.getInteger(at: self.body.readerIndex + 1, as: UInt32.self) {
                byteCount = max(byteCount, Int(length))
            }
        }
        guard byteCount > plan.byteLimit else { return nil }
        let message = RequestRules.tooLargeMessage(byteCount: byteCount, limit: plan.byteLimit)
        return RefusedRequest(signal: plan.signal, refusal: Refusal(.tooLarge, message))
    }

    /// The body is complete: decodes and records it.
    mutating func finish() -> Result<PartialSuccess?, RefusedRequest> {
        guard let plan = self.plan else { preconditionFailure("a request without a plan was refused at its head") }
        var message = self.body
        var isCompressed = plan.isGzip
        if plan.transport == .grpc {
            guard let flag = message.readInteger(as: UInt8.self), flag <= 1,
                let length = message.readInteger(as: UInt32.self), Int(length) == message.readableBytes
            else {
                let text = "expected is one message behind its length: a byte 0 or 1, four bytes of length, the body"
                return .failure(RefusedRequest(signal: plan.signal, refusal: Refusal(.malformed, text)))
            }
            guard flag == 0 || plan.isGzip else {
                return .failure(RefusedRequest(signal: plan.signal, refusal: .compressedWithoutEncoding))
            }
            isCompressed = flag == 1
        }
        return self.worker.process(message, isCompressed: isCompressed, plan: plan, peer: self.connection.peer)
    }

    /// Counts the answer and lets go of the body.
    mutating func end(code: String, refused: RefusedRequest?) {
        guard self.isOpen else { return }
        let key = IngestStatistics.RequestKey(
            transport: self.transport,
            signal: refused?.signal ?? self.plan?.signal ?? .unknown,
            code: code
        )
        let byteCount = Int64(self.body.readableBytes)
        let nanoseconds = (NIODeadline.now() - self.start).nanoseconds
        self.worker.counters.update { statistics in
            statistics.requests[key, default: 0] += 1
            statistics.receivedByteCount += byteCount
            statistics.durations.record(nanoseconds: nanoseconds)
            if let reason = refused?.refusal.reason { statistics.refusals[reason, default: 0] += 1 }
        }
        if let refusal = refused?.refusal {
            self.worker.shared.log.refused(refusal.reason, message: refusal.message, peer: self.connection.peer)
        }
        self.abandon()
    }

    /// Lets go of the request without an answer: the client went away.
    mutating func abandon() {
        guard self.isOpen else { return }
        self.isOpen = false
        self.worker.shared.counters.release(byteCount: self.body.readableBytes)
        self.worker.shared.counters.requestEnded()
        self.plan = nil
        self.body = ByteBuffer()
    }
}

extension ReceiverShared {
    func reserve(byteCount: Int) -> Bool {
        self.counters.reserve(byteCount: byteCount, limit: self.configuration.effectiveInFlightByteLimit)
    }

    /// Whether a body of this size could be taken now; nothing is reserved, so that an announcement costs nobody room.
    func hasRoom(byteCount: Int) -> Bool {
        guard self.reserve(byteCount: byteCount) else { return false }
        self.counters.release(byteCount: byteCount)
        return true
    }
}
