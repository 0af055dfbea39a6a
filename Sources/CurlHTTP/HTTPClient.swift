import Synchronization

/// An HTTP/1.1 and HTTP/2 client over libcurl, which has a thread of its own: no call here blocks the cooperative pool.
///
/// It never follows a redirect, speaks only `http` and `https`, and bounds what it holds: requests in flight, header
/// bytes, and unread body bytes (256 KiB for each response; the peer is made to wait beyond that).
package final class HTTPClient: Sendable {
    package struct Configuration: Sendable {
        /// `tokenscale/VERSION`.
        package var userAgent: String
        package var proxy: ProxySettings
        package var addressPolicy: AddressPolicy
        package var requestsInFlightLimit = 256
        package var connectionsPerHostLimit = 16

        package init(userAgent: String, proxy: ProxySettings = .ofProcess(), addressPolicy: AddressPolicy = .any) {
            self.userAgent = userAgent
            self.proxy = proxy
            self.addressPolicy = addressPolicy
        }
    }

    private let configuration: Configuration
    private let loop: CurlLoop
    private let inFlightCount = Atomic<Int>(0)

    package init(_ configuration: Configuration) {
        self.configuration = configuration
        self.loop = CurlLoop(connectionsPerHostLimit: configuration.connectionsPerHostLimit)
    }

    deinit { self.loop.stop() }

    /// Requests in flight fail with `clientClosed`, as do later ones. Idempotent.
    package func shutdown() { self.loop.stop() }

    /// Sends `request` and collects the whole body.
    ///
    /// - Parameter bodyLimit: bytes; a larger body is `bodyTooLarge`, at once when its length was announced.
    package func send(
        _ request: HTTPRequest,
        bodyLimit: Int = 4 << 20
    ) async throws(HTTPClientError) -> HTTPResponse {
        let stream = try await self.open(request)
        if request.method != .head,
            let announced = stream.head.headers.value(of: "content-length").flatMap({ Int($0) }),
            announced > bodyLimit
        {
            throw .bodyTooLarge(limit: bodyLimit)
        }
        var body: [UInt8] = []
        while let chunk = try await stream.next() {
            guard body.count + chunk.count <= bodyLimit else { throw .bodyTooLarge(limit: bodyLimit) }
            if body.isEmpty { body = chunk } else { body += chunk }
        }
        return HTTPResponse(head: stream.head, body: body)
    }

    /// Sends `request` and returns when the head has arrived. The body is pulled from the result; releasing the result
    /// ends the transfer.
    package func open(_ request: HTTPRequest) async throws(HTTPClientError) -> HTTPResponseStream {
        let limit = self.configuration.requestsInFlightLimit
        // Counted before it is compared, so that two callers cannot both take the last place.
        let place = InFlightPlace(client: self)
        guard place.number <= limit else { throw .tooManyRequests(limit: limit) }
        let builder = EasyHandleBuilder(
            userAgent: self.configuration.userAgent,
            proxy: self.configuration.proxy,
            addressPolicy: self.configuration.addressPolicy
        )
        let transfer = try builder.makeTransfer(request)
        let loop = self.loop
        let result = await withTaskCancellationHandler {
            loop.start(transfer)
            return await transfer.head()
        } onCancel: {
            transfer.markCancelled()
            loop.cancel(transfer)
        }
        let head = try result.get()
        if Self.redirectStatuses.contains(head.status) {
            loop.cancel(transfer)
            throw .redirectRefused(status: head.status)
        }
        return HTTPResponseStream(head: head, transfer: transfer, loop: loop, place: place)
    }

    /// RFC 9110 §15.4, without 300 and 304, which ask for nothing.
    private static let redirectStatuses: Set<Int> = [301, 302, 303, 307, 308]

    /// One of the requests in flight, until released.
    fileprivate final class InFlightPlace: Sendable {
        let number: Int
        private let client: HTTPClient

        init(client: HTTPClient) {
            self.client = client
            self.number = client.inFlightCount.add(1, ordering: .relaxed).newValue
        }

        deinit { self.client.inFlightCount.subtract(1, ordering: .relaxed) }
    }
}

/// A response whose body is still coming. Pull-based: what is not asked for stays in the network.
///
/// One task at a time may read. The transfer ends with the last reference.
package final class HTTPResponseStream: Sendable {
    package let head: HTTPResponseHead
    private let transfer: Transfer
    private let loop: CurlLoop
    private let place: HTTPClient.InFlightPlace

    fileprivate init(head: HTTPResponseHead, transfer: Transfer, loop: CurlLoop, place: HTTPClient.InFlightPlace) {
        self.head = head
        self.transfer = transfer
        self.loop = loop
        self.place = place
    }

    deinit { self.loop.cancel(self.transfer) }

    /// The next bytes of the body, never empty; `nil` after the last.
    package func next() async throws(HTTPClientError) -> [UInt8]? {
        let transfer = self.transfer
        let loop = self.loop
        let result = await withTaskCancellationHandler {
            await transfer.chunk(resume: loop.resume)
        } onCancel: {
            transfer.markCancelled()
            loop.cancel(transfer)
        }
        return try result.get()
    }
}
