import CurlHTTP
import Foundation
import TestSupport
import Testing

/// `Resources/receiver.py`, started once for all tests; it ends with this process.
final class ReceiverDouble: Sendable {
    let port: Int
    private let process: Process
    private let input: Pipe
    private let client = HTTPClient(HTTPClient.Configuration(userAgent: "tokenscale/test", proxy: .direct))

    static let shared: Result<ReceiverDouble, any Error> = Result { try ReceiverDouble() }

    private init() throws {
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Resources/receiver.py")
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["python3", script.path]
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        self.port = try #require(Int(line.trimmingCharacters(in: .whitespacesAndNewlines)), "no port: \(line)")
        self.process = process
        self.input = input
    }

    /// A URL that behaves as `script` says; see the script's head.
    func url(_ name: String, _ script: String = "200") -> String { "http://127.0.0.1:\(self.port)/b/\(name)/\(script)" }

    struct Record: Codable, Sendable {
        var time: Double
        var step: String
        var path: String
        var headers: [String: String]
        var body: String

        var webhookID: String { self.headers["webhook-id"] ?? "" }

        func json() throws -> [String: Any] {
            try #require(try JSONSerialization.jsonObject(with: Data(self.body.utf8)) as? [String: Any])
        }
    }

    func records(_ name: String) async throws -> [Record] {
        let request = HTTPRequest(url: "http://127.0.0.1:\(self.port)/records/\(name)")
        let response = try await self.client.send(request, bodyLimit: 256 << 20)
        return try JSONDecoder().decode([Record].self, from: Data(response.body))
    }

    /// Waits until `count` requests have come; fails after `seconds`.
    func records(_ name: String, count: Int, seconds: Double = 20) async throws -> [Record] {
        try await eventualValue("\(count) requests to \(name)", seconds: seconds) {
            let records = try await self.records(name)
            return records.count >= count ? records : nil
        }
    }
}
