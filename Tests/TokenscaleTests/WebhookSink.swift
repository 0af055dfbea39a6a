import CurlHTTP
import Foundation
import Testing

/// Accepts every webhook and remembers it: the receiver double of AlertingTests.
final class WebhookSink: Sendable {
    struct Record: Decodable {
        var headers: [String: String]

        var webhookID: String { self.headers["webhook-id"] ?? "" }
    }

    let url: String
    private let recordsURL: String
    private let process: Process
    private let input = Pipe()

    init(name: String) throws {
        let process = Process()
        let python = try #require(Program.find("python3"), "Debian package python3")
        process.executableURL = python
        process.arguments = [Program.root.appending(path: "Tests/AlertingTests/Resources/receiver.py").path]
        let output = Pipe()
        process.standardInput = self.input
        process.standardOutput = output
        try process.run()
        let port = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
            .trimmingCharacters(in: .whitespacesAndNewlines)
        self.url = "http://127.0.0.1:\(port)/b/\(name)/200"
        self.recordsURL = "http://127.0.0.1:\(port)/records/\(name)"
        self.process = process
    }

    deinit { kill(self.process.processIdentifier, SIGKILL) }

    /// What came, in order.
    func records() async throws -> [Record] {
        let response = try await Program.client.send(HTTPRequest(url: self.recordsURL), bodyLimit: 64 << 20)
        return try JSONDecoder().decode([Record].self, from: Data(response.body))
    }
}
