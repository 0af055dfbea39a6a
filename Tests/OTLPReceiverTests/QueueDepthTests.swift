import Synchronization
import Testing
import TokenscaleCore

@testable import OTLPReceiver

@Suite("POST /v1/queue-depth")
struct QueueDepthTests {
    static let faults: [(json: String, message: String)] = [
        ("", "not valid JSON"),
        ("{", "not valid JSON"),
        (#"{"namespace":"a","queue":"b","depth":1} x"#, "not valid JSON"),
        ("17", "expected is {\"namespace\""),
        ("[17]", "expected is {\"namespace\""),
        ("null", "expected is"),
        (#"{"queue":"b","depth":1}"#, "namespace is missing"),
        (#"{"namespace":"a","depth":1}"#, "queue is missing"),
        (#"{"namespace":"a","queue":"b"}"#, "depth is missing"),
        (#"{"namespace":"a","queue":"b","depth":"1"}"#, "depth must be a number"),
        (#"{"namespace":"a","queue":"b","depth":null}"#, "depth is missing"),
        (#"{"namespace":"a","queue":"b","depth":-1}"#, "depth must be a number from 0 to 1000000000"),
        (#"{"namespace":"a","queue":"b","depth":1e308}"#, "depth must be a number from 0 to 1000000000"),
        (#"{"namespace":"a","queue":"b","depth":1e999}"#, "depth must be a number"),
        (#"{"namespace":"A b","queue":"b","depth":1}"#, "namespace must be a Kubernetes name"),
        (#"{"namespace":"","queue":"b","depth":1}"#, "namespace must be a Kubernetes name"),
        (#"{"namespace":"a","queue":"","depth":1}"#, "queue must have 1 to 253 bytes"),
        (#"{"namespace":"a","queue":"b\nc","depth":1}"#, "queue must have 1 to 253 bytes"),
        (#"{"namespace":"a","queue":7,"depth":1}"#, "queue must be a string"),
        (#"{"namespace":"a","queue":"b","depth":1,"pod":"-x"}"#, "pod must be a Kubernetes name"),
        (#"{"namespace":"a","queue":"b","depth":1,"length":3}"#, "unknown keys"),
        (#"[{"namespace":"a","queue":"b","depth":1},{"namespace":"a","queue":"b"}]"#, "entry 1: depth is missing"),
    ]

    @Test("a fault is named and nothing is recorded", arguments: faults)
    func refuses(test: (json: String, message: String)) throws {
        #expect {
            _ = try QueueDepthReport(json: Array(test.json.utf8))
        } throws: { error in
            let message = (error as? QueueDepthReport.Fault)?.message ?? ""
            return message.contains(test.message)
        }
    }

    @Test("one object and an array are recorded")
    func records() async throws {
        try await TestReceiver.run { receiver in
            let client = try HTTP1Client(port: receiver.httpPort)
            let one = #"{"namespace":"agents","queue":"build jobs","depth":17}"#
            let response = try await Self.post(client, one)
            #expect(response.status == 200)
            #expect(response.text == "{}")
            let many =
                #"[{"namespace":"a","queue":"q","pod":"p-0","depth":0},{"depth":2.5,"queue":"r","namespace":"b"}]"#
            #expect(try await Self.post(client, many).status == 200)
            #expect(try await Self.post(client, "[]").status == 200)
            #expect(
                receiver.queueDepths == [
                    .init(namespace: "agents", queue: "build jobs", pod: nil, depth: 17, time: TestReceiver.now),
                    .init(namespace: "a", queue: "q", pod: "p-0", depth: 0, time: TestReceiver.now),
                    .init(namespace: "b", queue: "r", pod: nil, depth: 2.5, time: TestReceiver.now),
                ]
            )
            #expect(receiver.requests(.http, .queueDepth, "200") == 3)
        }
    }

    @Test("an array with one faulty entry records none; limits are told")
    func limits() async throws {
        try await TestReceiver.run { receiver in
            let client = try HTTP1Client(port: receiver.httpPort)
            let entry = #"{"namespace":"a","queue":"q","depth":1}"#
            #expect(try await Self.post(client, "[\(entry),{}]").status == 400)
            let many = "[" + Array(repeating: entry, count: 1500).joined(separator: ",") + "]"
            let response = try await Self.post(client, many)
            #expect(response.status == 400)
            #expect(response.text.contains("more than 1000 entries"))
            #expect(receiver.queueDepths.isEmpty)
            receiver.behaviour.withLock { $0.takesQueueDepth = false }
            let limited = try await Self.post(client, entry)
            #expect(limited.status == 200)
            #expect(limited.text.hasPrefix(#"{"partialSuccess":{"rejectedDataPoints":"1""#))
            let large = String(repeating: " ", count: 70_000) + entry
            #expect(try await Self.post(client, large).status == 413)
        }
    }

    static func post(_ client: HTTP1Client, _ json: String) async throws -> HTTP1Client.Response {
        let headers = [("content-type", "application/json")]
        return try await client.exchange("POST", "/v1/queue-depth", headers: headers, body: Array(json.utf8))
    }
}
