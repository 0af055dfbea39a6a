/// The state of one transfer: what has arrived, and who waits for it. Mutated under the transfer's lock by the loop
/// thread (arrivals) and by the consuming task (requests for more); each event returns what to do after unlocking.
struct TransferState {
    typealias HeadResult = Result<HTTPResponseHead, HTTPClientError>
    /// `nil`: the end of the body.
    typealias ChunkResult = Result<[UInt8]?, HTTPClientError>
    typealias HeadWaiter = CheckedContinuation<HeadResult, Never>
    typealias ChunkWaiter = CheckedContinuation<ChunkResult, Never>

    private var headers: [HTTPHeader] = []
    private var headerByteCount = 0
    private var head: HTTPResponseHead?
    private var buffer: [UInt8] = []
    private var isPaused = false
    private var outcome: Result<Void, HTTPClientError>?
    private var headWaiter: HeadWaiter?
    private var chunkWaiter: ChunkWaiter?
    /// Cancellation can come before the transfer has started.
    private(set) var isCancelled = false
    /// Why a callback of ours told libcurl to stop; more telling than libcurl's own code.
    private(set) var refusal: HTTPClientError?

    mutating func cancel() { self.isCancelled = true }

    mutating func refuse(_ error: HTTPClientError) { self.refusal = self.refusal ?? error }

    // MARK: Arrivals

    enum HeaderAction { case proceed, stop }

    /// One header line without its line end; an empty one is not given here.
    mutating func receive(headerLine line: String, limit: Int) -> HeaderAction {
        self.headerByteCount += line.utf8.count
        guard self.headerByteCount <= limit else {
            self.refuse(.headersTooLarge(limit: limit))
            return .stop
        }
        if line.hasPrefix("HTTP/"), self.head == nil {
            self.headers = []
        } else if self.head == nil, let colon = line.firstIndex(of: ":") {
            let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
            self.headers.append(HTTPHeader(name: line[..<colon].lowercased(), value: String(value)))
        }
        return .proceed
    }

    /// The empty line after the headers. Interim responses (1xx) and trailers are passed over.
    mutating func receiveEndOfHeaders(status: Int, isHTTP2: Bool) -> (waiter: HeadWaiter, head: HTTPResponseHead)? {
        guard self.head == nil, status >= 200 else { return nil }
        let head = HTTPResponseHead(status: status, headers: self.headers, isHTTP2: isHTTP2)
        self.head = head
        guard let waiter = self.headWaiter.take() else { return nil }
        return (waiter, head)
    }

    enum BodyAction {
        case kept
        /// Deliver these bytes to the waiter.
        case deliver(ChunkWaiter)
        /// The consumer is behind: libcurl must offer the same bytes again after a resume.
        case pause
    }

    mutating func receive(body bytes: some Collection<UInt8>, bufferByteLimit: Int) -> BodyAction {
        if let waiter = self.chunkWaiter.take() { return .deliver(waiter) }
        guard self.buffer.count < bufferByteLimit else {
            self.isPaused = true
            return .pause
        }
        self.buffer.append(contentsOf: bytes)
        return .kept
    }

    /// The transfer is over. Returns the waiters to resume; `outcome` is kept for those who come later.
    mutating func finish(_ outcome: Result<Void, HTTPClientError>) -> (head: HeadWaiter?, chunk: ChunkWaiter?) {
        guard self.outcome == nil else { return (nil, nil) }
        self.outcome = outcome
        return (self.headWaiter.take(), self.chunkWaiter.take())
    }

    // MARK: Requests for more

    /// The head at once, or `nil` after keeping the waiter.
    mutating func awaitHead(_ waiter: HeadWaiter) -> HeadResult? {
        if let head = self.head { return .success(head) }
        if let outcome = self.outcome { return Self.headFailure(outcome) }
        self.headWaiter = waiter
        return nil
    }

    /// What is buffered (or the end) at once, or `nil` after keeping the waiter; and whether libcurl must be resumed.
    mutating func awaitChunk(_ waiter: ChunkWaiter) -> (result: ChunkResult?, mustResume: Bool) {
        precondition(self.chunkWaiter == nil, "two tasks read the same response body")
        let wasPaused = self.isPaused
        self.isPaused = false
        if !self.buffer.isEmpty {
            let bytes = self.buffer
            self.buffer = []
            return (.success(bytes), wasPaused)
        }
        if let outcome = self.outcome { return (outcome.map { nil }, false) }
        self.chunkWaiter = waiter
        return (nil, wasPaused)
    }

    /// A transfer that ended well without a head did not speak HTTP.
    static func headFailure(_ outcome: Result<Void, HTTPClientError>) -> HeadResult {
        switch outcome {
        case .success: .failure(.protocolViolation)
        case .failure(let error): .failure(error)
        }
    }
}
