import Foundation
import TestSupport
import Testing

/// `Resources/server.py`, started once for all tests; it ends with this process, whose end closes its standard input.
final class TestServer: Sendable {
    let plain: String
    let tls: String
    let mutualTLS: String
    /// Holds `ca.crt`, `server.*`, `client.*`, `other-ca.crt`.
    let certificates: TemporaryDirectory
    private let input: Pipe
    private let process: Process

    static let shared: Result<TestServer, any Error> = Result { try TestServer() }

    private init() throws {
        let certificates = try TemporaryDirectory()
        try certificates.writeCertificates()
        try certificates.writeCertificates(prefix: "other-")
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Resources/server.py")
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["python3", script.path, certificates.url.path]
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

    func path(_ file: String) -> String { self.certificates.path(file) }
}
