import Foundation
import OTLP
import TestSupport
import Testing
import TokenscaleCore

@testable import OTLPReceiver

/// The virtual environment of `./test`: the real OpenTelemetry exporters for Python.
enum TestPython {
    static let path: String? = {
        let root = URL(filePath: #filePath).appending(path: "../../..").standardizedFileURL
        let given = ProcessInfo.processInfo.environment["TOKENSCALE_TEST_PYTHON"]
        let path = given ?? root.appending(path: ".venv/bin/python").path
        return FileManager.default.isExecutableFile(atPath: path) ? path : nil
    }()

    /// What a script of `Resources` printed as JSON; its warnings may stand around it.
    static func run<Value: Decodable>(_ script: String, _ argument: String, as type: Value.Type) async throws -> Value {
        let directory = try TemporaryDirectory()
        let file = URL(filePath: #filePath).appending(path: "../Resources/\(script)").standardizedFileURL
        let output = try await directory.run(try #require(Self.path), [file.path, argument])
        let line = try #require(output.split(separator: "\n").last { $0.hasPrefix("{") }, "\(output)")
        return try JSONDecoder().decode(Value.self, from: Data(line.utf8))
    }
}

@Suite("Real exporters", .enabled(if: TestPython.path != nil, "run ./test: it installs the exporters"))
struct ExporterTests {
    struct Variant: CustomTestStringConvertible, Encodable {
        var kind: String
        var gzip = false
        var tls = false
        var mutual = false
        var token: String?
        var padding = 0
        /// Seconds; failures are retried until then.
        var timeout = 30

        var testDescription: String {
            "\(self.kind) gzip \(self.gzip) tls \(self.tls) mTLS \(self.mutual) token \(self.token != nil) "
                + "padding \(self.padding)"
        }
    }

    static let variants = ["grpc", "http"].flatMap { kind in
        [
            Variant(kind: kind), Variant(kind: kind, gzip: true), Variant(kind: kind, tls: true),
            Variant(kind: kind, gzip: true, tls: true, mutual: true, token: "secret"),
            Variant(kind: kind, token: "secret"),
            // About 3 MB in one request: many frames, window updates.
            Variant(kind: kind, padding: 60_000),
        ]
    }

    static func send(
        _ variant: Variant,
        to receiver: TestReceiver,
        _ directory: TemporaryDirectory
    ) async throws -> [String: String] {
        var options: [String: any Sendable] = ["kind": variant.kind, "gzip": variant.gzip, "padding": variant.padding]
        options["timeout"] = variant.timeout
        let scheme = variant.tls ? "https" : "http"
        options["endpoint"] =
            variant.kind == "grpc"
            ? "localhost:\(receiver.grpcPort)" : "\(scheme)://localhost:\(receiver.httpPort)"
        if variant.tls { options["ca"] = directory.path("one-ca.crt") }
        if variant.mutual {
            options["certificate"] = directory.path("one-client.crt")
            options["key"] = directory.path("one-client.key")
        }
        if let token = variant.token { options["token"] = token }
        let json = try JSONSerialization.data(withJSONObject: options)
        return try await TestPython.run(
            "exporters.py",
            String(decoding: json, as: UTF8.self),
            as: [String: String].self
        )
    }

    @Test("each signal arrives and is counted", arguments: variants)
    func exports(variant: Variant) async throws {
        let directory = try TemporaryDirectory()
        if variant.tls {
            try directory.writeCertificates(prefix: "one-")
            try TLSTests.install("one", in: directory)
        }
        try directory.write("secret\n", to: "tokens")
        let aggregator = Aggregator(configuration: .init(), hash: TestReceiver.hash, startTime: TestReceiver.now)
        let tokens = directory.path("tokens")
        let tls = TLSTests.files(directory, clientAuthority: variant.mutual ? "one" : nil)
        try await TestReceiver.run(aggregator: aggregator) {
            if variant.tls { $0.tls = tls }
            if variant.token != nil { $0.bearerTokenFile = tokens }
        } test: { receiver in
            let results = try await Self.send(variant, to: receiver, directory)
            #expect(results == ["metrics": "SUCCESS", "logs": "SUCCESS", "traces": "SUCCESS"])
            #expect(Set(receiver.ingested.map(\.signal)) == [.metrics, .logs, .traces])
            #expect(receiver.statistics.refusals.isEmpty)
            let snapshot = aggregator.snapshot(now: TestReceiver.now)
            #expect(snapshot.pods.map(\.id) == [PodID(namespace: "agents", name: "python-0")])
            #expect(snapshot.statistics.outcome.acceptedCount >= 51)
        }
    }

    @Test("without a token or a certificate nothing arrives", arguments: ["grpc", "http"])
    func refuses(kind: String) async throws {
        let directory = try TemporaryDirectory()
        try directory.writeCertificates(prefix: "one-")
        try TLSTests.install("one", in: directory)
        try directory.write("secret\n", to: "tokens")
        let tokens = directory.path("tokens")
        let tls = TLSTests.files(directory, clientAuthority: "one")
        try await TestReceiver.run {
            $0.bearerTokenFile = tokens
        } test: { receiver in
            let results = try await Self.send(Variant(kind: kind, token: "wrong", timeout: 1), to: receiver, directory)
            #expect(results == ["metrics": "FAILURE", "logs": "FAILURE", "traces": "FAILURE"])
            #expect(receiver.ingested.isEmpty)
        }
        try await TestReceiver.run {
            $0.tls = tls
        } test: { receiver in
            let results = try await Self.send(Variant(kind: kind, tls: true, timeout: 1), to: receiver, directory)
            #expect(results == ["metrics": "FAILURE", "logs": "FAILURE", "traces": "FAILURE"])
            #expect(receiver.ingested.isEmpty)
        }
    }

    private struct Calls: Decodable {
        var statuses: [String: String] = [:]
        var lists: [String: [String]] = [:]

        init(from decoder: any Decoder) throws {
            let object = try decoder.singleValueContainer().decode([String: Either].self)
            for (name, value) in object {
                switch value {
                case .one(let text): self.statuses[name] = text
                case .many(let texts): self.lists[name] = texts
                }
            }
        }

        private enum Either: Decodable {
            case one(String)
            case many([String])

            init(from decoder: any Decoder) throws {
                let container = try decoder.singleValueContainer()
                if let text = try? container.decode(String.self) {
                    self = .one(text)
                } else {
                    self = .many(try container.decode([String].self))
                }
            }
        }
    }

    @Test("grpcio sees the right status of each faulty call, and its connection survives")
    func grpcCalls() async throws {
        try await TestReceiver.run {
            $0.bodyByteLimit = 4 << 20
        } test: { receiver in
            let calls = try await TestPython.run("grpc_calls.py", "\(receiver.grpcPort)", as: Calls.self)
            let expected = [
                "empty": "OK", "unknown method": "UNIMPLEMENTED", "too large": "RESOURCE_EXHAUSTED",
                "at the limit": "OK", "bomb": "RESOURCE_EXHAUSTED", "gzip": "OK", "deflate": "UNIMPLEMENTED",
            ]
            for (name, status) in expected {
                #expect(calls.statuses[name] == status, "\(name)")
                #expect(calls.statuses["\(name), then"] == "OK", "\(name)")
            }
            #expect(calls.lists["500 at once"] == ["OK"])
            #expect(calls.statuses["cancelled, then"] == "OK")
            #expect(calls.statuses["pings"] == "OK")
            #expect(calls.statuses["pings, then"] == "OK")
            #expect(calls.lists["pings, states"]?.contains("TRANSIENT_FAILURE") == false)
            #expect(receiver.refusals(.malformed) == 0)
            // Seven calls, the 500, the cancelled and the pings: grpcio may share a connection, but none was lost.
            #expect(receiver.statistics.connectionCount <= 10)
        }
    }
}
