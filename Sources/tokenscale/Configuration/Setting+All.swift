extension Setting {
    /// Every setting there is, in the order of the documentation.
    static let all: [Setting] = [
        Self.addresses, Self.receiver, Self.receiverLimits, Self.decoding, Self.api, Self.serving, Self.counting,
        Self.limits, Self.queue, Self.detection, Self.alerting, Self.process,
    ].flatMap { $0 }

    static let addresses: [Setting] = [
        .address("otlp-grpc-address", port: 4317, \.otlpGRPCAddress, "OTLP/gRPC from agents."),
        .address("otlp-http-address", port: 4318, \.otlpHTTPAddress, "OTLP/HTTP from agents; `POST /v1/queue-depth`."),
        .address("metrics-address", port: 8080, \.metricsAddress, "`/metrics`, status page, `/api/v1`."),
        .address("api-address", port: 6443, \.apiAddress, "custom.metrics.k8s.io and external.metrics.k8s.io (TLS)."),
        .address("health-address", port: 8081, \.healthAddress, "`/livez`, `/readyz`, `/healthz`."),
    ]

    static let receiver: [Setting] = [
        .path(
            "otlp-tls-certificate-file",
            .receiver,
            \.otlpTLSCertificateFile,
            "PEM chain for OTLP over TLS; read again when it changes. Without it OTLP is plain text."
        ),
        .path(
            "otlp-tls-private-key-file",
            .receiver,
            \.otlpTLSPrivateKeyFile,
            "PEM key of `otlp-tls-certificate-file`."
        ),
        .path(
            "otlp-client-ca-file",
            .receiver,
            \.otlpClientCAFile,
            "PEM bundle; senders must present a certificate signed by one of these (mTLS)."
        ),
        .path(
            "otlp-bearer-token-file",
            .receiver,
            \.otlpBearerTokenFile,
            "File with the token that senders must present as `Authorization: Bearer`; read again when it changes."
        ),
    ]

    static let api: [Setting] = [
        .path(
            "api-tls-certificate-file",
            .api,
            \.apiTLSCertificateFile,
            "PEM chain of the metrics APIs; read again when it changes. Without it a self-signed one is made."
        ),
        .path(
            "api-tls-private-key-file",
            .api,
            \.apiTLSPrivateKeyFile,
            "PEM key of `api-tls-certificate-file`."
        ),
        .path(
            "kubeconfig",
            .api,
            \.kubeconfig,
            "Cluster to connect to from outside; in a pod the service account is used. Without a cluster, "
                + "attribution is by telemetry alone."
        ),
    ]

    static let process: [Setting] = [
        .scalar(
            "data-directory",
            .process,
            \.dataDirectory,
            allowed: "a path of a folder that can be made or written",
            "Where state lives: the windows and the ledger for a restart, the outbox of alerts.",
            parse: { $0.isEmpty ? nil : $0 },
            show: { $0 }
        ),
        .number(
            "state-interval-seconds",
            .process,
            \.stateIntervalSeconds,
            in: 1...300,
            "How often the windows and the ledger are written: what a crash can lose of them."
        ),
        .integer(
            "state-byte-limit",
            .process,
            \.stateByteLimit,
            in: 1 << 16...4 << 30,
            "Largest state file that is written or read."
        ),
        .choice("log-level", .process, \.logLevel, "Lines below this are not written."),
        .choice("log-format", .process, \.logFormat, "Log lines on standard error: for people, or JSON for machines."),
    ]
}
