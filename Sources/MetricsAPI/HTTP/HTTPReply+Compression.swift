import Gzip
import HTTPTypes

extension HTTPReply {
    /// Smaller bodies cost more to compress than they save.
    static let compressionByteCountMin = 4096

    /// The reply in gzip, level 1, when the client takes it and the body is worth it.
    func compressed(for call: HTTPCall) -> HTTPReply {
        guard self.body.count >= Self.compressionByteCountMin else { return self }
        var reply = self
        let vary = self.headers[.vary]
        reply.headers[.vary] = vary.map { "\($0), Accept-Encoding" } ?? "Accept-Encoding"
        guard AcceptHeader(call.headers[.acceptEncoding]).allowsGzip else { return reply }
        reply.body = Gzip.compress(self.body, level: 1)
        reply.headers[.contentEncoding] = "gzip"
        return reply
    }
}
