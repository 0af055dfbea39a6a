import CurlHTTP
import Foundation
import TestSupport
import Testing
import TokenscaleCore

@testable import Kubernetes

@Suite("Pod watcher at scale", .serialized)
struct ScaleTests {
    private static let podCount = 10_000
    /// Issue "Pods": 10,000 pods cost at most 40 MB.
    private static let byteLimit = 40_000_000

    /// `Resources/many_pods.py`; it ends when `input` is closed.
    private struct ManyPods {
        let process: Process
        let input: Pipe
        let port: Int

        init(certificates: TemporaryDirectory, count: Int) throws {
            let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Resources/many_pods.py")
            let process = Process()
            process.executableURL = URL(filePath: "/usr/bin/env")
            process.arguments = [
                "python3", script.path, certificates.path("server.crt"), certificates.path("server.key"), "\(count)",
            ]
            let (input, output) = (Pipe(), Pipe())
            process.standardInput = input
            process.standardOutput = output
            try process.run()
            let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
            self.port = try #require(Int(line.trimmingCharacters(in: .whitespacesAndNewlines)))
            self.process = process
            self.input = input
        }

        func stop() throws {
            try self.input.fileHandleForWriting.close()
            self.process.waitUntilExit()
        }
    }

    /// Bytes of this process in memory that are its own (not files).
    private static func anonymousBytes() throws -> Int {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix("RssAnon:") } ?? ""
        return (line.split(whereSeparator: \.isWhitespace).compactMap { Int($0) }.first ?? 0) * 1024
    }

    /// Processor time of this process, in milliseconds.
    private static func processorMilliseconds() -> Int {
        var usage = rusage()
        unsafe getrusage(0, &usage)  // RUSAGE_SELF
        let seconds = usage.ru_utime.tv_sec + usage.ru_stime.tv_sec
        return seconds * 1000 + Int(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000
    }

    @Test(
        "10,000 pods of 8 kB cost at most 40 MB, without polling",
        .enabled(if: ProcessInfo.processInfo.environment["TOKENSCALE_TEST_SCALE"] != nil)
    )
    func memory() async throws {
        let certificates = try APIServerDouble.sharedCertificates.get()
        let server = try ManyPods(certificates: certificates, count: Self.podCount)
        var cluster = ClusterConfiguration(server: "https://127.0.0.1:\(server.port)")
        cluster.tls.authorities = .file(certificates.path("ca.crt"))
        let client = KubernetesClient(cluster, userAgent: "tokenscale/test", proxy: .direct)
        let store = PodDirectoryStore(PodDirectory())
        let watcher = PodWatcher(client: client, store: store, logger: silentLogger)
        let before = (bytes: try Self.anonymousBytes(), milliseconds: Self.processorMilliseconds())
        var peak = before.bytes
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await watcher.run() }
            while store.current.count < Self.podCount {
                peak = max(peak, try Self.anonymousBytes())
                try await Task.sleep(for: .milliseconds(5))
            }
            let synced = Self.processorMilliseconds() - before.milliseconds
            try await Task.sleep(for: .seconds(1))
            let idle = Self.processorMilliseconds() - before.milliseconds - synced
            let after = try Self.anonymousBytes()
            peak = max(peak, after) - before.bytes
            print("10,000 pods: \(after - before.bytes) bytes kept, \(peak) at the peak")
            print("10,000 pods: \(synced) ms of processor time to list, \(idle) ms in an idle second")
            #expect(after - before.bytes <= Self.byteLimit && peak <= Self.byteLimit)
            #expect(store.current.records.allSatisfy { $0.workload?.kind == "ReplicaSet" && !$0.addresses.isEmpty })
            group.cancelAll()
        }
        try server.stop()
    }
}
