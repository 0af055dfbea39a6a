import Foundation
import Gzip
import OTLP
import Testing

/// One recorded session of the real program, see `Tests/Fixtures/otlp/README.md`.
struct Capture: CustomTestStringConvertible {
    struct Body {
        var signal: OTLPSignal
        var encoding: OTLPEncoding
        var bytes: [UInt8]
        var file: String
    }

    var name: String
    var bodies: [Body]
    var expected: Expected

    var testDescription: String { self.name }

    /// The part of `expected.json` that says what is in the files.
    struct Expected: Decodable {
        struct InCapture: Decodable {
            var api_request_events: Int
            var api_request_events_sent_again: Int
            var event_tokens: [String: Int64]
            var metric_tokens: [String: Int64]
            var items: [String: Int]
        }
        var in_capture: InCapture
    }

    private struct Sidecar: Decodable {
        var transport: String
        var signal: String
    }

    static let folder = URL(filePath: #filePath).appending(path: "../../../Fixtures/otlp").standardizedFileURL

    static let all: [Capture] = {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: Self.folder.path())) ?? []
        return files.sorted().compactMap { Capture(folder: Self.folder.appending(path: $0)) }
    }()

    static func named(_ name: String) throws -> Capture {
        try #require(Self.all.first { $0.name == name })
    }

    private init?(folder: URL) {
        guard let data = try? Data(contentsOf: folder.appending(path: "expected.json")),
            let expected = try? JSONDecoder().decode(Expected.self, from: data),
            let files = try? FileManager.default.contentsOfDirectory(atPath: folder.path())
        else { return nil }
        self.name = folder.lastPathComponent
        self.expected = expected
        // The Prometheus capture has scrapes, no requests.
        let sidecars = files.filter { $0.hasSuffix(".headers.json") && !$0.contains("prometheus") }.sorted()
        self.bodies = sidecars.compactMap { Self.body(folder, $0) }
        guard self.bodies.count == sidecars.count else { return nil }
    }

    private static func body(_ folder: URL, _ sidecarName: String) -> Body? {
        let base = sidecarName.dropLast(".headers.json".count)
        guard let data = try? Data(contentsOf: folder.appending(path: sidecarName)),
            let sidecar = try? JSONDecoder().decode(Sidecar.self, from: data)
        else { return nil }
        let signals: [String: OTLPSignal] = ["metrics": .metrics, "logs": .logs, "traces": .traces]
        guard let signal = signals[sidecar.signal] else { return nil }
        for suffix in [".bin", ".json"] {
            guard let raw = try? Data(contentsOf: folder.appending(path: base + suffix)) else { continue }
            var bytes = [UInt8](raw)
            if sidecar.transport == "grpc" {
                let isCompressed = bytes[0] == 1
                bytes.removeFirst(5)
                if isCompressed { bytes = Self.gunzip(bytes) }
            } else if bytes.starts(with: [0x1f, 0x8b]) {
                bytes = Self.gunzip(bytes)
            }
            let encoding: OTLPEncoding = bytes.first == UInt8(ascii: "{") ? .json : .protobuf
            return Body(signal: signal, encoding: encoding, bytes: bytes, file: String(base))
        }
        return nil
    }

    private static func gunzip(_ bytes: [UInt8]) -> [UInt8] {
        var output: [UInt8] = []
        try? Gzip.decompress(bytes, limit: 1 << 24, into: &output)
        return output
    }
}
