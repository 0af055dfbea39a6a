import Foundation
import Testing

/// `Resources/server.py`, started once for all tests; it ends with this process, whose end closes its standard input.
final class TestServer: Sendable {
    let plain: String
    let tls: String
    let mutualTLS: String
    /// Holds `ca.crt`, `server.*`, `client.*`, `other-ca.crt`.
    let certificates: URL
    private let input: Pipe
    private let process: Process

    static let shared: Result<TestServer, any Error> = Result { try TestServer() }

    private init() throws {
        let certificates = FileManager.default.temporaryDirectory.appending(path: "curlhttp-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: certificates, withIntermediateDirectories: true)
        try Self.makeCertificates(in: certificates)
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Resources/server.py")
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["python3", script.path, certificates.path]
        let input = Pipe()
        let output = Pipe()
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        var line = ""
        while !line.contains("\n") {
            let data = output.fileHandleForReading.availableData
            guard !data.isEmpty else { break }
            line += String(decoding: data, as: UTF8.self)
        }
        let ports = line.split(whereSeparator: \.isWhitespace).compactMap { Int($0) }
        try #require(ports.count == 3, "the test server did not start; is python3 installed? It said: \(line)")
        self.plain = "http://127.0.0.1:\(ports[0])"
        self.tls = "https://localhost:\(ports[1])"
        self.mutualTLS = "https://localhost:\(ports[2])"
        self.certificates = certificates
        self.input = input
        self.process = process
    }

    func path(_ file: String) -> String { self.certificates.appending(path: file).path }

    /// An authority with a server and a client certificate, and an authority that signed neither.
    private static func makeCertificates(in directory: URL) throws {
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
}
