import CurlHTTP
import Foundation
import Logging
import MetricsAPI
import TestSupport
import Testing
import TokenscaleCore

/// What real consumers say of `/metrics`: promtool, Prometheus, Python's strict OpenMetrics parser.
@Suite("Real consumers")
struct RealToolsTests {
    static let promtool = Self.find("promtool")
    static let prometheus = Self.find("prometheus")

    private static func find(_ name: String) -> String? {
        (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin").split(separator: ":")
            .map { "\($0)/\(name)" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    /// Runs a program with `input` and answers its status and output.
    private static func run(_ path: String, _ arguments: [String], input: String) throws -> (Int32, String) {
        let process = Process()
        process.executableURL = URL(filePath: path)
        process.arguments = arguments
        let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).txt")
        try input.write(to: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: file) }
        process.standardInput = try FileHandle(forReadingFrom: file)
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: data, as: UTF8.self))
    }

    @Test("promtool check metrics finds nothing", .enabled(if: promtool != nil, "promtool is not installed"))
    func promtoolIsClean() throws {
        let exposition = ExpositionTests.exposition(ExpositionTests.fleet())
        let text = ExpositionTests.text(exposition)
        let (status, output) = try Self.run(try #require(Self.promtool), ["check", "metrics"], input: text)
        #expect(output.isEmpty)
        #expect(status == 0)
    }

    static let python: String? = {
        let environment = ProcessInfo.processInfo.environment["TOKENSCALE_TEST_PYTHON"]
        let root = URL(filePath: #filePath).appending(path: "../../../.venv/bin/python").standardizedFileURL.path()
        let candidates = [environment, root, "/usr/bin/python3"].compactMap { $0 }
        return candidates.first { path in
            (try? run(path, ["-c", "import prometheus_client"], input: "").0) == 0
        }
    }()

    @Test("Python's strict parsers read both forms", .enabled(if: python != nil, "prometheus_client is not installed"))
    func pythonParses() throws {
        let exposition = ExpositionTests.exposition(ExpositionTests.fleet())
        let script = """
            import sys
            from prometheus_client.openmetrics import parser as strict
            from prometheus_client import parser as classic
            text = sys.stdin.read()
            families = list((strict if sys.argv[1] == 'strict' else classic).text_string_to_metric_families(text))
            samples = [s for f in families for s in f.samples if s.name == 'claude_tokens_total']
            print(len(samples), sum(s.value for s in samples))
            """
        for (mode, accept) in [("strict", ExpositionTests.prometheus2), ("classic", "text/plain")] {
            let text = ExpositionTests.text(exposition, accept: accept)
            let (status, output) = try Self.run(try #require(Self.python), ["-c", script, mode], input: text)
            #expect(status == 0, "\(output)")
            #expect(output == "20 2301200\n", "\(mode)")
        }
    }

    @Test(
        "Prometheus scrapes it and counts every token",
        .enabled(if: prometheus != nil, "Prometheus is not installed")
    )
    func prometheusScrapes() async throws {
        var fleet = ExpositionTests.fleet()
        let store = SnapshotStore(fleet.snapshot)
        let exposition = ExpositionTests.exposition(fleet, snapshots: store)
        let server = MetricsServer(
            configuration: ListenerConfiguration(name: "metrics", host: "127.0.0.1", port: 0),
            serving: .init(),
            exposition: exposition,
            snapshots: store,
            directories: PodDirectoryStore(fleet.directory),
            version: "0.1.0",
            now: { Fleet.time },
            logger: .silent
        )
        try await withServer(server, bound: server.bound) { port in
            let run = try PrometheusRun(binary: try #require(Self.prometheus), scrape: port)
            defer { run.stop() }
            let seen = try await run.wait(for: "count(claude_tokens_total)") { $0 == 20 }
            #expect(seen)
            // A pod is born between two scrapes with 500 tokens, which `increase()` must see.
            fleet.add("new", active: TokenCounts(input: 500, output: 0, cacheRead: 0, cacheCreation: 0))
            let index = fleet.snapshot.counters.firstIndex { $0.pod.name == "new" } ?? 0
            fleet.snapshot.sequence += 1
            fleet.snapshot.counters[index].birthSequence = fleet.snapshot.sequence
            store.publish(fleet.snapshot)
            let value =
                "max_over_time(claude_tokens_total{pod=\"new\",type=\"input\"}[1m]) "
                + "- min_over_time(claude_tokens_total{pod=\"new\",type=\"input\"}[1m])"
            #expect(try await run.wait(for: value) { $0 == 500 })
            #expect(try await run.wait(for: "up") { $0 == 1 })
        }
    }
}

/// A Prometheus of the test's own, scraping each second.
private struct PrometheusRun {
    private let process = Process()
    private let directory: URL
    private let port: Int
    private let client = HTTPClient(.init(userAgent: "test", proxy: .direct))

    init(binary: String, scrape: Int) throws {
        self.directory = FileManager.default.temporaryDirectory.appending(path: "prometheus-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: self.directory, withIntermediateDirectories: true)
        self.port = try FreePort.find()
        let configuration = """
            global: {scrape_interval: 2s, scrape_timeout: 2s}
            scrape_configs: [{job_name: t, static_configs: [{targets: ['127.0.0.1:\(scrape)']}]}]
            """
        let file = self.directory.appending(path: "prometheus.yml")
        try configuration.write(to: file, atomically: true, encoding: .utf8)
        self.process.executableURL = URL(filePath: binary)
        self.process.arguments = [
            "--config.file=\(file.path())", "--storage.tsdb.path=\(self.directory.path())/data",
            "--web.listen-address=127.0.0.1:\(self.port)", "--log.level=error",
        ]
        self.process.standardError = FileHandle.nullDevice
        try self.process.run()
    }

    func stop() {
        self.process.terminate()
        self.process.waitUntilExit()
        try? FileManager.default.removeItem(at: self.directory)
    }

    /// Asks until the answer satisfies `condition`; `false` after two minutes.
    func wait(for query: String, _ condition: (Double) -> Bool) async throws -> Bool {
        let allowed = CharacterSet.alphanumerics
        let encoded = query.addingPercentEncoding(withAllowedCharacters: allowed) ?? ""
        let deadline = ContinuousClock.now + .seconds(120)
        while ContinuousClock.now < deadline {
            let request = HTTPRequest(url: "http://127.0.0.1:\(self.port)/api/v1/query?query=\(encoded)")
            if let response = try? await self.client.send(request),
                let value = Self.value(of: response.body), condition(value)
            {
                return true
            }
            // The condition is another process's: it can only be asked again.
            try await Task.sleep(for: .milliseconds(200))
        }
        return false
    }

    private static func value(of body: [UInt8]) -> Double? {
        let root = try? JSONSerialization.jsonObject(with: Data(body)) as? [String: Any]
        let data = root?["data"] as? [String: Any]
        let result = data?["result"] as? [[String: Any]]
        let pair = result?.first?["value"] as? [Any]
        return (pair?.last as? String).flatMap { Double($0) }
    }
}
