import Foundation
import MetricsAPI
import Testing
import TokenscaleCore

/// A picture of the status page, for a person to look at: set TOKENSCALE_SCREENSHOT to a file's path.
@Suite("Screenshot")
struct ScreenshotTests {
    static let path = ProcessInfo.processInfo.environment["TOKENSCALE_SCREENSHOT"]
    static let browser = ["/usr/bin/chromium", "/usr/bin/chromium-browser"]
        .first { FileManager.default.isExecutableFile(atPath: $0) }

    @Test("Chromium draws the status page", .enabled(if: path != nil && browser != nil, "only when asked for"))
    func draw() async throws {
        let path = try #require(Self.path)
        let browser = try #require(Self.browser)
        var fleet = ExpositionTests.fleet()
        for index in 0..<12 {
            let scale = Int64(index * index * 700)
            let counts = TokenCounts(input: scale, output: scale / 4, cacheRead: scale * 9, cacheCreation: scale / 2)
            fleet.add("worker-\(index)-7f9c", namespace: "agents", active: counts, workload: "workers")
        }
        fleet.snapshot.statistics.outcome.acceptedCount = 123_456
        let store = SnapshotStore(fleet.snapshot)
        let checks = [HealthCheck(name: "pods"), HealthCheck(name: "outbox", fault: "cannot write: disk full")]
        let server = MetricsServer(
            configuration: ListenerConfiguration(name: "metrics", host: "127.0.0.1", port: 0),
            serving: .init(),
            exposition: ExpositionTests.exposition(fleet, snapshots: store),
            snapshots: store,
            directories: PodDirectoryStore(fleet.directory),
            readiness: { checks },
            version: "0.1.0",
            now: { Fleet.time },
            logger: .silent
        )
        try await withServer(server, bound: server.bound) { port in
            let process = Process()
            process.executableURL = URL(filePath: browser)
            process.arguments = [
                "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--window-size=1500,1150",
                "--screenshot=\(path)", "http://127.0.0.1:\(port)/",
            ]
            process.standardError = FileHandle.nullDevice
            try process.run()
            let deadline = ContinuousClock.now + .seconds(60)
            // The browser ends by itself; it can only be asked.
            while process.isRunning, ContinuousClock.now < deadline { try await Task.sleep(for: .milliseconds(100)) }
            #expect(!process.isRunning)
            #expect(FileManager.default.fileExists(atPath: path))
        }
    }
}
