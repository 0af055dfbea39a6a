import Foundation
import Testing

/// A directory that is removed with this value.
final class TemporaryDirectory: Sendable {
    let url: URL

    init() throws {
        self.url = FileManager.default.temporaryDirectory.appending(path: "otlp-receiver-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: self.url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: self.url) }

    func path(_ file: String) -> String { self.url.appending(path: file).path }

    /// Replaces the file in one step, as a mounted secret is.
    func write(_ text: String, to file: String) throws {
        try Data(text.utf8).write(to: self.url.appending(path: file), options: .atomic)
    }

    /// Runs a program in this directory and returns what it printed.
    @discardableResult
    func run(_ program: String, _ arguments: [String], environment: [String: String] = [:]) async throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        process.currentDirectoryURL = self.url
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let output = self.url.appending(path: "output-\(UUID().uuidString)")
        try Data().write(to: output)
        let handle = try FileHandle(forWritingTo: output)
        process.standardOutput = handle
        process.standardError = handle
        await withCheckedContinuation { continuation in
            process.terminationHandler = { _ in continuation.resume() }
            do { try process.run() } catch { continuation.resume() }
        }
        let text = try String(contentsOf: output, encoding: .utf8)
        try #require(process.terminationStatus == 0, "\(program) \(arguments): \(text)")
        return text
    }

    /// An authority `NAME-ca.crt`, and the certificates `NAME-server` and `NAME-client` that it signed.
    func makeCertificates(_ name: String) async throws {
        let script = """
            set -e
            key="ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
            openssl req -x509 -newkey $key -days 2 -keyout $1-ca.key -out $1-ca.crt -subj "/CN=$1-ca"
            for leaf in server client; do
                openssl req -newkey $key -keyout $1-$leaf.key -out $1-$leaf.csr -subj "/CN=$1-$leaf"
                printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\\n' > $1-$leaf.ext
                openssl x509 -req -days 2 -in $1-$leaf.csr -CA $1-ca.crt -CAkey $1-ca.key -CAcreateserial \
                    -extfile $1-$leaf.ext -out $1-$leaf.crt
            done
            """
        try await self.run("/bin/sh", ["-c", script, "sh", name])
    }
}
