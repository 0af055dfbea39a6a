package import CurlHTTP

/// Why the API server could not be asked, or what it said instead. Names no token and no URL.
package enum KubernetesError: Error, Equatable, Sendable {
    /// The kubeconfig or the pod's service account cannot be used; the text says what to change.
    case configuration(String)
    case transport(HTTPClientError)
    /// A `Status` of the API server. `reason` is the machine-readable word (`Forbidden`), `message` its sentence.
    case status(code: Int, reason: String, message: String)
    /// 410: the resource version or the continue token is too old; list again.
    case expired
    /// An answer that is not what the API promises.
    case undecodable(String)
    /// One object of a watch is larger than the configured limit.
    case objectTooLarge(limit: Int)
}

extension KubernetesError {
    /// Whether the same request may succeed later without anybody changing anything. A 403 counts: right after a start
    /// of the API server its RBAC rules are not loaded yet.
    package var isRetryable: Bool {
        switch self {
        case .configuration, .objectTooLarge: false
        case .transport(let error): error.isRetryable
        case .status(let code, _, _): code == 403 || code == 429 || code >= 500
        case .expired, .undecodable: true
        }
    }

    var isCancellation: Bool {
        switch self {
        case .transport(.cancelled), .transport(.clientClosed): true
        default: false
        }
    }

    /// A word for the `reason` label of a counter.
    var label: String {
        switch self {
        case .configuration: "configuration"
        case .transport(.timedOut): "timeout"
        case .transport: "transport"
        case .status(let code, _, _): "http_\(code)"
        case .expired: "expired"
        case .undecodable: "undecodable"
        case .objectTooLarge: "object_too_large"
        }
    }
}

extension KubernetesError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .configuration(let text): text
        case .transport(let error): "the API server cannot be reached: \(error)"
        case .status(let code, let reason, let message):
            "the API server answered \(code)\(reason.isEmpty ? "" : " " + reason): \(message)"
        case .expired: "the resource version is too old"
        case .undecodable(let what): "the API server sent \(what) that cannot be read"
        case .objectTooLarge(let limit): "the API server sent an object larger than \(limit) bytes"
        }
    }
}
