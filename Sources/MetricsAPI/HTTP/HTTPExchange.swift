package import HTTPTypes
package import TokenscaleCore

/// A request, as far as any of our listeners looks at it. Bodies are read and dropped: nothing here takes data in.
package struct HTTPCall: Sendable {
    package var method: String
    /// Path and query as they came, still percent-encoded.
    package var target: String
    package var headers: HTTPFields
    package var peer: PeerAddress?
    /// What the client presented, leaf first, in DER. Nothing is verified yet.
    package var certificates: [[UInt8]]

    package init(
        method: String = "GET",
        target: String,
        headers: HTTPFields = [:],
        peer: PeerAddress? = nil,
        certificates: [[UInt8]] = []
    ) {
        self.method = method
        self.target = target
        self.headers = headers
        self.peer = peer
        self.certificates = certificates
    }

    /// Still percent-encoded.
    package var path: Substring { self.target.prefix { $0 != "?" } }

    package var query: Query { Query(parsing: self.target.dropFirst(self.path.count).dropFirst()) }

    package func header(_ name: String) -> String? {
        HTTPField.Name(name).flatMap { self.headers[$0] }
    }
}

package struct HTTPReply: Sendable {
    package var status: Int
    package var headers: HTTPFields
    package var body: [UInt8]

    package init(status: Int = 200, contentType: String?, body: [UInt8]) {
        self.status = status
        self.headers = [:]
        self.headers[.contentType] = contentType
        self.body = body
    }

    package init(status: Int = 200, contentType: String = "text/plain; charset=utf-8", text: String) {
        self.init(status: status, contentType: contentType, body: Array(text.utf8))
    }
}

/// The parameters of a query: `application/x-www-form-urlencoded`, as Go's `url.ParseQuery` reads them.
package struct Query: Sendable {
    private var values: [(name: String, value: String)] = []

    package init(parsing text: Substring) {
        for pair in text.split(separator: "&") {
            let name = pair.prefix { $0 != "=" }
            let value = pair.dropFirst(name.count).dropFirst()
            guard let decodedName = PercentEncoding.decode(name, plusIsSpace: true) else { continue }
            guard let decodedValue = PercentEncoding.decode(value, plusIsSpace: true) else { continue }
            self.values.append((decodedName, decodedValue))
        }
    }

    /// The first value; `nil` when absent.
    package subscript(name: String) -> String? { self.values.first { $0.name == name }?.value }

    /// `x`, `x=true`, `x=1`.
    package func flag(_ name: String) -> Bool {
        guard let value = self[name] else { return false }
        return value.isEmpty || value == "true" || value == "1"
    }
}

package enum PercentEncoding {
    /// - Returns: `nil` when an escape is cut short or is not hexadecimal.
    package static func decode(_ text: Substring, plusIsSpace: Bool = false) -> String? {
        guard text.utf8.contains(where: { $0 == 37 || $0 == 43 }) else { return String(text) }
        var bytes: [UInt8] = []
        var iterator = text.utf8.makeIterator()
        while let byte = iterator.next() {
            if byte == 37 {
                guard let high = iterator.next().flatMap(Self.digit) else { return nil }
                guard let low = iterator.next().flatMap(Self.digit) else { return nil }
                bytes.append(high << 4 | low)
            } else {
                bytes.append(plusIsSpace && byte == 43 ? 32 : byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 48...57: byte - 48
        case 65...70: byte - 55
        case 97...102: byte - 87
        default: nil
        }
    }
}
