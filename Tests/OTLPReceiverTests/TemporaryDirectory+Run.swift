import Foundation
import TestSupport
import Testing

extension TemporaryDirectory {
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
}
