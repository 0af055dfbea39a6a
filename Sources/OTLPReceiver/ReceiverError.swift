/// Why the receiver cannot start, or cannot take a new certificate or token into use.
package enum ReceiverError: Error, Equatable, Sendable {
    case addressInUse(String)
    /// The address cannot be listened on: not of this machine, a privileged port, a name that does not resolve.
    case addressUnusable(String, reason: String)
    /// The listening socket was closed by something else than a shutdown.
    case listenerClosed(String)
    case fileUnreadable(path: String, reason: String)
    case certificateInvalid(path: String, reason: String)
    case tokenFileInvalid(path: String, reason: String)

    /// Whether the same start can succeed later without a change of the configuration.
    package var isRetryable: Bool {
        switch self {
        case .addressInUse, .listenerClosed: true
        case .addressUnusable, .fileUnreadable, .certificateInvalid, .tokenFileInvalid: false
        }
    }
}

extension ReceiverError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .addressInUse(let address):
            "cannot listen on \(address): the port is in use, perhaps by another tokenscale or an OpenTelemetry "
                + "Collector; stop it or choose another address"
        case .addressUnusable(let address, let reason):
            "cannot listen on \(address): \(reason); choose an address of this machine and a port above 1023"
        case .listenerClosed(let address):
            "the listener on \(address) was closed unexpectedly"
        case .fileUnreadable(let path, let reason):
            "cannot read \(path): \(reason)"
        case .certificateInvalid(let path, let reason):
            "\(path) cannot be used for TLS: \(reason)"
        case .tokenFileInvalid(let path, let reason):
            "\(path) holds no usable bearer token: \(reason)"
        }
    }
}
