import NIOHTTP1
import OTLP
import TokenscaleCore

/// An answer over HTTP/1.1 or HTTP/2: status, body and the fields beside `content-length`.
struct HTTPAnswer {
    let status: HTTPResponseStatus
    let contentType: String
    let body: [UInt8]
    var allow: String?
    var acceptEncoding: String?
    var authenticate: String?
    var retryAfterSeconds: Int?

    /// "The response MUST use the same `Content-Type` as the request" (OTLP/HTTP); JSON for a request without a
    /// usable one, because people can read it.
    init(_ result: Result<PartialSuccess?, RefusedRequest>, plan: RequestPlan?, contentType: String?) {
        let isProtobuf = plan.map { $0.encoding == .protobuf } ?? (MediaType(contentType) == .protobuf)
        self.contentType = isProtobuf ? "application/x-protobuf" : "application/json"
        switch result {
        case .success(nil):
            self.status = .ok
            self.body = isProtobuf ? [] : Array("{}".utf8)
        case .success(let partial?):
            self.status = .ok
            self.body = isProtobuf ? partial.protobuf : partial.json(plan?.exportSignal ?? .metrics)
        case .failure(let refused):
            let refusal = refused.refusal
            let status = refusal.status(refusal.httpRPCCode)
            self.status = refusal.httpStatus
            self.body = isProtobuf ? status.protobuf : status.json
            self.allow = refusal.allowedMethods
            // "An Accept-Encoding header field in the response" tells a 415 for the coding (RFC 9110 §15.5.16).
            self.acceptEncoding = refusal.reason == .contentEncoding ? "gzip" : nil
            self.authenticate = refusal.reason == .unauthenticated ? "Bearer" : nil
            self.retryAfterSeconds = refusal.retryAfterSeconds
        }
    }

    /// Everything was taken, and the client speaks protobuf.
    var isEmptyProtobuf: Bool {
        self.status == .ok && self.body.isEmpty && self.contentType == "application/x-protobuf"
    }

    /// Name and value of each field, names in lower case as HTTP/2 demands.
    var fields: [(String, String)] {
        var fields = [("content-type", self.contentType), ("content-length", String(self.body.count))]
        if let allow { fields.append(("allow", allow)) }
        if let acceptEncoding { fields.append(("accept-encoding", acceptEncoding)) }
        if let authenticate { fields.append(("www-authenticate", authenticate)) }
        if let retryAfterSeconds { fields.append(("retry-after", String(retryAfterSeconds))) }
        return fields
    }

    var code: String { String(self.status.code) }
}

extension RequestPlan {
    var exportSignal: OTLPSignal? {
        if case .export(let signal) = self.kind { signal } else { nil }
    }
}
