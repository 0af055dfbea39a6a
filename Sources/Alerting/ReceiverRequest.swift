import CurlHTTP
import TokenscaleCore

/// Why a request to a receiver cannot be made. Names files, never what is in them.
enum ReceiverRequestError: Error, Equatable, Sendable {
    case http(HTTPClientError)
    case secretUnusable(file: String)
}

extension ReceiverRequestError: CustomStringConvertible {
    var description: String {
        switch self {
        case .http(let error): error.description
        case .secretUnusable(let file):
            "the secret in \(file) cannot be used: whsec_ and Base64, or text, of at least 16 bytes"
        }
    }
}

/// Makes the requests of one receiver. Files with secrets are read for every request: what is rotated is used at once.
struct ReceiverRequest: Sendable {
    let receiver: AlertReceiver
    let payload: AlertPayload

    init(receiver: AlertReceiver, links: AlertLinks, resendSeconds: Double) {
        self.receiver = receiver
        self.payload = AlertPayload(links: links, resendSeconds: resendSeconds)
    }

    /// How many transitions one request can carry.
    var batchLimit: Int { self.receiver.kind == .alertmanager ? 64 : 1 }

    /// The request that tells `transitions`; more than one only for Alertmanager.
    func request(
        for transitions: [AlertTransition],
        now: Timestamp
    ) async throws(ReceiverRequestError) -> HTTPRequest {
        guard let transition = transitions.first else {
            preconditionFailure("a request tells at least one transition")
        }
        switch self.receiver.kind {
        case .alertmanager: return try await self.post(self.payload.alertmanager(transitions, now: now))
        case .slack: return try await self.post(self.payload.slack(transition))
        case .pagerduty:
            let key = try await self.secrets().first ?? ""
            return try await self.post(self.payload.pagerDuty(transition, routingKey: key))
        case .webhook:
            let body = self.payload.webhook(transition, receiver: self.receiver.name).bytes
            return try await self.signed(body, id: transition.id, now: now)
        case .cloudevents: return try await self.cloudEvent(transition, now: now)
        }
    }

    private func cloudEvent(
        _ transition: AlertTransition,
        now: Timestamp
    ) async throws(ReceiverRequestError) -> HTTPRequest {
        let attributes = self.payload.cloudEventAttributes(transition)
        let data = self.payload.cloudEventData(transition)
        switch self.receiver.contentMode {
        case .structured:
            var event = attributes.mapValues { JSONValue.string($0) }
            event["data"] = data
            let type = "application/cloudevents+json; charset=utf-8"
            return try await self.signed(JSONValue.object(event).bytes, id: transition.id, contentType: type, now: now)
        case .binary:
            var request = try await self.signed(data.bytes, id: transition.id, now: now)
            for (name, value) in attributes.sorted(by: { $0.key < $1.key }) where name != "datacontenttype" {
                request.headers.append(HTTPHeader(name: "ce-\(name)", value: Self.headerEscaped(value)))
            }
            return request
        }
    }

    /// Percent-encodes blanks, quotes, percent signs and what is not printable ASCII.
    /// <https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md#3132-http-header-values>
    static func headerEscaped(_ text: String) -> String {
        text.percentEncoded { 0x21...0x7e ~= $0 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "%") }
    }

    // MARK: - Parts

    private func signed(
        _ body: [UInt8],
        id: String,
        contentType: String = "application/json",
        now: Timestamp
    ) async throws(ReceiverRequestError) -> HTTPRequest {
        var request = try await self.post(body, contentType: contentType)
        request.headers.append(HTTPHeader(name: "webhook-id", value: id))
        request.headers.append(HTTPHeader(name: "webhook-timestamp", value: String(now.second)))
        guard let signature = WebhookSignature(secrets: try await self.secrets()) else {
            throw .secretUnusable(file: self.receiver.secretFiles.joined(separator: ", "))
        }
        if !signature.isEmpty {
            let value = signature.header(id: id, timestampSeconds: now.second, body: body)
            request.headers.append(HTTPHeader(name: "webhook-signature", value: value))
        }
        return request
    }

    private func post(_ body: JSONValue) async throws(ReceiverRequestError) -> HTTPRequest {
        try await self.post(body.bytes, contentType: "application/json")
    }

    private func post(_ body: [UInt8], contentType: String) async throws(ReceiverRequestError) -> HTTPRequest {
        var request = HTTPRequest(
            .post,
            url: try await self.url(),
            headers: [HTTPHeader(name: "content-type", value: contentType)],
            body: body
        )
        request.totalTimeout = .seconds(self.receiver.timeoutSeconds)
        request.connectTimeout = .seconds(min(5, self.receiver.timeoutSeconds))
        request.bearerTokenFile = self.receiver.bearerTokenFile
        request.tls = TLSOptions(
            authorities: self.receiver.tlsCAFile.map { .file($0) },
            certificateChain: self.receiver.tlsCertificateFile.map { .file($0) },
            privateKey: self.receiver.tlsKeyFile.map { .file($0) }
        )
        return request
    }

    private func url() async throws(ReceiverRequestError) -> String {
        var url = self.receiver.url ?? "https://events.pagerduty.com/v2/enqueue"
        if let file = self.receiver.urlFile { url = try await Self.read(file) }
        guard self.receiver.kind == .alertmanager else { return url }
        while url.hasSuffix("/") { url.removeLast() }
        return url + "/api/v2/alerts"
    }

    private func secrets() async throws(ReceiverRequestError) -> [String] {
        var secrets: [String] = []
        for file in self.receiver.secretFiles { secrets.append(try await Self.read(file)) }
        return secrets
    }

    private static func read(_ file: String) async throws(ReceiverRequestError) -> String {
        do throws(HTTPClientError) {
            return try await SmallFile.contents(of: file).trimmed
        } catch {
            throw .http(error)
        }
    }
}
