import ArgumentParser
import CurlHTTP
import FoundationEssentials
import Kubernetes

/// `tokenscale doctor`: what stands between this cluster and working metrics, each with its fix.
struct DoctorCommand: AsyncParsableCommand {
    enum Output: String, ExpressibleByArgument, CaseIterable {
        case text
        case json
    }

    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Check a cluster: metrics APIs, rights, certificates, and the agents' telemetry.",
        discussion: """
            Runs in a pod of the cluster (with its service account) or anywhere with --kubeconfig. It only reads. The \
            exit code says the worst that was found: 0 in order, 1 a warning, 2 an error, 3 something could not be \
            checked (nothing worse was found, or the API server cannot be reached), 78 the kubeconfig cannot be used.
            """
    )

    @Option(name: .long, help: "Cluster to check from outside; default: the pod's service account, then $KUBECONFIG.")
    var kubeconfig: String?

    @Option(name: .long, help: "Context of the kubeconfig; default: its current-context.")
    var context: String?

    @Option(name: .long, help: "NAMESPACE/NAME of tokenscale's Service.")
    var service = "tokenscale/tokenscale"

    @Option(
        name: .long,
        help: "NAMESPACE/NAME of tokenscale's ServiceAccount; with --kubeconfig its rights are checked, not yours."
    )
    var serviceAccount = "tokenscale/tokenscale"

    @Option(name: .long, help: "text or json.")
    var output = Output.text

    func validate() throws {
        for (option, value) in [("--service", self.service), ("--service-account", self.serviceAccount)] {
            guard Self.parts(value) != nil else { throw ValidationError("\(option) \(value): write NAMESPACE/NAME") }
        }
    }

    func run() async throws {
        guard let service = Self.parts(self.service), let account = Self.parts(self.serviceAccount) else { return }
        let environment = ProcessInfo.processInfo.environment
        let path = self.kubeconfig ?? (Self.isInPod(environment) ? nil : environment["KUBECONFIG"])
        let findings: [Finding]
        var server = ""
        do throws(KubernetesError) {
            guard let cluster = try ClusterAccess.find(kubeconfig: path, context: self.context) else {
                throw .configuration(
                    "there is no cluster here: give --kubeconfig FILE (kubectl's own is ~/.kube/config), or run in a "
                        + "pod (kubectl exec -n tokenscale deploy/tokenscale -- tokenscale doctor)"
                )
            }
            server = cluster.server
            let doctor = Doctor(
                client: KubernetesClient(cluster, userAgent: ClusterAccess.userAgent),
                service: ServiceName(namespace: service.namespace, name: service.name),
                subject: path == nil ? .current : .serviceAccount(namespace: account.namespace, name: account.name),
                userAgent: ClusterAccess.userAgent
            )
            findings = try await doctor.examine()
        } catch {
            StandardStreams.writeError("tokenscale doctor: \(error)\(Self.advice(error, server: server))")
            if case .configuration = error { throw ExitCode(78) }
            throw ExitCode(3)
        }
        switch self.output {
        case .text: StandardStreams.write(Self.text(findings))
        case .json: StandardStreams.write(try Self.json(findings))
        }
        throw ExitCode(findings.exitCode)
    }

    /// Which server did not answer, and what to look at.
    static func advice(_ error: KubernetesError, server: String) -> String {
        switch error {
        case .transport(.nameNotResolved): ". Check clusters[].cluster.server (\(server)) in the kubeconfig, and DNS"
        case .transport(.serverUntrusted), .transport(.tlsFailed):
            ". Is \(server) the API server, and certificate-authority that of this cluster (kubectl config view --raw)?"
        case .transport(.credentialUnreadable):
            ". Check users[].user of the kubeconfig: tokenFile must be readable, certificates and keys PEM"
        case .transport(.clientCertificateUnusable):
            ". Check client-certificate and client-key of the kubeconfig: PEM, and of one pair"
        case .transport: ". Is \(server) running, and open from here (VPN, firewall, proxy)?"
        case .status(401, _, _): ". The credentials are unknown or have expired: renew them (kubectl create token …)"
        case .status(403, _, _): ". Use a user who may list pods and services, or run it in tokenscale's own pod"
        default: ""
        }
    }

    static func text(_ findings: [Finding]) -> String {
        guard !findings.isEmpty else { return "Everything is in order." }
        return findings.map { finding in
            """
            \(finding.severity.rawValue.uppercased()) [\(finding.check)] \(finding.object)
                \(finding.problem)
                fix: \(finding.fix)
            """
        }.joined(separator: "\n\n")
    }

    static func json(_ findings: [Finding]) throws -> String {
        struct Line: Encodable {
            var severity: String
            var check: String
            var object: String
            var problem: String
            var fix: String
        }
        let lines = findings.map { finding in
            Line(
                severity: finding.severity.rawValue,
                check: finding.check,
                object: finding.object,
                problem: finding.problem,
                fix: finding.fix
            )
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(lines), as: UTF8.self)
    }

    private static func isInPod(_ environment: [String: String]) -> Bool {
        environment["KUBERNETES_SERVICE_HOST"]?.isEmpty == false
    }

    static func parts(_ text: String) -> (namespace: String, name: String)? {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else { return nil }
        return (String(parts[0]), String(parts[1]))
    }
}
