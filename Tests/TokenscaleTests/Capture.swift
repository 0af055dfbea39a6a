import CurlHTTP
import Foundation
import TokenscaleCore

@testable import tokenscale

/// A directory of `Tests/Fixtures/otlp`: recorded export requests and what a consumer must find in them.
struct Capture: Sendable, CustomStringConvertible {
    struct Request: Sendable {
        var signal: String
        var path: String
        var isGRPC: Bool
        var headers: [HTTPHeader]
        var file: URL
    }

    let name: String
    let folder: URL

    var description: String { self.name }

    static let root = Program.root.appending(path: "Tests/Fixtures/otlp")

    static let all: [Capture] = {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: root.path)) ?? []
        return names.sorted().map { Capture(name: $0, folder: root.appending(path: $0)) }.filter {
            FileManager.default.fileExists(atPath: $0.folder.appending(path: "expected.json").path)
        }
    }()

    init(name: String, folder: URL) {
        self.name = name
        self.folder = folder
    }

    init(_ name: String) { self.init(name: name, folder: Self.root.appending(path: name)) }

    /// In the order they were sent.
    func requests() throws -> [Request] {
        struct Sidecar: Decodable {
            var transport: String?
            /// Absent: not an export request, but a scrape.
            var path: String?
            var headers: [[String]]?
            var signal: String?
            var file: String?
        }
        let kept: Set<String> = ["content-type", "content-encoding", "grpc-encoding", "te", "user-agent"]
        let files = try FileManager.default.contentsOfDirectory(atPath: self.folder.path).sorted()
        return try files.filter { $0.hasSuffix(".headers.json") }.compactMap { file -> Request? in
            let data = try Data(contentsOf: self.folder.appending(path: file))
            let sidecar = try JSONDecoder().decode(Sidecar.self, from: data)
            guard let path = sidecar.path, let signal = sidecar.signal, let name = sidecar.file else { return nil }
            let headers = (sidecar.headers ?? []).filter { $0.count == 2 && kept.contains($0[0].lowercased()) }
            return Request(
                signal: signal,
                path: path,
                isGRPC: sidecar.transport == "grpc",
                headers: headers.map { HTTPHeader(name: $0[0].lowercased(), value: $0[1]) },
                file: self.folder.appending(path: name)
            )
        }
    }

    /// `in_capture` of `expected.json`: totals by type, as events, metrics, and their maximum tell them.
    func expected(_ key: String) throws -> [String: Int64] {
        let data = try Data(contentsOf: self.folder.appending(path: "expected.json"))
        guard let object = try JSONSerialization.jsonObject(with: data) as? [String: Any],
            let capture = object["in_capture"] as? [String: Any], let tokens = capture[key] as? [String: Any]
        else { return [:] }
        return tokens.compactMapValues { ($0 as? NSNumber)?.int64Value }.filter { $0.value > 0 }
    }
}
