import CurlHTTP
import Foundation
import Testing

@Suite("Metrics page")
struct MetricsPageTests {
    @Test("every family of the program's own /metrics is in the documentation")
    func families() async throws {
        let collector = try await CollectorProcess()
        let folder = Program.root.appending(path: "Sources/tokenscale/Documentation.docc")
        let pages = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .filter { $0.pathExtension == "md" }
            .map { try String(contentsOf: $0, encoding: .utf8) }
        #expect(pages.count > 5)
        let response = try await Program.client.send(HTTPRequest(url: try collector.url("metrics", "/metrics")))
        let families = String(decoding: response.body, as: UTF8.self).split(separator: "\n")
            .filter { $0.hasPrefix("# HELP ") }
            .map { $0.split(separator: " ")[2] }
        #expect(families.count > 70)
        for name in families {
            #expect(pages.contains { $0.contains("`\(name)") }, "\(name) is in no page")
        }
        _ = try await collector.stop()
    }
}
