import CCurl
import Glibc
import Synchronization

/// One request in flight: owns its easy handle. The loop thread runs the handle; the consuming task takes the results.
@safe
final class Transfer: Sendable {
    static let headerByteLimit = 64 * 1024
    /// Unread body bytes at which libcurl is paused.
    static let bufferByteLimit = 256 * 1024

    /// Only the loop thread touches it between `start` and `finish`; before and after, only the owner of the last
    /// reference does.
    nonisolated(unsafe) let easy: UnsafeMutableRawPointer
    /// Freed with the handle.
    nonisolated(unsafe) let headerList: UnsafeMutablePointer<curl_slist>?
    let addressPolicy: AddressPolicy
    private let state = Mutex(TransferState())

    init(easy: UnsafeMutableRawPointer, headerList: UnsafeMutablePointer<curl_slist>?, addressPolicy: AddressPolicy) {
        unsafe self.easy = easy
        unsafe self.headerList = headerList
        self.addressPolicy = addressPolicy
    }

    deinit {
        unsafe curl_easy_cleanup(self.easy)
        unsafe curl_slist_free_all(self.headerList)
    }

    /// The handle must not outlive this object in libcurl's hands: the loop keeps a reference while it does.
    static func from(_ context: UnsafeMutableRawPointer) -> Transfer {
        unsafe Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
    }

    var isCancelled: Bool { self.state.withLock { $0.isCancelled } }
    func markCancelled() { self.state.withLock { $0.cancel() } }

    // MARK: Consuming task

    func head() async -> TransferState.HeadResult {
        await withCheckedContinuation { waiter in
            if let result = self.state.withLock({ $0.awaitHead(waiter) }) { waiter.resume(returning: result) }
        }
    }

    /// - Parameter resume: asks the loop thread to unpause this transfer.
    func chunk(resume: (Transfer) -> Void) async -> TransferState.ChunkResult {
        await withCheckedContinuation { waiter in
            let (result, mustResume) = self.state.withLock { $0.awaitChunk(waiter) }
            if mustResume { resume(self) }
            if let result { waiter.resume(returning: result) }
        }
    }

    // MARK: Loop thread

    func finish(curlCode: CURLcode) {
        guard curlCode != CURLE_OK else {
            // Also when one of several addresses was refused: another one answered.
            self.finish(.success(()))
            return
        }
        let refusal = self.state.withLock { $0.refusal }
        self.finish(.failure(refusal ?? HTTPClientError(curlCode: curlCode)))
    }

    func finish(_ outcome: Result<Void, HTTPClientError>) {
        let (head, chunk) = self.state.withLock { $0.finish(outcome) }
        head?.resume(returning: TransferState.headFailure(outcome))
        chunk?.resume(returning: outcome.map { nil })
    }

    /// - Returns: how many bytes were taken; anything but `line.count` makes libcurl fail the transfer.
    func receive(headerLine line: UnsafeRawBufferPointer) -> Int {
        let text = unsafe String(decoding: line, as: UTF8.self).trimmedLine
        if text.isEmpty {
            var status = 0
            var version = 0
            unsafe tokenscale_curl_getinfo_long(self.easy, CURLINFO_RESPONSE_CODE, &status)
            unsafe tokenscale_curl_getinfo_long(self.easy, CURLINFO_HTTP_VERSION, &version)
            let delivery = self.state.withLock { state in
                state.receiveEndOfHeaders(status: status, isHTTP2: version == Int(CURL_HTTP_VERSION_2_0))
            }
            if let delivery { delivery.waiter.resume(returning: .success(delivery.head)) }
            return line.count
        }
        let action = self.state.withLock { $0.receive(headerLine: text, limit: Self.headerByteLimit) }
        return switch action {
        case .proceed: line.count
        case .stop: 0
        }
    }

    func receive(body: UnsafeRawBufferPointer) -> Int {
        let bytes = unsafe [UInt8](body)
        switch self.state.withLock({ $0.receive(body: bytes, bufferByteLimit: Self.bufferByteLimit) }) {
        case .kept: return bytes.count
        case .pause: return Int(CURL_WRITEFUNC_PAUSE)
        case .deliver(let waiter):
            waiter.resume(returning: .success(bytes))
            return bytes.count
        }
    }

    /// Opens the socket for an address, unless the policy refuses that address.
    func openSocket(_ address: UnsafeMutablePointer<curl_sockaddr>) -> curl_socket_t {
        if let ip = unsafe IPAddress(address), self.addressPolicy.refuses(ip) {
            self.state.withLock { $0.refuse(.addressRefused) }
            return CURL_SOCKET_BAD
        }
        let type = unsafe address.pointee.socktype | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = unsafe socket(address.pointee.family, type, address.pointee.protocol)
        guard descriptor >= 0 else { return CURL_SOCKET_BAD }
        // With the times that libcurl sets, a peer that vanished is noticed after 30 + 3 * 10 s instead of two minutes.
        var probeCount: Int32 = 3
        let size = socklen_t(MemoryLayout<Int32>.size)
        unsafe setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_KEEPCNT, &probeCount, size)
        return descriptor
    }
}

extension String {
    fileprivate var trimmedLine: String {
        var line = self[...]
        while let last = line.last, last.isWhitespace { line.removeLast() }
        return String(line)
    }
}
