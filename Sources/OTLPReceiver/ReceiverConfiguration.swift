/// Where and within which limits the receiver listens. Every limit is enforced, and what it refuses is counted.
package struct ReceiverConfiguration: Equatable, Sendable {
    /// `host` and `port` of a listener; port 0 takes any free one.
    package struct Address: Equatable, Sendable, CustomStringConvertible {
        package var host: String
        package var port: Int

        package init(host: String, port: Int) {
            self.host = host
            self.port = port
        }

        package var description: String {
            self.host.contains(":") ? "[\(self.host)]:\(self.port)" : "\(self.host):\(self.port)"
        }
    }

    /// PEM files. All are read again when their content changes; a broken new file leaves the old one in force.
    package struct TLSFiles: Equatable, Sendable {
        /// The server's certificate, followed by the intermediate ones.
        package var certificateChain: String
        package var privateKey: String
        /// When set, every client must present a certificate that one of these authorities signed.
        package var clientCertificateAuthorities: String?

        package init(certificateChain: String, privateKey: String, clientCertificateAuthorities: String? = nil) {
            self.certificateChain = certificateChain
            self.privateKey = privateKey
            self.clientCertificateAuthorities = clientCertificateAuthorities
        }
    }

    /// `nil`: off. Both listeners understand OTLP/gRPC and OTLP/HTTP (1.1 and 2); two exist because exporters expect
    /// them at 4317 and 4318.
    package var grpcAddress: Address?
    package var httpAddress: Address?
    package var tls: TLSFiles?
    /// A file with the accepted bearer tokens, one per line (several: while one replaces another).
    package var bearerTokenFile: String?
    /// How often the files above are looked at.
    package var fileCheckInterval: Duration = .seconds(10)

    /// Body bytes, before and after decompression. 64 MiB is what the OTLP specification recommends.
    package var bodyByteLimit = 64 << 20
    /// Body bytes of `POST /v1/queue-depth`.
    package var queueDepthBodyByteLimit = 64 << 10
    /// Bytes of request bodies that are buffered at one time, over all connections. At least ``bodyByteLimit`` is
    /// granted, else the largest allowed body could never be received.
    package var inFlightByteLimit = 128 << 20
    /// Open connections. An agent process holds one.
    package var connectionLimit = 16_384
    /// Concurrent requests on one HTTP/2 connection.
    package var concurrentStreamLimit = 128
    /// Bytes of the header fields of one request.
    package var headerListByteLimit = 16 << 10
    /// From the opening of a connection, or the first byte of a request, to the end of its head.
    package var headerTimeout: Duration = .seconds(10)
    /// From the head of a request to the end of its body.
    package var bodyTimeout: Duration = .seconds(30)
    /// A connection on which no request begins or ends is closed after this. Longer than the exporters' interval
    /// (60 s), so that they can keep their connection.
    package var idleTimeout: Duration = .seconds(600)
    /// How long open requests may take after a graceful shutdown began; then connections are cut.
    package var drainTimeout: Duration = .seconds(2)

    package init(grpcAddress: Address?, httpAddress: Address?) {
        self.grpcAddress = grpcAddress
        self.httpAddress = httpAddress
    }

    var effectiveInFlightByteLimit: Int { max(self.inFlightByteLimit, self.bodyByteLimit) }
}
