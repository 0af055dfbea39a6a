/// What stops a listener of this module.
package enum MetricsAPIError: Error, Equatable, Sendable, CustomStringConvertible {
    case cannotListen(listener: String, address: String, reason: String)
    case unreadableCertificate(path: String, reason: String)
    case unusableCertificate(reason: String)

    /// Whether the same call may succeed later: a port may become free, a file be completed.
    package var isRetryable: Bool {
        switch self {
        case .cannotListen, .unreadableCertificate: true
        case .unusableCertificate: false
        }
    }

    package var description: String {
        switch self {
        case .cannotListen(let listener, let address, let reason):
            "the \(listener) listener cannot use \(address): \(reason)"
        case .unreadableCertificate(let path, let reason):
            "cannot read \(path): \(reason)"
        case .unusableCertificate(let reason):
            "cannot use the API certificate: \(reason)"
        }
    }
}
