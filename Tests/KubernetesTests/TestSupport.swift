import CurlHTTP
import Foundation
import Kubernetes
import Logging
import Testing

extension APIServerDouble {
    static func started(
        needsClientCertificate: Bool = false,
        speaksHTTP2: Bool = true
    ) async throws -> APIServerDouble {
        try await APIServerDouble(
            needsClientCertificate: needsClientCertificate,
            speaksHTTP2: speaksHTTP2,
            certificates: TestCertificates.shared.get()
        )
    }

    var cluster: ClusterConfiguration {
        var cluster = ClusterConfiguration(server: self.url)
        cluster.tls.authorities = .file(self.certificates.path("ca.crt"))
        return cluster
    }

    var client: KubernetesClient {
        KubernetesClient(self.cluster, userAgent: "tokenscale/test", proxy: .direct)
    }
}

let silentLogger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// Waits for a condition that another task makes true; fails after ten seconds.
func eventually(
    _ what: String,
    sourceLocation: SourceLocation = #_sourceLocation,
    _ condition: () throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + .seconds(10)
    while try !condition() {
        guard ContinuousClock.now < deadline else {
            Issue.record("did not happen within 10 s: \(what)", sourceLocation: sourceLocation)
            return
        }
        try await Task.sleep(for: .milliseconds(5))
    }
}

func resource(_ name: String) throws -> Data {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Resources")
    return try Data(contentsOf: folder.appending(path: name))
}
