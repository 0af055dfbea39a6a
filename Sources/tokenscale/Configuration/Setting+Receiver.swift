import OTLPReceiver

extension Setting {
    static let receiverLimits: [Setting] = [
        .integer(
            "otlp-body-byte-limit",
            .receiver,
            \.receiver.bodyByteLimit,
            in: 65_536...1 << 30,
            "Body bytes of one request, before and after decompression. The OTLP specification recommends 64 MiB."
        ),
        .integer(
            "otlp-in-flight-byte-limit",
            .receiver,
            \.receiver.inFlightByteLimit,
            in: 65_536...16 << 30,
            "Bytes of request bodies that are buffered at one time, over all connections; beyond, senders are told to "
                + "come back."
        ),
        .integer(
            "otlp-connection-limit",
            .receiver,
            \.receiver.connectionLimit,
            in: 1...1_000_000,
            "Open connections. An agent process holds one."
        ),
        .integer(
            "otlp-stream-limit",
            .receiver,
            \.receiver.concurrentStreamLimit,
            in: 1...10_000,
            "Concurrent requests on one HTTP/2 connection."
        ),
        .integer(
            "otlp-header-byte-limit",
            .receiver,
            \.receiver.headerListByteLimit,
            in: 1_024...1 << 20,
            "Bytes of the header fields of one request."
        ),
        .integer(
            "queue-depth-body-byte-limit",
            .receiver,
            \.receiver.queueDepthBodyByteLimit,
            in: 1_024...64 << 20,
            "Body bytes of `POST /v1/queue-depth`."
        ),
        .number(
            "otlp-header-timeout-seconds",
            .receiver,
            \.receiver.headerTimeout,
            in: 1...300,
            "From the opening of a connection, or the first byte of a request, to the end of its head."
        ),
        .number(
            "otlp-body-timeout-seconds",
            .receiver,
            \.receiver.bodyTimeout,
            in: 1...3_600,
            "From the head of a request to the end of its body."
        ),
        .number(
            "otlp-idle-timeout-seconds",
            .receiver,
            \.receiver.idleTimeout,
            in: 10...86_400,
            "A connection without a request is closed after this. Longer than the agents' export interval."
        ),
        .number(
            "otlp-drain-timeout-seconds",
            .receiver,
            \.receiver.drainTimeout,
            in: 0...4,
            "How long open requests may take after SIGTERM; then connections are cut."
        ),
        .number(
            "file-check-seconds",
            .receiver,
            \.receiver.fileCheckInterval,
            in: 1...3_600,
            "How often certificates and tokens are looked at for changes."
        ),
    ]
}

extension Configuration {
    /// What the receiver is made from.
    var receiverConfiguration: ReceiverConfiguration {
        var configuration = self.receiver
        configuration.grpcAddress = self.otlpGRPCAddress.receiverAddress
        configuration.httpAddress = self.otlpHTTPAddress.receiverAddress
        if let certificate = self.otlpTLSCertificateFile, let key = self.otlpTLSPrivateKeyFile {
            configuration.tls = .init(
                certificateChain: certificate,
                privateKey: key,
                clientCertificateAuthorities: self.otlpClientCAFile
            )
        }
        configuration.bearerTokenFile = self.otlpBearerTokenFile
        return configuration
    }
}

extension ListenAddress {
    fileprivate var receiverAddress: ReceiverConfiguration.Address? {
        switch self {
        case .off: nil
        case .address(let host, let port): .init(host: host, port: port)
        }
    }
}
