import Foundation
import Testing

/// The picture of the targets (`Documentation.docc/Architecture.md`), checked: who may import what.
@Suite("Imports")
struct ImportTests {
    /// What comes with the toolchain and opens no door of its own.
    static let toolchain: Set<String> = [
        "Dispatch", "Foundation", "FoundationEssentials", "Glibc", "Darwin", "Synchronization",
    ]
    static let nio: Set<String> = ["NIOCore", "NIOPosix", "NIOSSL", "NIOHTTP1", "NIOHTTP2", "NIOHPACK", "NIOTLS"]
    static let service: Set<String> = ["Logging", "ServiceLifecycle"]

    /// Every module a target may import. Core has no I/O, clock or Foundation; edges never see each other.
    static let allowed: [String: Set<String>] = [
        "TokenscaleCore": ["Synchronization"],
        "Gzip": toolchain.union(["CZlib"]),
        "OTLP": ["COTLP", "TokenscaleCore", "Synchronization"],
        "CurlHTTP": toolchain.union(["CCurl"]),
        "OTLPReceiver": toolchain.union(nio).union(service).union(["OTLP", "TokenscaleCore", "Gzip"]),
        "MetricsAPI": toolchain.union(nio).union(service).union([
            "TokenscaleCore", "Gzip", "Hummingbird", "HummingbirdCore", "HummingbirdTLS", "HummingbirdHTTP2",
            "HTTPTypes", "X509", "SwiftASN1", "Crypto",
        ]),
        "Alerting": toolchain.union(service).union(["TokenscaleCore", "CurlHTTP", "GRDB", "Crypto"]),
        "Kubernetes": toolchain.union(service).union(["TokenscaleCore", "CurlHTTP"]),
        "tokenscale": toolchain.union(service).union([
            "Alerting", "CurlHTTP", "Gzip", "Kubernetes", "MetricsAPI", "OTLP", "OTLPReceiver", "TokenscaleCore",
            "ArgumentParser", "Yams", "NIOCore", "NIOPosix", "UnixSignals",
        ]),
    ]

    /// Modules that exactly one target may import: the only door to what is behind them.
    static let doors: [String: String] = [
        "CCurl": "CurlHTTP", "COTLP": "OTLP", "CZlib": "Gzip", "GRDB": "Alerting", "Hummingbird": "MetricsAPI",
        "Yams": "tokenscale", "ArgumentParser": "tokenscale",
    ]

    static let swiftTargets = allowed.keys.sorted()

    @Test("a target imports only what the picture allows", arguments: swiftTargets)
    func imports(target: String) throws {
        let allowed = try #require(Self.allowed[target])
        for file in Self.files(of: target) {
            for name in try Self.imports(of: file) where !allowed.contains(name) && name != target {
                Issue.record("\(target)/\(file.lastPathComponent) imports \(name)")
            }
        }
    }

    @Test("the table itself keeps the doors shut and the edges apart")
    func table() {
        for (module, owner) in Self.doors {
            for (target, imports) in Self.allowed where target != owner {
                #expect(!imports.contains(module), "\(target) may import \(module), which is \(owner)'s")
            }
        }
        let edges: Set<String> = ["OTLPReceiver", "MetricsAPI", "Alerting", "Kubernetes"]
        for edge in edges {
            #expect(Self.allowed[edge]?.isDisjoint(with: edges.subtracting([edge])) == true)
        }
    }

    @Test("every folder of Sources that holds Swift is in the table")
    func complete() throws {
        let folders = try FileManager.default.contentsOfDirectory(
            atPath: TidyTests.root.appending(path: "Sources").path
        )
        for folder in folders where !Self.files(of: folder).isEmpty {
            #expect(Self.allowed[folder] != nil, "Sources/\(folder) is not in the table of imports")
        }
    }

    @Test("imports are read in every spelling")
    func reads() throws {
        let text = """
            import NIOCore
            package import TokenscaleCore
            @testable import Alerting
            @preconcurrency internal import struct Foundation.URL
            // import Commented
            let text = "import Quoted"
            """
        let lines = text.split(separator: "\n")
        #expect(Self.imports(in: lines) == ["NIOCore", "TokenscaleCore", "Alerting", "Foundation"])
    }

    static func files(of target: String) -> [URL] {
        let folder = TidyTests.root.appending(path: "Sources").appending(path: target).path + "/"
        return TidyTests.sources.filter { $0.path.hasPrefix(folder) }
    }

    static func imports(of file: URL) throws -> [String] { self.imports(in: try TidyTests.lines(of: file)) }

    static func imports(in lines: [Substring]) -> [String] {
        let pattern =
            #"^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:(?:public|package|internal|fileprivate|private)\s+)?import\s+"#
            + #"(?:(?:struct|class|enum|func|protocol|typealias|let|var)\s+)?(\w+)"#
        guard let expression = try? Regex(pattern) else { return [] }
        return lines.compactMap { line in
            line.firstMatch(of: expression)?.output[1].substring.map(String.init)
        }
    }
}
