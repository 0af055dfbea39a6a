package import Foundation

/// A directory that is removed with this value.
package final class TemporaryDirectory: Sendable {
    package let url: URL

    package init() throws {
        self.url = FileManager.default.temporaryDirectory.appending(path: "tokenscale-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: self.url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: self.url) }

    package func path(_ file: String) -> String { self.url.appending(path: file).path }

    package func text(of file: String) throws -> String {
        try String(contentsOf: self.url.appending(path: file), encoding: .utf8)
    }

    /// Replaces the file in one step, as a mounted secret is.
    /// - Returns: Its path.
    @discardableResult
    package func write(_ text: String, to file: String) throws -> String {
        try Data(text.utf8).write(to: self.url.appending(path: file), options: .atomic)
        return self.path(file)
    }

    /// Writes `ca.crt` of a new authority, and `server.crt`, `server.key`, `client.crt` and `client.key` that it signed
    /// for localhost and 127.0.0.1; each name begins with `prefix`.
    package func writeCertificates(prefix: String = "") throws {
        let authority = try TestAuthority("\(prefix)ca")
        try self.write(authority.pem, to: "\(prefix)ca.crt")
        for name in ["server", "client"] {
            let issued = try authority.issue(
                "\(prefix)\(name)",
                usage: nil,
                names: ["localhost"],
                addresses: [[127, 0, 0, 1]]
            )
            try self.write(issued.certificatePEM, to: "\(prefix)\(name).crt")
            try self.write(issued.keyPEM, to: "\(prefix)\(name).key")
        }
    }
}
