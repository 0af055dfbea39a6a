import CurlHTTP
import Foundation
import TestSupport
import Testing

/// `Resources/receiver.py`: one for all tests, or one of a test's own that speaks TLS. It ends with this process.
final class ReceiverDouble: Sendable {
    let port: Int
    private let process: Process
    private let input: Pipe
    private let scheme: String
    private let tls: TLSOptions
    private let client = HTTPClient(HTTPClient.Configuration(userAgent: "tokenscale/test", proxy: .direct))

    static let shared: Result<ReceiverDouble, any Error> = Result { try ReceiverDouble() }

    /// - Parameters:
    ///   - certificates: Paths of certificate, key, and the authority of clients; without them it speaks plain HTTP.
    ///   - tls: How this test reads the records.
    init(certificates: [String] = [], tls: TLSOptions = TLSOptions()) throws {
        self.scheme = certificates.isEmpty ? "http" : "https"
        self.tls = tls
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Resources/receiver.py")
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["python3", script.path] + certificates
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
    func url(_ name: String, _ script: String = "200") -> String {
        "\(self.scheme)://127.0.0.1:\(self.port)/b/\(name)/\(script)"
    }

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
        var request = HTTPRequest(url: "\(self.scheme)://127.0.0.1:\(self.port)/records/\(name)")
        request.tls = self.tls
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
