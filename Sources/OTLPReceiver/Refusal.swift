import NIOHTTP1
import TokenscaleCore

/// A request that is not served: why, what to tell the client, and how each protocol says it.
struct Refusal: Equatable {
    let reason: IngestStatistics.Refusal
    /// What was seen, what is allowed, what to do. Never the client's own text.
    let message: String
    /// When the client may come back; only for overload.
    let retryAfterSeconds: Int?
    /// The methods of the path, for 405.
    var allowedMethods: String? { self.reason == .wrongMethod ? "POST" : nil }

    init(_ reason: IngestStatistics.Refusal, _ message: String, retryAfterSeconds: Int? = nil) {
        self.reason = reason
        self.message = message
        self.retryAfterSeconds = retryAfterSeconds
    }

    var httpStatus: HTTPResponseStatus {
        switch self.reason {
        case .malformed: .badRequest
        case .unauthenticated: .unauthorized
        case .unknownPath: .notFound
        case .wrongMethod: .methodNotAllowed
        case .contentType, .contentEncoding: .unsupportedMediaType
        case .tooLarge: .payloadTooLarge
        case .headersTooLarge: .requestHeaderFieldsTooLarge
        case .slowSender: .requestTimeout
        case .bytesInFlight, .connectionLimit, .streamLimit, .notServing, .tlsHandshake: .serviceUnavailable
        }
    }

    /// The code in the `google.rpc.Status` of an HTTP answer.
    var httpRPCCode: RPCCode {
        switch self.reason {
        case .unknownPath: .notFound
        case .contentEncoding: .invalidArgument
        default: self.rpcCode
        }
    }

    /// The status of a gRPC call. An unsupported compression "will result in an UNIMPLEMENTED error status"
    /// (<https://github.com/grpc/grpc/blob/master/doc/compression.md>).
    var rpcCode: RPCCode {
        switch self.reason {
        case .malformed, .contentType: .invalidArgument
        case .unauthenticated: .unauthenticated
        case .unknownPath, .wrongMethod, .contentEncoding: .unimplemented
        case .tooLarge, .headersTooLarge: .resourceExhausted
        case .slowSender: .deadlineExceeded
        case .bytesInFlight, .connectionLimit, .streamLimit, .notServing, .tlsHandshake: .unavailable
        }
    }

    /// Whether the connection is of no more use: the rest of the body is unwanted, or the client should go elsewhere.
    var closesConnection: Bool {
        switch self.reason {
        case .tooLarge, .headersTooLarge, .slowSender, .connectionLimit, .notServing, .tlsHandshake: true
        case .malformed, .unauthenticated, .unknownPath, .wrongMethod, .contentType, .contentEncoding, .bytesInFlight,
            .streamLimit:
            false
        }
    }

    func status(_ code: RPCCode) -> RPCStatus {
        let detail: RPCStatus.Detail? =
            if let seconds = self.retryAfterSeconds {
                .retry(afterSeconds: seconds)
            } else if self.reason == .malformed {
                .badRequest
            } else {
                nil
            }
        return RPCStatus(code: code, message: self.message, detail: detail)
    }
}
