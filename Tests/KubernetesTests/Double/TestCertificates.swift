import Foundation
import Testing

/// A throw-away authority with a server and a client certificate: `ca.crt`, `server.*`, `client.*`, `other-ca.crt`.
final class TestCertificates: Sendable {
    private let directory: URL

    init() throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "kubernetes-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        self.directory = directory
        let script = """
            set -e
            authority() {
                openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
                    -keyout "$1.key" -out "$1.crt" -subj "/CN=$1"
            }
            leaf() {
                openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
                    -keyout "$1.key" -out "$1.csr" -subj "/CN=$1"
                printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\\n' > "$1.ext"
                openssl x509 -req -days 2 -in "$1.csr" -CA ca.crt -CAkey ca.key -CAcreateserial \
                    -extfile "$1.ext" -out "$1.crt"
            }
            authority ca
            authority other-ca
            leaf server
            leaf client
            """
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-c", script]
        process.currentDirectoryURL = directory
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "openssl could not make the test certificates")
    }

    deinit { try? FileManager.default.removeItem(at: self.directory) }

    static let shared: Result<TestCertificates, any Error> = Result { try TestCertificates() }

    func path(_ file: String) -> String { self.directory.appending(path: file).path }
    func text(_ file: String) throws -> String { try String(contentsOfFile: self.path(file), encoding: .utf8) }
}
