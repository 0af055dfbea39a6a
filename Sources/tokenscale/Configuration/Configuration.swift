import FoundationEssentials
import MetricsAPI
import OTLP
import OTLPReceiver
import TokenscaleCore

/// Everything an operator can set. A fresh value holds the defaults.
struct Configuration: Sendable {
    var otlpGRPCAddress: ListenAddress
    var otlpHTTPAddress: ListenAddress
    var metricsAddress: ListenAddress
    var apiAddress: ListenAddress
    var healthAddress: ListenAddress

    var otlpTLSCertificateFile: String?
    var otlpTLSPrivateKeyFile: String?
    var otlpClientCAFile: String?
    var otlpBearerTokenFile: String?

    var apiTLSCertificateFile: String?
    var apiTLSPrivateKeyFile: String?
    var kubeconfig: String?

    /// Limits and times; addresses and files are those above, see ``receiverConfiguration``.
    var receiver = ReceiverConfiguration(grpcAddress: nil, httpAddress: nil)
    /// Limits of what one OTLP request may cost.
    var decodeLimits = DecodeLimits()
    var aggregator = AggregatorConfiguration()
    /// As written; ``aggregatorConfiguration`` has it read.
    var trustedPeers: [String] = []
    var names = SemanticNames()
    var runnerScrapeTargets: [RunnerTarget] = []
    var runnerScrapeIntervalSeconds = 10.0

    /// Everything of alerting but ``alertExternalLabels``; see ``alertingConfiguration``.
    var alerting = AlertingConfiguration()
    /// `name=value`, as written.
    var alertExternalLabels: [String] = []
    var serving = ServingConfiguration()
    var exposition = MetricsExposition.Configuration()
    var serverConnectionLimit = 512
    var apiService: ServiceReference

    var dataDirectory = "tokenscale-data"
    var stateIntervalSeconds = 5.0
    var stateByteLimit = 256 << 20
    var logLevel = LogLevel.info
    var logFormat = LogFormat.text

    enum LogLevel: String, CaseIterable, Sendable {
        case debug, info, warning, error
    }

    enum LogFormat: String, CaseIterable, Sendable {
        case text, json
    }

    /// Defaults for a process with this environment: all interfaces in a pod, else this machine only.
    init(environment: [String: String] = [:]) {
        let service = environment["KUBERNETES_SERVICE_HOST"]
        // A cluster whose service addresses are IPv6 has IPv6 pods.
        let host = service.map { $0.contains(":") ? "::" : "0.0.0.0" } ?? "127.0.0.1"
        self.otlpGRPCAddress = .address(host: host, port: 4317)
        self.otlpHTTPAddress = .address(host: host, port: 4318)
        self.metricsAddress = .address(host: host, port: 8080)
        self.apiAddress = .address(host: host, port: 6443)
        self.healthAddress = .address(host: host, port: 8081)
        let namespace = service.flatMap { _ in
            FileManager.default.contents(atPath: Self.namespaceFile).map { String(decoding: $0, as: UTF8.self) }
        }
        self.apiService = ServiceReference(namespace: namespace ?? "tokenscale", name: "tokenscale")
    }

    /// The namespace of a pod is told by its service account.
    private static let namespaceFile = "/var/run/secrets/kubernetes.io/serviceaccount/namespace"

    /// What alerting is made from.
    var alertingConfiguration: AlertingConfiguration {
        var configuration = self.alerting
        for text in self.alertExternalLabels {
            let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
            configuration.policy.externalLabels[parts[0]] = parts.count == 2 ? parts[1] : ""
        }
        return configuration
    }

    /// What the aggregator is made from.
    var aggregatorConfiguration: AggregatorConfiguration {
        var configuration = self.aggregator
        configuration.trustedPeers = PeerTrust(texts: self.trustedPeers) ?? PeerTrust()
        return configuration
    }
}
