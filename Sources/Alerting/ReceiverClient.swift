import CurlHTTP
import TokenscaleCore

/// Tells one receiver of transitions and judges its answers.
struct ReceiverClient: Sendable {
    let request: ReceiverRequest
    let http: HTTPClient
    let now: @Sendable () -> Timestamp

    /// - Parameter userAgent: `tokenscale/VERSION`.
    init(
        _ receiver: AlertReceiver,
        _ configuration: AlertingConfiguration,
        userAgent: String,
        now: @escaping @Sendable () -> Timestamp
    ) {
        self.request = ReceiverRequest(
            receiver: receiver,
            links: configuration.links,
            resendSeconds: configuration.delivery.resendSeconds
        )
        self.http = HTTPClient(receiver.clientConfiguration(userAgent: userAgent))
        self.now = now
    }

    /// Tells at most ``ReceiverRequest/batchLimit`` transitions in one request.
    ///
    /// - Returns: `nil` when the task is cancelled or the client closed: nothing is known of the attempt then.
    func tell(_ transitions: [AlertTransition]) async -> DeliveryVerdict? {
        do throws(ReceiverRequestError) {
            return try await self.send(try await self.request.request(for: transitions, now: self.now()))
        } catch {
            if error == .http(.cancelled) || error == .http(.clientClosed) { return nil }
            return DeliveryVerdict(error)
        }
    }

    /// Judges the answer by its head; of the body so much is read that the connection can be used again.
    private func send(_ request: HTTPRequest) async throws(ReceiverRequestError) -> DeliveryVerdict {
        do throws(HTTPClientError) {
            let stream = try await self.http.open(request)
            let retryAfter = stream.head.headers.value(of: "retry-after")
            let verdict = DeliveryVerdict(
                status: stream.head.status,
                afterSeconds: retryAfter.flatMap { RetryAfter.seconds($0, now: self.now()) }
            )
            var byteCount = 0
            while byteCount < 64 << 10, let chunk = try? await stream.next() { byteCount += chunk.count }
            return verdict
        } catch {
            throw .http(error)
        }
    }
}

extension AlertReceiver {
    /// A client, and so a thread and connections, of the receiver's own.
    func clientConfiguration(userAgent: String) -> HTTPClient.Configuration {
        HTTPClient.Configuration(
            userAgent: userAgent,
            proxy: self.proxyURL.map { .proxy($0) } ?? .ofProcess(),
            addressPolicy: self.allowsMetadataAddresses ? .any : .refuseMetadataServices
        )
    }
}
