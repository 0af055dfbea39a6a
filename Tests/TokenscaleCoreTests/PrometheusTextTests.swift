import Testing

@testable import TokenscaleCore

@Suite("Prometheus text")
struct PrometheusTextTests {
    @Test("samples, labels, escapes, exemplars and timestamps are read")
    func reads() throws {
        let text = #"""
            # HELP a_total Help with {braces} and "quotes".
            # TYPE a_total counter
            a_total 3
            a_total{x="1",y="two \"words\", a \\ and a \n line"} 4.5e3 1700000000000
              b{x="",} +Inf
            c{le="0.5"} 7 # {trace_id="abc"} 0.3 1.5
            d NaN

            # EOF
            """#
        let samples = try PrometheusText.samples(text, sampleLimit: 10)
        #expect(
            samples.prefix(4) == [
                PrometheusSample(name: "a_total", value: 3),
                PrometheusSample(
                    name: "a_total",
                    labels: ["x": "1", "y": "two \"words\", a \\ and a \n line"],
                    value: 4_500
                ),
                PrometheusSample(name: "b", labels: ["x": ""], value: .infinity),
                PrometheusSample(name: "c", labels: ["le": "0.5"], value: 7),
            ]
        )
        #expect(samples.count == 5)
        #expect(samples[4].value.isNaN)
    }

    @Test(
        "a line that is no sample is an error with its number",
        arguments: ["a 1\nb", "a 1\nb{", "a 1\nb{x} 1", "a 1\nb{x=1} 1", "a 1\nb{x=\"1} 1", "a 1\nb one", "a 1\n{} 1"]
    )
    func malformed(text: String) {
        #expect(throws: PrometheusTextError.malformed(line: 2)) {
            try PrometheusText.samples(text, sampleLimit: 10)
        }
    }

    @Test("lines may end in CR LF, and a label may hold any character")
    func characters() throws {
        let text = "# HELP a x\r\na{x=\"\u{301}y\"} 3\r\nb 4\r\n"
        #expect(
            try PrometheusText.samples(text, sampleLimit: 10) == [
                PrometheusSample(name: "a", labels: ["x": "\u{301}y"], value: 3), PrometheusSample(name: "b", value: 4),
            ]
        )
    }

    @Test("unwanted samples are skipped, wanted ones are limited")
    func limit() throws {
        let text = "a 1\nb 1\na 2\n"
        #expect(try PrometheusText.samples(text, sampleLimit: 1) { $0 == "b" }.count == 1)
        #expect(throws: PrometheusTextError.tooManySamples(limit: 1)) {
            try PrometheusText.samples(text, sampleLimit: 1)
        }
    }

    static func body(connected: Int, pending: String, broken: Int = 0) -> String {
        """
        # TYPE claude_code_self_hosted_orchestrator_info gauge
        claude_code_self_hosted_orchestrator_info{version="2.1.329",pool_id="ccpool_01",hostname="o-0"} 1
        claude_code_self_hosted_orchestrator_connected \(connected)
        claude_code_self_hosted_orchestrator_queue_pending_sessions 99
        claude_code_self_hosted_orchestrator_queue_circuit_broken_sessions \(broken)
        \(pending)
        process_cpu_seconds_total 1
        """
    }

    @Test(
        "the depth of an orchestrator is what waits, if it is connected and knows it",
        arguments: [
            (1, "claude_code_self_hosted_orchestrator_pool_pending_sessions 7", 0, 7.0),
            (1, "claude_code_self_hosted_orchestrator_pool_pending_sessions 7", 3, 4.0),
            (1, "claude_code_self_hosted_orchestrator_pool_pending_sessions 0", 3, 0.0),
            (0, "claude_code_self_hosted_orchestrator_pool_pending_sessions 7", 0, nil),
            (1, "", 0, nil),
            (1, "claude_code_self_hosted_orchestrator_pool_pending_sessions NaN", 0, nil),
        ] as [(Int, String, Int, Double?)]
    )
    func runnerDepth(connected: Int, pending: String, broken: Int, expected: Double?) throws {
        let scrape = try RunnerScrape(text: Self.body(connected: connected, pending: pending, broken: broken))
        #expect(scrape.depth == expected)
        #expect(scrape.environment == "ccpool_01")
    }

    @Test(
        "a scrape without a depth says why",
        arguments: [
            ("up 1\n", "not the /metrics of an orchestrator"), ("", "not the /metrics of an orchestrator"),
            (Self.body(connected: 0, pending: "", broken: 0), "not connected to its control plane"),
            (Self.body(connected: 1, pending: "", broken: 0), "pool_pending_sessions is missing"),
        ]
    )
    func runnerFault(text: String, part: String) throws {
        let scrape = try RunnerScrape(text: text)
        #expect(scrape.depth == nil)
        #expect(scrape.fault?.contains(part) == true)
        #expect(RunnerScrape(isConnected: true, pendingCount: 0).fault == nil)
    }

    @Test("orchestrators of one environment are combined by maximum; disconnected ones are left out")
    func runnerMaximum() {
        let queue = RunnerQueue(namespace: "agents", queue: "q")
        let other = RunnerQueue(namespace: "agents", queue: "unknown")
        let depths = RunnerQueue.depths([
            (queue, RunnerScrape(isConnected: true, pendingCount: 5)),
            (queue, RunnerScrape(isConnected: true, pendingCount: 6)),
            (queue, RunnerScrape(isConnected: false, pendingCount: 60)),
            (other, RunnerScrape(isConnected: false, pendingCount: 1)),
        ])
        #expect(depths == [queue: 6])
    }
}
