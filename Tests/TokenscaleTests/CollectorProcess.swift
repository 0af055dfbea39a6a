import CurlHTTP
import Foundation
import Synchronization
import TestSupport
import Testing
import TokenscaleCore

@testable import tokenscale

/// The built program, started as a user would start it, with free ports and a folder of its own.
final class CollectorProcess: @unchecked Sendable {
    /// The program ends within 5 s: its own waits (``Collector/shutdownSeconds`` and a second for TLS) add up to that.
    /// What a loaded machine needs besides says nothing about it; a wait that nobody bounds lasts longer than this.
    static let endLimit = Duration.seconds(20)

    // `Process` is not Sendable; it is started in `init` and afterwards only asked and signalled, which Foundation
    // allows from any thread.
    private let process = Process()
    private let log: URL
    /// When the process ended, taken on a thread of Foundation's: tests that compute keep those of this pool busy.
    private let end = Mutex<ContinuousClock.Instant?>(nil)
    let directory: URL
    /// `otlp_grpc`, `otlp_http`, `metrics`, `api`, `health`.
    private(set) var addresses: [String: String] = [:]

    /// Starts the collector and waits until it says that it is ready.
    ///
    /// - Parameters:
    ///   - directory: The data directory of a former process; a new one by default.
    ///   - arguments: Besides free ports for every listener, which they override.
    init(directory: URL? = nil, arguments: [String] = [], environment: [String: String] = [:]) async throws {
        self.directory = directory ?? FileManager.default.temporaryDirectory.appending(path: "tokenscale-\(UUID())")
        try FileManager.default.createDirectory(at: self.directory, withIntermediateDirectories: true)
        self.log = self.directory.appending(path: "log-\(UUID())")
        try Data().write(to: self.log)
        self.process.executableURL = Program.url
        self.process.arguments = ["serve", "--log-format=json", "--data-directory", self.directory.path]
        for name in ["otlp-grpc", "otlp-http", "metrics", "api", "health"] {
            self.process.arguments?.append("--\(name)-address=127.0.0.1:0")
        }
        self.process.arguments? += arguments
        self.process.environment = Program.environment.merging(environment) { _, new in new }
        self.process.standardError = try FileHandle(forWritingTo: self.log)
        self.process.standardOutput = FileHandle.nullDevice
        self.process.standardInput = FileHandle.nullDevice
        self.process.terminationHandler = { [weak self] _ in
            let now = ContinuousClock.now
            self?.end.withLock { $0 = now }
        }
        try self.process.run()
        try await self.waitUntilReady(count: 1)
    }

    /// Waits until it has said so often that it is ready.
    private func waitUntilReady(count: Int) async throws {
        try await eventually("the collector is ready; its log: \(self.logText)") {
            if !self.process.isRunning { throw ProgramError(description: "it ended: \(self.logText)") }
            let lines = self.readyLines
            guard lines.count >= count, let line = lines.last else { return false }
            self.addresses = line
            return true
        }
    }

    private var readyLines: [[String: String]] {
        self.logLines.filter { $0["message"] == "tokenscale is ready" }
    }

    deinit {
        if self.process.isRunning { kill(self.process.processIdentifier, SIGKILL) }
        try? FileManager.default.removeItem(at: self.log)
    }

    var processID: Int32 { self.process.processIdentifier }

    var logText: String { (try? String(contentsOf: self.log, encoding: .utf8)) ?? "" }

    /// Each line is one JSON object of texts.
    var logLines: [[String: String]] {
        self.logText.split(separator: "\n").compactMap {
            try? JSONDecoder().decode([String: String].self, from: Data($0.utf8))
        }
    }

    func url(_ listener: String, _ path: String) throws -> String {
        guard let address = self.addresses[listener] else {
            throw ProgramError(description: "\(listener) does not listen: \(self.addresses)")
        }
        return "http://\(address)\(path)"
    }

    /// Every sample of `/metrics`.
    func metrics() async throws -> [PrometheusSample] {
        let response = try await Program.client.send(HTTPRequest(url: try self.url("metrics", "/metrics")))
        guard response.isSuccess else { throw ProgramError(description: "/metrics: \(response.status)") }
        return try PrometheusText.samples(String(decoding: response.body, as: UTF8.self), sampleLimit: 1_000_000)
    }

    /// `claude_tokens_total` by type, over all pods and models.
    func totals() async throws -> [String: Int64] {
        var totals: [String: Int64] = [:]
        for sample in try await self.metrics() where sample.name == "claude_tokens_total" {
            totals[sample.labels["type"] ?? "", default: 0] += Int64(sample.value)
        }
        return totals
    }

    @discardableResult
    func post(_ path: String, _ body: [UInt8], headers: [HTTPHeader]) async throws -> HTTPResponse {
        let request = HTTPRequest(.post, url: try self.url("otlp_http", path), headers: headers, body: body)
        return try await Program.client.send(request)
    }

    /// Sends SIGHUP and waits until it is ready again; its ports are others then.
    func hangUp() async throws {
        let count = self.readyLines.count
        kill(self.process.processIdentifier, SIGHUP)
        try await self.waitUntilReady(count: count + 1)
    }

    /// Sends a signal and waits for the end.
    ///
    /// - Returns: The exit code and how long it took.
    func stop(_ signal: Int32 = SIGTERM) async throws -> (code: Int32, duration: Duration) {
        let start = ContinuousClock.now
        kill(self.process.processIdentifier, signal)
        try await eventually("the collector ends; its log: \(self.logText)") {
            self.end.withLock { $0 } != nil && !self.process.isRunning
        }
        let end = self.end.withLock { $0 } ?? ContinuousClock.now
        return (self.process.terminationStatus, end - start)
    }
}

struct ProgramError: Error, CustomStringConvertible {
    let description: String
}

/// The program as a file, and what tests of it need.
enum Program {
    /// Beside the running test bundle.
    static let url: URL = {
        let tests = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return URL(filePath: tests).deletingLastPathComponent().appending(path: "tokenscale")
    }()

    /// The environment of this process without settings that would change the program's.
    static let environment = ProcessInfo.processInfo.environment.filter {
        !$0.key.hasPrefix("TOKENSCALE_") && $0.key != "KUBERNETES_SERVICE_HOST"
    }

    static let client = HTTPClient(.init(userAgent: "tokenscale-tests", proxy: ProxySettings()))

    static let root = URL(filePath: #filePath).appending(path: "../../..").standardizedFileURL

    /// A program from PATH, or `nil`.
    static func find(_ name: String) -> URL? {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        return folders.map { URL(filePath: "\($0)/\(name)") }
            .first { FileManager.default.isExecutableFile(atPath: $0.path) }
    }

    struct Output: Sendable {
        var code: Int32
        var output: String
        var error: String
    }

    /// Runs a program to its end, without blocking a thread of the pool.
    static func run(
        _ program: URL = Self.url,
        _ arguments: [String],
        environment: [String: String] = [:],
        seconds: Double = 300
    ) async throws -> Output {
        let folder = FileManager.default.temporaryDirectory.appending(path: "run-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let files = ["out", "err"].map { folder.appending(path: $0) }
        for file in files { try Data().write(to: file) }
        let process = Process()
        process.executableURL = program
        process.arguments = arguments
        process.environment = Self.environment.merging(environment) { _, new in new }
        process.standardOutput = try FileHandle(forWritingTo: files[0])
        process.standardError = try FileHandle(forWritingTo: files[1])
        process.standardInput = FileHandle.nullDevice
        try process.run()
        defer { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }
        try await eventually("\(program.lastPathComponent) \(arguments) ends", seconds: seconds) {
            !process.isRunning
        }
        return Output(
            code: process.terminationStatus,
            output: try String(contentsOf: files[0], encoding: .utf8),
            error: try String(contentsOf: files[1], encoding: .utf8)
        )
    }
}
