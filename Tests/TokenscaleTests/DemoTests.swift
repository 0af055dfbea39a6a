import CurlHTTP
import Foundation
import TestSupport
import Testing
import TokenscaleCore

@testable import tokenscale

@Suite("Demo")
struct DemoTests {
    static let recordings: [(name: String, recording: DemoRecording)] = [
        ("fixer", .fixer), ("reviewer", .reviewer), ("delegator", .delegator), ("migrator", .migrator),
    ]

    @Test("every line of every recording is understood, in order of time", arguments: recordings.map(\.name))
    func isUnderstood(name: String) throws {
        let recording = try #require(Self.recordings.first { $0.name == name }).recording
        #expect(recording.events.count >= 15)
        #expect(recording.events.map(\.milliseconds) == recording.events.map(\.milliseconds).sorted())
        #expect(recording.events.contains { if case .request = $0.content { true } else { false } })
        for event in recording.events {
            guard case .result(let result) = event.content else { continue }
            _ = try JSONSerialization.jsonObject(with: Data(result.input.utf8))
        }
    }

    @Test("a session plays each event once, whatever the ticks, and ends")
    func session() {
        for step in [0.1, 1, 7.3] {
            var session = DemoSession(
                recording: .fixer,
                id: "s",
                start: Timestamp(seconds: 1_000),
                stretch: 2,
                isEndless: false
            )
            var played: [DemoSession.Occurrence] = []
            var time = 1_000.0
            while !session.hasEnded {
                time += step
                played += session.due(now: Timestamp(milliseconds: Int64(time * 1_000)))
                guard time < 1_100 else { break }
            }
            #expect(played.count == DemoRecording.fixer.events.count)
            #expect(played.map(\.sequence) == (0..<Int64(played.count)).map { $0 })
        }
    }

    @Test("a stuck session goes on in rounds, with new request ids and growing totals")
    func endless() {
        var session = DemoSession(
            recording: .migrator,
            id: "s",
            start: Timestamp(seconds: 0),
            stretch: 0.5,
            isEndless: true
        )
        let played = session.due(now: Timestamp(seconds: 600))
        #expect(played.count > 3 * DemoRecording.migrator.events.count)
        let prompts = played.filter { if case .prompt = $0.event.content { true } else { false } }
        #expect(prompts.count == 1)
        let requests = played.filter { if case .request = $0.event.content { true } else { false } }
        #expect(Set(requests.map(\.requestNumber)).count == requests.count)
        #expect(!session.hasEnded)
    }

    @Test("within 30 s every pod has sent tokens, and every body is JSON")
    func fleet() throws {
        let start = Timestamp(seconds: 1_800_000_000)
        var fleet = DemoFleet(namespace: "demo", salt: "x", start: start)
        var pods: Set<String> = []
        for second in 0...30 {
            for body in fleet.tick(now: start.advanced(bySeconds: Double(second))) {
                let object = try JSONSerialization.jsonObject(with: Data(body.json.utf8)) as? [String: Any]
                #expect(object?.keys.first == (body.path == "/v1/logs" ? "resourceLogs" : "resourceMetrics"))
                guard body.json.contains("\"api_request\"") else { continue }
                for pod in fleet.pods where body.json.contains(pod.body.pod) { pods.insert(pod.body.pod) }
            }
        }
        #expect(pods.count == fleet.pods.count)
    }

    @Test("the queue breathes between 2 and 14")
    func queue() {
        let depths = (0..<120).map { DemoFleet.depth(seconds: Double($0)) }
        #expect(depths.min() == 2)
        #expect(depths.max() == 14)
    }

    // MARK: The command

    @Test(
        "what stands between the demo and a collector is named with what to do",
        arguments: [
            (HTTPClientError.serverUntrusted, "https://h:1", "--tls-ca-file"),
            (.connectionLost, "http://h:1", "write https://"),
            (.connectionLost, "https://h:1", "no collector at https://h:1"),
            (.tlsFailed, "https://h:1", "write http://"), (.urlRefused, "ftp://h", "write http://HOST:PORT"),
            (.connectionFailed, "http://h:1", "Start one with `tokenscale serve`"),
        ]
    )
    func failure(error: HTTPClientError, endpoint: String, part: String) {
        #expect(DemoCommand.failure(error, endpoint: endpoint).contains(part))
    }

    @Test("a token that is wrong is told from one that is missing")
    func refusal() {
        for status in [401, 403] {
            #expect(
                DemoCommand.refusal(status: status, endpoint: "e", hasToken: true).contains("does not know the token")
            )
            #expect(
                DemoCommand.refusal(status: status, endpoint: "e", hasToken: false).contains("wants a bearer token")
            )
        }
    }

    @Test(
        "an address may lack its scheme and end with a slash",
        arguments: [
            ("h:1", "http://h:1"), ("https://h:1//", "https://h:1"), ("http://", "http://"), ("h/p/", "http://h/p"),
        ]
    )
    func address(text: String, wanted: String) { #expect(CollectorAPI.normalized(text) == wanted) }

    @Test("it outlives a restart of the collector, and ends by itself")
    func restart() async throws {
        let first = try await CollectorProcess()
        let address = try #require(first.addresses["otlp_http"])
        let log = first.directory.appending(path: "demo-log")
        try Data().write(to: log)
        let demo = Process()
        demo.executableURL = Program.url
        demo.arguments = ["demo", "--endpoint", address, "--duration", "5"]
        demo.standardError = try FileHandle(forWritingTo: log)
        try demo.run()
        try await eventually("the demo sends") {
            try await first.metrics().contains { $0.name == "tokenscale_tracked_pods" && $0.value > 0 }
        }
        #expect(try await first.stop().code == 0)
        try await eventually("the demo notices") {
            try String(contentsOf: log, encoding: .utf8).contains("trying again for a minute")
        }
        let second = try await CollectorProcess(arguments: ["--otlp-http-address", address])
        try await eventually("the demo ends") { !demo.isRunning }
        #expect(demo.terminationStatus == 0)
        #expect(try await second.metrics().contains { $0.name == "tokenscale_tracked_pods" && $0.value > 0 })
        #expect(try await second.stop().code == 0)
    }
}
