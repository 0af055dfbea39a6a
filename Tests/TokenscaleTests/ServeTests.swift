import CurlHTTP
import Foundation
import TestSupport
import Testing
import TokenscaleCore

@testable import tokenscale

@Suite("tokenscale serve, as a user starts it")
struct ServeTests {
    @Test("SIGTERM and SIGINT end it with 0 within 5 s, and the state is on disk", arguments: [SIGTERM, SIGINT])
    func stops(signal: Int32) async throws {
        let collector = try await CollectorProcess()
        let end = try await collector.stop(signal)
        #expect(end.code == 0, "\(collector.logText)")
        #expect(end.duration < CollectorProcess.endLimit)
        let state = collector.directory.appending(path: "state")
        #expect(FileManager.default.fileExists(atPath: state.path))
        #expect(!collector.logText.contains("\"level\":\"error\""), "\(collector.logText)")
    }

    @Test("connections that nobody closes do not hold up the end")
    func stopsDespiteOpenConnections() async throws {
        let collector = try await CollectorProcess()
        let client = try await StubbornClient(of: collector)
        defer { client.stop() }
        let end = try await collector.stop()
        #expect(end.code == 0, "\(collector.logText)")
        #expect(end.duration < CollectorProcess.endLimit)
    }

    @Test("a second instance names every address that is taken and what to do")
    func secondInstance() async throws {
        let first = try await CollectorProcess()
        let grpc = try #require(first.addresses["otlp_grpc"])
        let http = try #require(first.addresses["otlp_http"])
        let folder = FileManager.default.temporaryDirectory.appending(path: "second-\(UUID())")
        let second = try await Program.run(
            Program.url,
            [
                "serve", "--data-directory", folder.path, "--otlp-grpc-address", grpc, "--otlp-http-address", http,
                "--metrics-address", "off", "--api-address", "off", "--health-address", "off",
            ]
        )
        #expect(second.code == 1)
        for part in [grpc, http, "otlp-grpc-address", "otlp-http-address", "in use", "stop it"] {
            #expect(second.error.contains(part), "\(part): \(second.error)")
        }
        #expect(try await first.stop().code == 0)
    }

    @Test("addresses that cannot be listened on are named at once, each with what to do")
    func unusableAddresses() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "unusable-\(UUID())")
        let ended = try await Program.run(
            Program.url,
            [
                "serve", "--data-directory", folder.path, "--otlp-grpc-address", "192.0.2.1:0",
                "--otlp-http-address", "nosuch.invalid:0", "--metrics-address", "off", "--api-address", "off",
                "--health-address", "off",
            ]
        )
        #expect(ended.code == 1)
        for part in [
            "192.0.2.1:0 (otlp-grpc-address): no address of this machine; choose one",
            "nosuch.invalid:0 (otlp-http-address): the name does not resolve",
        ] { #expect(ended.error.contains(part), "\(part): \(ended.error)") }
    }

    @Test("a data directory serves one process at a time")
    func lockedDirectory() async throws {
        let first = try await CollectorProcess()
        let second = try await Program.run(
            Program.url,
            [
                "serve", "--data-directory", first.directory.path, "--otlp-grpc-address", "127.0.0.1:0",
                "--otlp-http-address", "off", "--metrics-address", "off", "--api-address", "off",
                "--health-address", "off",
            ]
        )
        #expect(second.code == 1)
        #expect(second.error.contains("in use by another tokenscale"), "\(second.error)")
        #expect(try await first.stop().code == 0)
    }

    @Test("faults of the configuration end it with 78 before anything begins")
    func faults() async throws {
        let output = try await Program.run(
            Program.url,
            ["serve", "--log-level", "loud", "--nonsense", "1"],
            environment: ["TOKENSCALE_POD_LIMIT": "-1"]
        )
        #expect(output.code == 78)
        for part in ["3 faults", "log-level", "--nonsense", "$TOKENSCALE_POD_LIMIT"] {
            #expect(output.error.contains(part), "\(output.error)")
        }
    }

    @Test("help and version are good everywhere")
    func help() async throws {
        let version = try await Program.run(Program.url, ["--version"])
        #expect(version.output == "tokenscale \(Version.current)\n")
        for command in [[], ["serve"], ["check-config"], ["demo"]] {
            let help = try await Program.run(Program.url, command + ["--help"])
            #expect(help.code == 0)
            #expect(help.output.contains("USAGE: tokenscale"))
            #expect(help.output.split(separator: "\n").allSatisfy { $0.count <= 80 }, "\(command)")
        }
        let serve = try await Program.run(Program.url, ["serve", "--help"])
        for setting in Setting.all { #expect(serve.output.contains(setting.flag), "\(setting.key)") }
    }

    @Test("check-config says that all is well, or what is not")
    func checkConfig() async throws {
        let good = try await Program.run(Program.url, ["check-config", "--print-config", "--pod-limit", "5"])
        #expect(good.code == 0)
        #expect(good.output.contains("pod-limit: 5"))
        #expect(good.output.contains("# --pod-limit"))
        let bad = try await Program.run(Program.url, ["check-config", "--pod-limit", "0"])
        #expect(bad.code == 78)
    }

    @Test("the demo without a collector says what to do")
    func demoAlone() async throws {
        let output = try await Program.run(Program.url, ["demo", "--endpoint", "http://127.0.0.1:1"])
        #expect(output.code == 1)
        #expect(output.error.contains("no collector at http://127.0.0.1:1"), "\(output.error)")
        #expect(output.error.contains("tokenscale serve"))
    }
}
