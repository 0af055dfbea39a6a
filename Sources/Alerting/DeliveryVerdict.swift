import CurlHTTP
import TokenscaleCore

/// What an attempt means for the delivery.
enum DeliveryVerdict: Equatable, Sendable {
    case accepted
    case retry(problem: String, afterSeconds: Double?)
    /// Nothing that time heals.
    case park(problem: String)
    /// The receiver wants no more: it is left alone until the collector is started again.
    case gone

    /// RFC 9110 §15; 410 and redirects as Standard Webhooks and the CloudEvents webhook binding demand.
    init(status: Int, afterSeconds: Double? = nil) {
        switch status {
        case 200..<300: self = .accepted
        case 410: self = .gone
        case 408, 425, 429, 500...599: self = .retry(problem: "status \(status)", afterSeconds: afterSeconds)
        // Credentials are files that may be being replaced right now.
        case 401, 403, 407:
            self = .retry(problem: "status \(status): check the receiver's credentials", afterSeconds: afterSeconds)
        case 300..<400: self = .park(problem: "status \(status): redirects are refused; configure the final URL")
        case 404: self = .park(problem: "status 404: check the receiver's URL")
        default: self = .park(problem: "status \(status): the receiver does not accept this alert")
        }
    }

    init(_ error: HTTPClientError) {
        switch error {
        case .redirectRefused(let status): self = Self(status: status)
        case .addressRefused:
            self = .park(problem: "\(error); set the receiver's allow-metadata-addresses if that is really meant")
        case .urlRefused, .headerRefused: self = .park(problem: error.description)
        default:
            // Certificates, names and networks can be repaired while the delivery waits.
            self = .retry(problem: "\(error)\(Self.advice(error))", afterSeconds: nil)
        }
    }

    private static func advice(_ error: HTTPClientError) -> String {
        switch error {
        case .connectionFailed: ": is the receiver running, and are host and port of its URL right?"
        case .connectionLost: "; over TLS, it may want a client certificate (tls-certificate-file)"
        case .serverUntrusted: "; set tls-ca-file to its authority"
        case .tlsFailed: "; check tls-ca-file, tls-certificate-file and tls-key-file"
        case .nameNotResolved: "; check the URL"
        case .timedOut: "; it may be raised by timeout-seconds"
        default: ""
        }
    }

    init(_ error: ReceiverRequestError) {
        switch error {
        case .http(let error): self.init(error)
        case .secretUnusable: self = .retry(problem: error.description, afterSeconds: nil)
        }
    }
}

/// RFC 9110 §10.2.3: whole seconds, or a date.
enum RetryAfter {
    /// Seconds from `now` on; `nil` for what is neither form.
    static func seconds(_ value: String, now: Timestamp) -> Double? {
        if let seconds = Double(value) { return seconds.isFinite && seconds >= 0 ? seconds : nil }
        return Timestamp(httpDate: value).map { max(0, $0.seconds(since: now)) }
    }
}
