/// Why a request of ours failed. No case carries a URL, a header, a body or a credential: it may be logged as it is.
package enum HTTPClientError: Error, Equatable, Sendable {
    /// The calling task was cancelled.
    case cancelled
    /// The client was shut down.
    case clientClosed
    /// As many requests as the client allows are already in flight.
    case tooManyRequests(limit: Int)
    /// The URL does not parse, or its scheme is not `http` or `https`.
    case urlRefused
    /// A header name or value holds a control character (which would let it forge another header).
    case headerRefused
    /// A token, certificate or key file cannot be read; `errorNumber` is `errno`.
    case credentialUnreadable(errorNumber: Int32)
    /// The client certificate or key does not parse, or they do not belong together.
    case clientCertificateUnusable
    /// The address belongs to a link-local or instance metadata service, and the client's policy refuses those.
    case addressRefused
    /// The server (or the proxy) answered with a redirect. Redirects are never followed.
    case redirectRefused(status: Int)
    case nameNotResolved
    case connectionFailed
    /// The server's certificate does not chain to the trusted authorities, or names another host.
    case serverUntrusted
    /// The TLS handshake failed, for example because the server wants another client certificate.
    case tlsFailed
    /// Neither connected, nor finished, within the request's time.
    case timedOut
    /// The connection ended before the response was complete.
    case connectionLost
    /// What came back is not HTTP.
    case protocolViolation
    case headersTooLarge(limit: Int)
    case bodyTooLarge(limit: Int)
    /// Anything else libcurl can say. <https://curl.se/libcurl/c/libcurl-errors.html>
    case failed(curlCode: UInt32)
}

extension HTTPClientError {
    /// Whether the same request may succeed later without anybody changing anything.
    package var isRetryable: Bool {
        switch self {
        case .tooManyRequests, .nameNotResolved, .connectionFailed, .tlsFailed, .timedOut, .connectionLost,
            .protocolViolation, .failed, .credentialUnreadable:
            true
        case .cancelled, .clientClosed, .urlRefused, .headerRefused, .clientCertificateUnusable, .addressRefused,
            .redirectRefused, .serverUntrusted, .headersTooLarge, .bodyTooLarge:
            false
        }
    }
}

extension HTTPClientError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .cancelled: "the request was cancelled"
        case .clientClosed: "the HTTP client is shut down"
        case .tooManyRequests(let limit): "\(limit) requests are already in flight"
        case .urlRefused: "the URL is not a valid http or https URL"
        case .headerRefused: "a request header holds a control character"
        // libcurl reads the authorities itself, and has no errno to tell.
        case .credentialUnreadable(0): "the file of certificate authorities is missing, or holds none in PEM format"
        case .credentialUnreadable(let number): "a credential file cannot be read (errno \(number))"
        case .clientCertificateUnusable: "the client certificate and key cannot be used"
        case .addressRefused: "the address belongs to a link-local or metadata service"
        case .redirectRefused(let status): "the server redirects (\(status)); redirects are not followed"
        case .nameNotResolved: "the host name does not resolve"
        case .connectionFailed: "no connection"
        case .serverUntrusted: "the server's certificate is not trusted"
        case .tlsFailed: "the TLS handshake failed"
        case .timedOut: "timed out"
        case .connectionLost: "the connection ended before the response was complete"
        case .protocolViolation: "the answer is not HTTP"
        case .headersTooLarge(let limit): "the response headers exceed \(limit) bytes"
        case .bodyTooLarge(let limit): "the response body exceeds \(limit) bytes"
        case .failed(let code): "libcurl error \(code)"
        }
    }
}
