import NIOHTTP1
import TokenscaleCore

/// A request that is not served: why, what to tell the client, and how each protocol says it.
struct Refusal: Equatable {
    let reason: IngestStatistics.Refusal
    /// What was seen, what is allowed, what to do. Never the client's own text.
    let message: String
    /// When the client may come back; only for overload.
    let retryAfterSeconds: Int?
    /// Where gRPC wants another status than that of the reason.
    private var ownCode: RPCCode?
    /// The methods of the path, for 405.
    var allowedMethods: String? { self.reason == .wrongMethod ? "POST" : nil }

    init(_ reason: IngestStatistics.Refusal, _ message: String, retryAfterSeconds: Int? = nil) {
        self.reason = reason
        self.message = message
        self.retryAfterSeconds = retryAfterSeconds
    }

    /// "An ill-constructed message with its Compressed-Flag bit set but lacking a grpc-encoding entry different from
    /// identity in its metadata MUST fail with INTERNAL status, its associated description indicating the invalid
    /// Compressed-Flag condition" (<https://github.com/grpc/grpc/blob/master/doc/compression.md>).
    static var compressedWithoutEncoding: Refusal {
        var refusal = Refusal(
            .malformed,
            "the message has the compressed flag, and no header says how it is compressed; send grpc-encoding: gzip, "
                + "or clear the flag"
        )
        refusal.ownCode = .internalError
        return refusal
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
        if let code = self.ownCode { return code }
        return switch self.reason {
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
            } else if self.reason == .malformed, code == .invalidArgument {
                .badRequest
            } else {
                nil
            }
        return RPCStatus(code: code, message: self.message, detail: detail)
    }
}
