import CurlHTTP
import Foundation
import Kubernetes
import Logging
import TestSupport
import Testing

extension APIServerDouble {
    /// One authority for all tests.
    static let sharedCertificates = Result {
        let directory = try TemporaryDirectory()
        try directory.writeCertificates()
        return directory
    }

    static func started(
        needsClientCertificate: Bool = false,
        speaksHTTP2: Bool = true
    ) async throws -> APIServerDouble {
        try await APIServerDouble(
            needsClientCertificate: needsClientCertificate,
            speaksHTTP2: speaksHTTP2,
            certificates: APIServerDouble.sharedCertificates.get()
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

func resource(_ name: String) throws -> Data {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Resources")
    return try Data(contentsOf: folder.appending(path: name))
}
