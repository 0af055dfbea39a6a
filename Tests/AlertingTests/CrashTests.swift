import AlertingCrashSubject
import Foundation
import Synchronization
import TestSupport
import Testing
import TokenscaleCore

@testable import Alerting

extension OneAtATime {
    /// `kill -9` at random moments: before, between and in the middle of decisions, commits and deliveries.
    @Suite("Crash")
    struct CrashTests {
        private static let killCount = 300
        /// Ticks after the last kill.
        private static let restCount = 20

        @Test("hundreds of kills lose no transition, send none under another id, and keep the order of each alert")
        func kills() async throws {
            let seed = UInt64.random(in: .min ... .max)
            print("crash test: seed \(seed)")
            let directory = try TemporaryDirectory()
            let double = try ReceiverDouble.shared.get()
            let name = "crash-\(String(seed, radix: 16))"
            let url = "http://127.0.0.1:\(double.port)/b/\(name)"
            var generator = DeliveryPolicyTests.SeededGenerator(state: seed)
            var tick = 0
            var kills = 0
            var killsWithinWork = 0
            var isDone = false
            var lastTick = Int.max
            while !isDone {
                let isLast = kills == Self.killCount
                if isLast { lastTick = tick + Self.restCount }
                let subject = try CrashSubject(
                    arguments: [directory.path("alerts.sqlite"), url, "\(tick)", "\(lastTick)", "\(seed)"]
                )
                if !isLast {
                    // Every other kill from the first instruction of the process on, the rest after its first tick:
                    // some instructions to some dozens of ticks later.
                    if kills % 2 == 1 { try await subject.waitForFirstTick() }
                    let delay = Double.random(in: 0...1, using: &generator)
                    try await Task.sleep(for: .microseconds(Int(delay * delay * 120_000)))
                    kill(subject.processID, SIGKILL)
                    kills += 1
                }
                let lines = try await subject.finish()
                isDone = lines.last == "done"
                try #require(isDone == isLast, "the subject ended by itself; seed \(seed)")
                let reached = lines.compactMap { Int($0) }.last.map { $0 + 1 } ?? tick
                killsWithinWork += reached > tick ? 1 : 0
                tick = reached
            }
            try await self.compare(directory: directory, name: name, seed: seed, lastTick: lastTick)
            print("crash test: \(kills) kills, \(killsWithinWork) of them after at least one tick of work")
            #expect(killsWithinWork >= Self.killCount / 2, "seed \(seed)")
        }

        /// Compares with the same history, run without interruption and without a disk.
        private func compare(directory: TemporaryDirectory, name: String, seed: UInt64, lastTick: Int) async throws {
            var machine = AlertStateMachine(policy: CrashHistory.policy)
            var expected: [AlertTransition] = []
            for tick in 0...lastTick { expected += machine.step(CrashHistory.snapshot(tick: tick, seed: seed)) }
            expected += machine.step(CrashHistory.snapshot(tick: lastTick + 1, seed: seed, isOver: true))
            let stored = try await AlertOutbox(path: directory.path("alerts.sqlite")).transitionIDs()
            #expect(stored == expected.map(\.id), "seed \(seed)")
            let double = try ReceiverDouble.shared.get()
            for receiver in ["one", "two"] {
                let records = try await double.records("\(name)-\(receiver)").filter {
                    !["500", "reset"].contains($0.step)
                }
                let seen = Set(records.map(\.webhookID))
                // A repetition may be overtaken by news; nothing else may be missing, nothing may be new.
                let missing = expected.filter { !seen.contains($0.id) && $0.kind != .repeated }
                #expect(missing.isEmpty, "seed \(seed), \(receiver): \(missing.count) missing")
                #expect(seen.isSubset(of: Set(expected.map(\.id))), "seed \(seed), \(receiver)")
                var newest: [String: Int] = [:]
                let order = Dictionary(uniqueKeysWithValues: expected.enumerated().map { ($0.element.id, $0.offset) })
                var isFirst: Set<String> = []
                for record in records where isFirst.insert(record.webhookID).inserted {
                    let place = try #require(order[record.webhookID])
                    let alert = String(record.webhookID.prefix(16))
                    #expect(place > newest[alert, default: -1], "seed \(seed): out of order")
                    newest[alert] = place
                }
                let again = records.count - seen.count
                print(
                    "crash test: \(receiver): \(seen.count) transitions accepted, "
                        + "\(again) of them once more after a kill"
                )
                #expect(seen.count > 100, "seed \(seed): the history must be worth the test")
            }
        }
    }
}

/// The child process.
private struct CrashSubject {
    private let process: Process
    private let output = OutputReader()

    init(arguments: [String]) throws {
        let executable = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
            .appending(path: "AlertingCrashSubject")
        self.process = Process()
        self.process.executableURL = executable
        self.process.arguments = arguments
        let pipe = Pipe()
        self.process.standardOutput = pipe
        try self.process.run()
        self.output.read(pipe)
    }

    var processID: pid_t { self.process.processIdentifier }

    func waitForFirstTick() async throws {
        try await eventually("a first tick") { !self.output.lines.isEmpty }
    }

    /// Waits until the process has ended; all lines it has written.
    func finish() async throws -> [String] {
        let output = self.output
        try await eventually("the subject ends", seconds: 120) { output.isAtEnd }
        self.process.waitUntilExit()
        return output.lines
    }
}

/// Collects what comes out of a pipe, on a thread of its own.
private final class OutputReader: Sendable {
    private let state = Mutex<(data: Data, isAtEnd: Bool)>((Data(), false))

    func read(_ pipe: Pipe) {
        let handle = pipe.fileHandleForReading
        Thread.detachNewThread {
            while true {
                let chunk = handle.availableData
                self.state.withLock { state in
                    state.data += chunk
                    state.isAtEnd = chunk.isEmpty
                }
                if chunk.isEmpty { return }
            }
        }
    }

    var isAtEnd: Bool { self.state.withLock { $0.isAtEnd } }

    /// Whole lines only.
    var lines: [String] {
        let text = self.state.withLock { String(decoding: $0.data, as: UTF8.self) }
        return text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
    }
}
