import TokenscaleCore

/// gRPC status codes that we answer with: <https://grpc.github.io/grpc/core/md_doc_statuscodes.html>.
enum RPCCode: Int {
    case ok = 0
    case invalidArgument = 3
    case deadlineExceeded = 4
    case notFound = 5
    case resourceExhausted = 8
    case unimplemented = 12
    case internalError = 13
    case unavailable = 14
    case unauthenticated = 16

    var name: String {
        switch self {
        case .ok: "OK"
        case .invalidArgument: "INVALID_ARGUMENT"
        case .deadlineExceeded: "DEADLINE_EXCEEDED"
        case .notFound: "NOT_FOUND"
        case .resourceExhausted: "RESOURCE_EXHAUSTED"
        case .unimplemented: "UNIMPLEMENTED"
        case .internalError: "INTERNAL"
        case .unavailable: "UNAVAILABLE"
        case .unauthenticated: "UNAUTHENTICATED"
        }
    }
}

/// A `google.rpc.Status`: the body of every HTTP error, and the details of a gRPC one.
/// <https://github.com/googleapis/googleapis/blob/master/google/rpc/status.proto>
struct RPCStatus: Equatable {
    /// `google.rpc.error_details` that OTLP asks for.
    enum Detail: Equatable {
        /// "the server … SHOULD add `google.rpc.BadRequest`" (OTLP, "Bad Data").
        case badRequest
        /// Tells the client to come back. Never with a body that is too large: it would be resent for ever.
        case retry(afterSeconds: Int)
    }

    let code: RPCCode
    let message: String
    let detail: Detail?

    var protobuf: [UInt8] {
        var writer = ProtobufWriter()
        writer.append(field: 1, varint: self.code.rawValue)
        writer.append(field: 2, text: self.message)
        switch self.detail {
        case .badRequest:
            writer.append(field: 3) { any in
                any.append(field: 1, text: "type.googleapis.com/google.rpc.BadRequest")
                any.append(field: 2) { badRequest in
                    badRequest.append(field: 1) { violation in
                        violation.append(field: 2, text: self.message)
                    }
                }
            }
        case .retry(let seconds):
            writer.append(field: 3) { any in
                any.append(field: 1, text: "type.googleapis.com/google.rpc.RetryInfo")
                any.append(field: 2) { retryInfo in
                    retryInfo.append(field: 1) { duration in
                        duration.append(field: 1, varint: seconds)
                    }
                }
            }
        case nil:
            break
        }
        return writer.bytes
    }

    /// The same in protobuf's JSON mapping.
    var json: [UInt8] {
        var text = Array("{\"code\":\(self.code.rawValue),\"message\":".utf8)
        text.append(jsonString: self.message)
        switch self.detail {
        case .badRequest:
            text += Array(",\"details\":[{\"@type\":\"type.googleapis.com/google.rpc.BadRequest\"".utf8)
            text += Array(",\"fieldViolations\":[{\"description\":".utf8)
            text.append(jsonString: self.message)
            text += Array("}]}]".utf8)
        case .retry(let seconds):
            text += Array(",\"details\":[{\"@type\":\"type.googleapis.com/google.rpc.RetryInfo\"".utf8)
            text += Array(",\"retryDelay\":\"\(seconds)s\"}]".utf8)
        case nil:
            break
        }
        text.append(UInt8(ascii: "}"))
        return text
    }
}
