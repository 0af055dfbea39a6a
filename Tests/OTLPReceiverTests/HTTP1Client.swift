import Testing

/// HTTP/1.1 written and read by hand over a ``RawConnection``.
final class HTTP1Client {
    struct Response: Equatable {
        var status: Int
        var headers: [String: String]
        var body: [UInt8]

        var text: String { String(decoding: self.body, as: UTF8.self) }
    }

    let connection: RawConnection
    private var buffer: [UInt8] = []

    init(port: Int) throws { self.connection = try RawConnection(port: port) }

    static func request(
        _ method: String = "POST",
        _ path: String,
        headers: [(String, String)] = [("content-type", "application/x-protobuf")],
        body: [UInt8] = []
    ) -> [UInt8] {
        var text = "\(method) \(path) HTTP/1.1\r\nhost: test\r\n"
        for (name, value) in headers { text += "\(name): \(value)\r\n" }
        if !headers.contains(where: { ["content-length", "transfer-encoding"].contains($0.0.lowercased()) }) {
            text += "content-length: \(body.count)\r\n"
        }
        return Array((text + "\r\n").utf8) + body
    }

    func exchange(
        _ method: String = "POST",
        _ path: String,
        headers: [(String, String)] = [("content-type", "application/x-protobuf")],
        body: [UInt8] = []
    ) async throws -> Response {
        try await self.connection.send(Self.request(method, path, headers: headers, body: body))
        return try #require(try await self.response(), "the connection was closed without an answer")
    }

    /// The next response; `nil` when the connection ends first.
    func response() async throws -> Response? {
        var head: [UInt8]?
        while head == nil {
            if let end = self.buffer.firstRange(of: Array("\r\n\r\n".utf8)) {
                head = Array(self.buffer[..<end.lowerBound])
                self.buffer.removeSubrange(..<end.upperBound)
            } else {
                let bytes = try await self.connection.receive()
                if bytes.isEmpty { return nil }
                self.buffer += bytes
            }
        }
        let lines = String(decoding: head ?? [], as: UTF8.self).split(separator: "\r\n")
        let status = try #require(lines.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) })
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            headers[parts[0].lowercased()] = parts.count > 1 ? String(parts[1].drop { $0 == " " }) : ""
        }
        let length = headers["content-length"].flatMap { Int($0) } ?? 0
        while self.buffer.count < length {
            let bytes = try await self.connection.receive()
            if bytes.isEmpty { return nil }
            self.buffer += bytes
        }
        let body = Array(self.buffer[..<length])
        self.buffer.removeFirst(length)
        return Response(status: status, headers: headers, body: body)
    }

    /// Whether the peer closes now, without another byte.
    func isClosedByPeer() async throws -> Bool {
        guard self.buffer.isEmpty else { return false }
        return try await self.connection.receive().isEmpty
    }
}
