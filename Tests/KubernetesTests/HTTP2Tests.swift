import CurlHTTP
import TestSupport
import Testing

@testable import Kubernetes

@Suite("HTTP/2")
struct HTTP2Tests {
    @Test("a server that offers HTTP/2 is spoken to in it, one that does not is not", arguments: [true, false])
    func negotiation(speaksHTTP2: Bool) async throws {
        let server = try await APIServerDouble.started(speaksHTTP2: speaksHTTP2)
        let client = HTTPClient(.init(userAgent: "t", proxy: .direct))
        var request = HTTPRequest(url: server.url + "/api/v1/pods")
        request.tls.authorities = .file(server.certificates.path("ca.crt"))
        #expect(try await client.send(request).head.isHTTP2 == speaksHTTP2)
        try await server.stop()
    }

    @Test("requests go on while many watches of the same connection are silent")
    func multiplexing() async throws {
        let server = try await APIServerDouble.started()
        server.put(Fixture.pods, Fixture.pod("a"))
        let client = server.client
        var streams: [HTTPResponseStream] = []
        for _ in 0..<40 {
            streams.append(
                try await client.watch(
                    Fixture.pods,
                    query: ["watch": "1"],
                    accept: "application/json",
                    timeout: .seconds(60)
                )
            )
        }
        for _ in 0..<10 {
            let list = try await client.get(ObjectList<MetadataObject>.self, Fixture.pods)
            #expect(list.items.count == 1)
        }
        #expect(streams.filter { $0.head.isHTTP2 }.count == 40)
        try await server.stop()
    }
}
