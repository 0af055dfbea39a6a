import Foundation
import Testing

@testable import tokenscale

@Suite("State file")
struct StateFileTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: "tokenscale-\(UUID())")

    private func file(limit: Int = 1 << 20) throws -> StateFile {
        try FileManager.default.createDirectory(at: self.folder, withIntermediateDirectories: true)
        return StateFile(path: self.folder.appending(path: "state").path, byteLimit: limit)
    }

    @Test("what was written is read back; no file is no state")
    func roundTrip() throws {
        let file = try self.file()
        #expect(try file.read() == nil)
        try file.write([1, 2, 3])
        try file.write(Array(repeating: 7, count: 100_000))
        #expect(try file.read() == Array(repeating: 7, count: 100_000))
        try file.write([])
        #expect(try file.read() == [])
        #expect(try FileManager.default.contentsOfDirectory(atPath: self.folder.path) == ["state"])
    }

    @Test("too much is neither written nor read, and the former state stays")
    func limit() throws {
        let file = try self.file(limit: 10)
        try file.write([1])
        #expect(throws: StateFileError.tooLarge(byteCount: 11, limit: 10)) {
            try file.write(Array(repeating: 0, count: 11))
        }
        #expect(try file.read() == [1])
        try StateFile(path: file.path, byteLimit: 100).write(Array(repeating: 0, count: 50))
        #expect(throws: StateFileError.tooLarge(byteCount: 50, limit: 10)) { try file.read() }
    }

    @Test("a folder that cannot be written is an error that may pass")
    func unwritable() {
        let file = StateFile(path: "/nonexistent/state", byteLimit: 10)
        #expect { try file.write([1]) } throws: { ($0 as? StateFileError)?.isRetryable == true }
    }
}
