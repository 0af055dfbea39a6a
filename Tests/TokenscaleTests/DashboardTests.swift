import CurlHTTP
import Foundation
import TestSupport
import Testing

/// `Dashboards/` on live data: a real Prometheus scrapes a real collector that the demo's fleet talks to.
@Suite("Dashboards")
struct DashboardTests {
    @Test("every expression of every panel and rule answers something, or is known to be empty for a reason")
    func everyExpression() async throws {
        guard let prometheus = Program.find("prometheus"), let curl = Program.find("curl")
        else {
            print("skipped: needs prometheus and curl (Debian packages of these names)")
            return
        }
        let receiver = try WebhookSink(name: "dashboards")
        let collector = try await CollectorProcess(
            arguments: ["--alert-receivers", "[{name: sink, type: webhook, url: '\(receiver.url)'}]"]
        )
        let scraper = try PrometheusProcess(
            program: prometheus,
            target: try #require(collector.addresses["metrics"]),
            directory: collector.directory
        )
        let demo = Process()
        demo.executableURL = Program.url
        demo.arguments = ["demo", "--endpoint", try collector.url("otlp_http", "")]
        demo.environment = Program.environment
        demo.standardError = FileHandle.nullDevice
        try demo.run()
        defer { kill(demo.processIdentifier, SIGKILL) }
        // What the autoscaler asks, so that there is something it was told.
        let api = try #require(collector.addresses["api"])
        let path = "/apis/custom.metrics.k8s.io/v1beta2/namespaces/demo/pods/*/claude_tokens_per_minute"
        try await eventually("the metrics API knows the demo's pods") {
            try await Program.run(curl, ["-skf", "https://\(api)\(path)"]).code == 0
        }
        let check = try await Program.run(
            Program.root.appending(path: "Tests/Tools/check-dashboards"),
            ["--prometheus", scraper.url, "--interval", "10s", "--range", "20s", "--wait", "300"],
            seconds: 600
        )
        print("dashboards: \(check.output.split(separator: "\n").last ?? "")")
        #expect(check.code == 0, "\(check.output)\(check.error)")
        _ = try await collector.stop()
    }
}

/// A real Prometheus with our rules, scraping every second.
private final class PrometheusProcess: Sendable {
    let url: String
    private let process: Process

    init(program: URL, target: String, directory: URL) throws {
        let rules = Program.root.appending(path: "Dashboards/prometheus/tokenscale.rules.yaml").path
        let file = directory.appending(path: "prometheus.yml")
        try """
        global: {scrape_interval: 2s, evaluation_interval: 2s}
        rule_files: ['\(rules)']
        scrape_configs: [{job_name: tokenscale, static_configs: [{targets: ['\(target)']}]}]
        """.write(to: file, atomically: true, encoding: .utf8)
        let port = try FreePort.find()
        self.url = "http://127.0.0.1:\(port)"
        let process = Process()
        process.executableURL = program
        process.arguments = [
            "--config.file=\(file.path)", "--storage.tsdb.path=\(directory.appending(path: "prometheus").path)",
            "--web.listen-address=127.0.0.1:\(port)", "--log.level=error",
        ]
        process.standardError = FileHandle.nullDevice
        try process.run()
        self.process = process
    }

    deinit { kill(self.process.processIdentifier, SIGKILL) }
}
