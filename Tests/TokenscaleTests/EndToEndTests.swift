import CurlHTTP
import Foundation
import TestSupport
import Testing
import TokenscaleCore

@testable import tokenscale

@Suite("End to end, with the demo's traffic and real peers")
struct EndToEndTests {
    @Test("within 30 s of the demo pods, rates, queue and the stuck session are seen everywhere")
    func demoAndTop() async throws {
        let collector = try await CollectorProcess()
        let otlp = try #require(collector.addresses["otlp_http"])
        let metrics = try #require(collector.addresses["metrics"])
        async let demo = Program.run(
            Program.url,
            ["demo", "--endpoint", "http://\(otlp)", "--duration", "29"]
        )
        var text = ""
        try await eventually("top shows the fleet: \(text)") {
            let top = try await Program.run(Program.url, ["top", "--address", metrics])
            text = top.output
            return top.code == 0 && text.contains("STUCK\nwarning demo/migrator")
        }
        for pod in ["fixer-7d9f4c8b6-x2x5q", "reviewer-", "delegator-", "demo/code-tasks"] {
            #expect(text.contains(pod), "\(text)")
        }
        #expect(!text.contains("\u{1b}"), "plain text when piped")

        let json = try await Program.run(Program.url, ["top", "--address", metrics, "--json"])
        let object = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
        #expect(object?.keys.sorted() == ["sessions", "snapshot"])

        let explain = try await Program.run(
            Program.url,
            ["explain", "demo/migrator-84c9b5f6d-h6jxl", "--address", metrics, "--target", "200k"]
        )
        #expect(explain.code == 0)
        #expect(explain.output.contains("1 session left out"), "\(explain.output)")

        let samples = try await collector.metrics()
        #expect(samples.contains { $0.name == "claude_queue_depth" && $0.labels["queue"] == "code-tasks" })
        #expect(samples.contains { $0.name == "tokenscale_stuck_sessions" && $0.value >= 1 })
        let sent = try await demo
        #expect(sent.code == 0, "\(sent.error)")
        #expect(try await collector.stop().code == 0)
    }

    @Test("commands without a collector, or with a foreign one, say what to do")
    func noCollector() async throws {
        for command in [["top"], ["explain", "agents/x"]] {
            let output = try await Program.run(Program.url, command + ["--address", "127.0.0.1:1"])
            #expect(output.code == 1)
            #expect(output.error.contains("no collector at http://127.0.0.1:1"), "\(output.error)")
            #expect(output.error.contains("--address"))
        }
        let collector = try await CollectorProcess()
        let health = try #require(collector.addresses["health"])
        let foreign = try await Program.run(Program.url, ["top", "--address", health])
        #expect(foreign.code == 1)
        #expect(foreign.error.contains("is this a --metrics-address?"), "\(foreign.error)")
        let otlp = try #require(collector.addresses["metrics"])
        let demo = try await Program.run(Program.url, ["demo", "--endpoint", "http://\(otlp)", "--duration", "3"])
        #expect(demo.code == 1)
        #expect(demo.error.contains("is not the --otlp-http-address"), "\(demo.error)")
    }

    @Test("queue depth: pushed, and scraped from a self-hosted runner's orchestrators")
    func queueDepth() async throws {
        let source = try await CollectorProcess()
        // Any program with a /metrics will do as a target that is no orchestrator: it must be left out, not read as 0.
        let foreign = try source.url("metrics", "/metrics")
        let orchestrator = try await OrchestratorDouble(pending: 7, broken: 2)
        // Takes ten seconds to be given up: no other queue may wait for it.
        let silent = try SilentListener()
        let collector = try await CollectorProcess(arguments: [
            "--runner-scrape-interval-seconds=300", "--runner-scrape-targets",
            "[{url: \"\(foreign)\", namespace: agents, queue: foreign}, "
                + "{url: \"\(silent.url)\", namespace: agents, queue: silent}, "
                + "{url: \"\(orchestrator.url)\", namespace: agents}]",
        ])
        let body = Array(#"{"namespace": "agents", "queue": "tasks", "depth": 17}"#.utf8)
        let headers = [HTTPHeader(name: "content-type", value: "application/json")]
        #expect(try await collector.post("/v1/queue-depth", body, headers: headers).status == 200)
        try await eventually("both queues") {
            let depths = try await collector.metrics().filter { $0.name == "claude_queue_depth" }
            return depths.contains { $0.labels["queue"] == "tasks" && $0.value == 17 }
                && depths.contains { $0.labels["queue"] == "ccpool_01" && $0.value == 5 }
        }
        let metrics = try await collector.metrics()
        #expect(metrics.allSatisfy { $0.labels["queue"] != "foreign" && $0.labels["queue"] != "silent" })
        let scrapes = metrics.filter { $0.name == "tokenscale_runner_scrapes_total" }
        #expect(scrapes.map { $0.labels["outcome"] } == ["success", "failure", "without_depth"])
        // The silent one may have been given up by now.
        #expect([[1, 0, 1], [1, 1, 1]].contains(scrapes.map(\.value)))
        #expect(collector.logText.contains("is not the /metrics of an orchestrator"), "\(collector.logText)")
        #expect(try await collector.stop().code == 0)
    }

    @Test("an agent with GenAI conventions: its metric counts once, its spans and log events do not")
    func genAI() async throws {
        let collector = try await CollectorProcess()
        let headers = [HTTPHeader(name: "content-type", value: "application/json")]
        let start = WallClock.now().advanced(bySeconds: -20)
        func resource(_ rest: String) -> String {
            let pod = #"{"key":"k8s.pod.name","value":{"stringValue":"g-1"}}"#
            let namespace = #"{"key":"k8s.namespace.name","value":{"stringValue":"genai"}}"#
            return "{\"resource\":{\"attributes\":[\(pod),\(namespace)]},\(rest)}"
        }
        func metrics(input: Int, output: Int, seconds: Double) -> [UInt8] {
            let time = start.advanced(bySeconds: seconds).nanoseconds
            let points = [("input", input), ("output", output)].map { type, sum in
                let attributes = [("gen_ai.token.type", type), ("gen_ai.response.model", "m")].map {
                    "{\"key\":\"\($0.0)\",\"value\":{\"stringValue\":\"\($0.1)\"}}"
                }.joined(separator: ",")
                return "{\"attributes\":[\(attributes)],\"startTimeUnixNano\":\"\(start.nanoseconds)\","
                    + "\"timeUnixNano\":\"\(time)\",\"count\":\"9\",\"sum\":\(sum),\"bucketCounts\":[\"9\"]}"
            }.joined(separator: ",")
            let histogram = "\"histogram\":{\"aggregationTemporality\":2,\"dataPoints\":[\(points)]}"
            let metric = "{\"name\":\"gen_ai.client.token.usage\",\"unit\":\"{token}\",\(histogram)}"
            return Array("{\"resourceMetrics\":[\(resource("\"scopeMetrics\":[{\"metrics\":[\(metric)]}]"))]}".utf8)
        }
        for body in [
            metrics(input: 1_000, output: 50, seconds: 5), metrics(input: 3_000, output: 200, seconds: 10),
            metrics(input: 3_000, output: 200, seconds: 10),
        ] { #expect(try await collector.post("/v1/metrics", body, headers: headers).status == 200) }
        let usage = #"[{"key":"gen_ai.usage.input_tokens","value":{"intValue":"777"}}]"#
        let record =
            "{\"timeUnixNano\":\"\(start.nanoseconds)\",\"attributes\":\(usage),"
            + "\"eventName\":\"gen_ai.client.inference.operation.details\"}"
        let logs = "{\"resourceLogs\":[\(resource("\"scopeLogs\":[{\"logRecords\":[\(record)]}]"))]}"
        #expect(try await collector.post("/v1/logs", Array(logs.utf8), headers: headers).status == 200)
        let span = "{\"name\":\"chat\",\"attributes\":\(usage)}"
        let traces = "{\"resourceSpans\":[\(resource("\"scopeSpans\":[{\"spans\":[\(span)]}]"))]}"
        #expect(try await collector.post("/v1/traces", Array(traces.utf8), headers: headers).status == 200)
        try await eventually("the event and the span are told as ignored") {
            try await collector.metrics().contains {
                $0.name == "tokenscale_recorded_items_total" && $0.labels["outcome"] == "ignored" && $0.value == 2
            }
        }
        let tokens = try await collector.metrics().filter { $0.name == "claude_tokens_total" && $0.value > 0 }
        #expect(tokens.map { "\($0.labels["type"] ?? "") \($0.value)" } == ["input 3000.0", "output 200.0"])
        #expect(tokens.allSatisfy { $0.labels["pod"] == "g-1" && $0.labels["model"] == "m" })
        #expect(try await collector.stop().code == 0)
    }

    @Test("the metrics API answers over TLS what the ledger's window holds")
    func metricsAPI() async throws {
        let collector = try await CollectorProcess(arguments: ["--coverage-seconds=0"])
        let address = try #require(collector.addresses["api"])
        let curl = try #require(Program.find("curl"), "curl is missing: ./test installs it")
        var session = DemoSession(
            recording: .fixer,
            id: "s",
            start: WallClock.now().advanced(bySeconds: -20),
            stretch: 1,
            isEndless: false
        )
        let occurrences = session.due(now: WallClock.now()).map { (session: "s", occurrence: $0) }
        let body = DemoBody(namespace: "agents", pod: "pod-1", workload: "agents", uid: "u")
        let headers = [HTTPHeader(name: "content-type", value: "application/json")]
        #expect(
            try await collector.post("/v1/logs", Array(body.logs(occurrences).utf8), headers: headers).status == 200
        )
        let tokens = session.totals.values.reduce(Int64(0)) { $0 + $1[0] + $1[1] + $1[3] }
        let path = "/apis/custom.metrics.k8s.io/v1beta2/namespaces/agents/pods/*/claude_tokens_per_minute"
        var text = ""
        try await eventually("\(tokens) in the answer, not: \(text)") {
            text = try await Program.run(curl, ["-sk", "https://\(address)\(path)"]).output
            return text.contains("\"value\":\"\(tokens)\"")
        }
        #expect(text.contains("\"windowSeconds\":60"))
        #expect(try await collector.stop().code == 0)
    }

    @Test(
        "a real Prometheus scrapes it and adds up the same totals",
        .enabled(if: Program.find("prometheus") != nil, "prometheus is not installed: ./test installs it")
    )
    func prometheus() async throws {
        let prometheus = try #require(Program.find("prometheus"))
        let collector = try await CollectorProcess()
        let target = try #require(collector.addresses["metrics"])
        let folder = collector.directory.appending(path: "prometheus")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let file = folder.appending(path: "prometheus.yml")
        try "scrape_configs:\n- {job_name: t, scrape_interval: 2s, static_configs: [{targets: ['\(target)']}]}\n"
            .write(to: file, atomically: true, encoding: .utf8)
        let port = try FreePort.find()
        let process = Process()
        process.executableURL = prometheus
        process.arguments = [
            "--config.file=\(file.path)", "--storage.tsdb.path=\(folder.path)/data",
            "--web.listen-address=127.0.0.1:\(port)",
        ]
        process.standardError = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        defer { kill(process.processIdentifier, SIGKILL) }
        let capture = Capture("healthy-http-protobuf")
        // Prometheus knows the collector before the tokens come: it must see the series born at 0.
        try await eventually("the first scrape") {
            (try? await Self.query(port, "up")) == 1
        }
        try await ReplayTests.replay(capture, .all, to: collector)
        let expected = try ReplayVariant.all.expected(of: capture).values.reduce(0, +)
        try await eventually("Prometheus has \(expected)") {
            (try? await Self.query(port, "sum(claude_tokens_total)")) == Double(expected)
        }
        // Not rate(): the plain difference over the scrapes, which is lost for a series that is born with its value.
        let growth = "sum(claude_tokens_total - min_over_time(claude_tokens_total[10m]))"
        #expect(try await Self.query(port, growth) == Double(expected))
        let born = "count(min_over_time(claude_tokens_total[10m]) == 0)"
        #expect(try await Self.query(port, born) ?? 0 >= 4, "every series was seen at 0 first")
        #expect(try await collector.stop().code == 0)
    }

    private static func query(_ port: Int, _ expression: String) async throws -> Double? {
        struct Answer: Decodable {
            struct Data: Decodable {
                struct Result: Decodable { var value: [Value] }
                var result: [Result]
            }
            enum Value: Decodable {
                case number(Double)
                case text(String)
                init(from decoder: any Decoder) throws {
                    let container = try decoder.singleValueContainer()
                    if let text = try? container.decode(String.self) {
                        self = .text(text)
                    } else {
                        self = .number(try container.decode(Double.self))
                    }
                }
            }
            var data: Data
        }
        let url = "http://127.0.0.1:\(port)/api/v1/query?query=\(expression.percentEncoded())"
        let response = try await Program.client.send(HTTPRequest(url: url))
        let answer = try JSONDecoder().decode(Answer.self, from: Data(response.body))
        guard case .text(let text) = answer.data.result.first?.value.last else { return nil }
        return Double(text)
    }
}

/// An orchestrator as far as its `/metrics` goes: Python's own file server over one file.
final class OrchestratorDouble: @unchecked Sendable {
    // Started in `init`, stopped in `deinit`, nothing between.
    private let process = Process()
    private let folder = FileManager.default.temporaryDirectory.appending(path: "orchestrator-\(UUID())")
    let url: String

    init(pending: Int, broken: Int) async throws {
        try FileManager.default.createDirectory(at: self.folder, withIntermediateDirectories: true)
        let prefix = "claude_code_self_hosted_orchestrator_"
        let text = """
            \(prefix)info{version="2.1.329",pool_id="ccpool_01"} 1
            \(prefix)connected 1
            \(prefix)pool_pending_sessions \(pending)
            \(prefix)queue_circuit_broken_sessions \(broken)

            """
        try text.write(to: self.folder.appending(path: "metrics"), atomically: true, encoding: .utf8)
        let port = try FreePort.find()
        self.url = "http://127.0.0.1:\(port)/metrics"
        guard let python = Program.find("python3") else { throw ProgramError(description: "python3 is missing") }
        self.process.executableURL = python
        self.process.arguments = [
            "-m", "http.server", "\(port)", "--bind", "127.0.0.1", "--directory", self.folder.path,
        ]
        self.process.standardError = FileHandle.nullDevice
        self.process.standardOutput = FileHandle.nullDevice
        try self.process.run()
        let url = self.url
        try await eventually("the double answers") {
            (try? await Program.client.send(HTTPRequest(url: url)))?.isSuccess == true
        }
    }

    deinit {
        // SIGTERM would not do: children inherit the signal mask of the thread that starts them.
        kill(self.process.processIdentifier, SIGKILL)
        try? FileManager.default.removeItem(at: self.folder)
    }
}

/// Lets clients connect, and says nothing.
final class SilentListener: Sendable {
    private let descriptor: Int32
    let url: String

    init() throws {
        let port = try FreePort.find()
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let result = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                unsafe bind(descriptor, pointer, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0, listen(descriptor, 16) == 0 else {
            throw ProgramError(description: "cannot listen on \(port): errno \(errno)")
        }
        self.descriptor = descriptor
        self.url = "http://127.0.0.1:\(port)/metrics"
    }

    deinit { close(self.descriptor) }
}
