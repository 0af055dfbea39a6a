/// One request header or response header. Response names are lower case.
package struct HTTPHeader: Equatable, Sendable {
    package var name: String
    package var value: String

    package init(name: String, value: String) {
        self.name = name
        self.value = value
    }
}

extension [HTTPHeader] {
    /// The first value under `name`, which must be given in lower case.
    package func value(of name: String) -> String? { self.first { $0.name == name }?.value }
}

/// PEM text: in a file, which is read anew for every connection, or held here.
package enum PEMSource: Hashable, Sendable {
    case file(String)
    case text(String)
}

/// Whom to trust, and who we are. The default trusts the authorities of the system and presents no certificate.
package struct TLSOptions: Hashable, Sendable {
    package var authorities: PEMSource?
    /// Leaf first, then the intermediates.
    package var certificateChain: PEMSource?
    package var privateKey: PEMSource?

    package init(
        authorities: PEMSource? = nil,
        certificateChain: PEMSource? = nil,
        privateKey: PEMSource? = nil
    ) {
        self.authorities = authorities
        self.certificateChain = certificateChain
        self.privateKey = privateKey
    }
}

/// A request to send. Redirects are never followed, whatever the method.
package struct HTTPRequest: Sendable {
    package enum Method: String, Sendable {
        case get = "GET"
        case head = "HEAD"
        case post = "POST"
        case put = "PUT"
        case patch = "PATCH"
        case delete = "DELETE"
    }

    package var method: Method
    /// `http` or `https`, absolute.
    package var url: String
    package var headers: [HTTPHeader]
    package var body: [UInt8]?
    /// Name resolution, TCP and TLS together.
    package var connectTimeout: Duration = .seconds(5)
    /// From start to the last byte of the body. `nil`: none, for watches.
    package var totalTimeout: Duration? = .seconds(30)
    package var tls = TLSOptions()
    /// Its content, trimmed, becomes `Authorization: Bearer …`. Read anew for every request, because projected
    /// ServiceAccount tokens are rotated in place.
    package var bearerTokenFile: String?

    package init(
        _ method: Method = .get,
        url: String,
        headers: [HTTPHeader] = [],
        body: [UInt8]? = nil
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
    }
}

package struct HTTPResponseHead: Equatable, Sendable {
    package var status: Int
    /// Names in lower case, in the order they came.
    package var headers: [HTTPHeader]
    package var isHTTP2: Bool

    package init(status: Int, headers: [HTTPHeader] = [], isHTTP2: Bool = false) {
        self.status = status
        self.headers = headers
        self.isHTTP2 = isHTTP2
    }
}

package struct HTTPResponse: Equatable, Sendable {
    package var head: HTTPResponseHead
    package var body: [UInt8]

    package var status: Int { self.head.status }
    package var isSuccess: Bool { 200..<300 ~= self.head.status }

    package init(head: HTTPResponseHead, body: [UInt8]) {
        self.head = head
        self.body = body
    }
}
