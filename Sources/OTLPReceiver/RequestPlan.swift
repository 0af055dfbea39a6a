import OTLP
import TokenscaleCore

/// The parts of a request's head that decide what becomes of it, the same for HTTP/1.1, HTTP/2 and gRPC.
struct RequestHead {
    var transport: IngestStatistics.Transport
    var isPost: Bool
    var target: String
    var contentType: String?
    var contentEncoding: String?
    var authorization: String?
    var contentLength: Int?

    /// The path without the query, also of a target in absolute form, which proxies send (RFC 9112 §3.2.2).
    var path: Substring {
        var rest = self.target[...]
        if !rest.utf8.starts(with: "/".utf8), let scheme = rest.firstRange(of: "://") {
            let authority = rest[scheme.upperBound...]
            rest = authority[(authority.utf8.firstIndex(of: UInt8(ascii: "/")) ?? authority.endIndex)...]
        }
        guard let query = rest.utf8.firstIndex(of: UInt8(ascii: "?")) else { return rest }
        return rest[..<query]
    }
}

/// What will be done with the body, decided from the head alone.
struct RequestPlan: Equatable {
    enum Kind: Equatable {
        case export(OTLPSignal)
        case queueDepth
    }

    var transport: IngestStatistics.Transport
    var kind: Kind
    var encoding: OTLPEncoding
    var isGzip: Bool
    /// Body bytes, before and after decompression.
    var byteLimit: Int

    var signal: IngestStatistics.Signal { self.kind.signal }
}

extension RequestPlan.Kind {
    var signal: IngestStatistics.Signal {
        switch self {
        case .export(.metrics): .metrics
        case .export(.logs): .logs
        case .export(.traces): .traces
        case .queueDepth: .queueDepth
        }
    }
}
