import CurlHTTP
import Foundation
import MetricsAPI
import Testing
import TokenscaleCore

/// The exchanges of the Go reference adapter, recorded under each identity, asked of our server over TLS.
@Suite("Reference exchanges")
struct ReferenceTests {
    struct Exchange: Sendable, CustomTestStringConvertible {
        var file: String
        var name: String
        var certificate: String
        var method: String
        var target: String
        var headers: [HTTPHeader]
        var status: Int
        var kind: String?
        var message: String?
        var body: String?

        var testDescription: String { "\(self.file): \(self.name)" }
    }

    /// Where ours differs on purpose: the facts call the reference worse there, or it serves what we do not have.
    static let deviations: [String: (status: Int, text: String, why: String)] = [
        "bad metricLabelSelector": (400, "found '!', expected: identifier", "500 says that we failed"),
        "short po": (404, "what leads to pods are pods", "500 says that we failed"),
        "deployment versioned": (404, "what leads to pods are pods", "500 says that we failed"),
        "unknown resource": (404, "what leads to pods are pods", "500 says that we failed"),
        "watch": (405, "watch is not supported", "a list is no watch"),
        "unknown metric wildcard": (404, "claude_tokens_per_minute", "an empty list does not say why"),
        "unknown metric": (404, "claude_queue_depth", "an empty list does not say why"),
        "namespace v1beta1": (200, "\"kind\":\"Namespace\"", "the reference had no such value"),
        "namespace v1beta2": (200, "\"kind\":\"Namespace\"", "the reference had no such value"),
        "node namespaced": (200, "\"kind\":\"Node\"", "the HPA asks in this form"),
        "metric selector v1beta1": (404, "labelled", "the reference's own metric"),
        "metric selector v1beta2": (404, "labelled", "the reference's own metric"),
        "metric selector miss v1beta1": (404, "labelled", "the reference's own metric"),
        "metric selector miss v1beta2": (404, "labelled", "the reference's own metric"),
        "nodes wildcard": (200, "\"items\":[]", "nodes are not watched"),
        "selector": (404, "my-external-metric", "the reference's own metric"),
        "selector none": (404, "my-external-metric", "the reference's own metric"),
        "all": (404, "my-external-metric", "the reference's own metric"),
        "table": (404, "my-external-metric", "the reference's own metric"),
        "protobuf": (406, "application/json", "plain JSON is enough for every client"),
        "accept protobuf": (406, "application/json", "plain JSON is enough for every client"),
        "accept yaml": (406, "application/json", "plain JSON is enough for every client"),
        "accept html": (406, "Available representations: application/json", "ours are fewer"),
        "accept cbor": (406, "Available representations: application/json", "ours are fewer"),
        "gv protobuf": (406, "application/json", "plain JSON is enough for every client"),
        "apis protobuf": (406, "application/json", "plain JSON is enough for every client"),
        "gv yaml": (406, "application/json", "plain JSON is enough for every client"),
        "gv unacceptable": (406, "Available representations: application/json", "ours are fewer"),
        "metrics": (200, "# TYPE", "ours are other metrics"),
        "unknown object": (404, "not found", "ours says more"),
        "unknown metric object": (404, "nope for services front", "ours says what there is"),
        "limit bad": (400, "parsing \\\"abc\\\"", "same"),
        "impersonation header ignored": (403, "cannot get resource", "the reference names a verb of Kubernetes 1.36"),
        "encoded slash": (404, "a/b", "the path is not split at an escaped slash"),
    ]

    static let exchanges: [Exchange] = ["auth", "discovery", "external", "metrics", "negotiation"].flatMap(load)

    private static func load(_ file: String) -> [Exchange] {
        let url = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "Resources/reference/\(file).json")
        guard let data = try? Data(contentsOf: url),
            let list = try? JSONSerialization.jsonObject(with: data) as? [[String: Any]]
        else { return [] }
        return list.map { entry in
            var headers: [HTTPHeader] = []
            for (name, value) in entry["headers"] as? [String: Any] ?? [:] {
                let values = value as? [String] ?? [value as? String ?? ""]
                for value in values where name != "Accept-Encoding" { headers.append(.init(name: name, value: value)) }
            }
            let body = entry["body"] as? [String: Any]
            return Exchange(
                file: file,
                name: entry["name"] as? String ?? "",
                certificate: entry["certificate"] as? String ?? "none",
                method: entry["method"] as? String ?? "GET",
                target: entry["target"] as? String ?? "",
                headers: headers,
                status: entry["status"] as? Int ?? 0,
                kind: body?["kind"] as? String,
                message: body?["message"] as? String,
                body: body.flatMap { try? JSONSerialization.data(withJSONObject: $0, options: [.sortedKeys]) }
                    .map { String(decoding: $0, as: UTF8.self) }
            )
        }
    }

    @Test("there are exchanges to compare with")
    func isNotEmpty() { #expect(Self.exchanges.count > 100) }

    @Test("every exchange is answered as the reference does, or better for a stated reason")
    func compare() async throws {
        let fixture = try APIFixture(Fleet.recorded)
        try await withServer(fixture.server, bound: fixture.server.bound) { port in
            for exchange in Self.exchanges {
                // curl's libcurl wrapper has no OPTIONS; RequestAttributesTests covers it.
                guard let method = HTTPRequest.Method(rawValue: exchange.method) else { continue }
                // libcurl removes dot segments itself.
                guard exchange.name != "dotdot" else { continue }
                let response = try await fixture.request(
                    exchange.target,
                    port: port,
                    method: method,
                    headers: exchange.headers,
                    certificate: exchange.certificate
                )
                Self.check(exchange, response)
            }
        }
    }

    private static func check(_ exchange: Exchange, _ response: CurlHTTP.HTTPResponse) {
        let text = String(decoding: response.body, as: UTF8.self)
        let comment = Comment(rawValue: "\(exchange.testDescription): \(response.status) \(text.prefix(600))")
        #expect(response.head.headers.value(of: "retry-after") == nil, comment)
        if let deviation = self.deviations[exchange.name] {
            #expect(response.status == deviation.status, comment)
            #expect(text.contains(deviation.text), comment)
            return
        }
        #expect(response.status == exchange.status, comment)
        guard exchange.method != "HEAD" else {
            #expect(response.body.isEmpty, comment)
            return
        }
        let body = try? JSONSerialization.jsonObject(with: Data(response.body)) as? [String: Any]
        if exchange.kind == "Status" {
            // A Status is compared whole.
            let sorted = body.flatMap { try? JSONSerialization.data(withJSONObject: $0, options: [.sortedKeys]) }
            #expect(sorted.map { String(decoding: $0, as: UTF8.self) } == exchange.body, comment)
            #expect(response.head.headers.value(of: "content-type") == "application/json", comment)
        } else if let kind = exchange.kind {
            #expect(body?["kind"] as? String == kind, comment)
        }
    }
}
