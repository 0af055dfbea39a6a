import Foundation
import TestSupport
import Testing
import TokenscaleCore

@testable import OTLPReceiver

@Suite("Bearer tokens")
struct BearerTokenTests {
    typealias Case = (header: String?, isAccepted: Bool)

    static let cases: [Case] = [
        ("Bearer first", true), ("Bearer second-token", true), ("bearer first", true), ("BEARER  first ", true),
        // Claude Code sends OTEL_EXPORTER_OTLP_HEADERS as given, although the value is to be percent-encoded.
        ("Bearer%20first", true),
        (nil, false), ("", false), ("Bearer", false), ("Bearer ", false), ("first", false), ("Basic first", false),
        ("Bearer firs", false), ("Bearer firstt", false), ("Bearer First", false), ("Bearer first second-token", false),
    ]

    @Test("exactly the tokens of the file are accepted", arguments: cases)
    func accepts(test: Case) throws {
        let tokens = try #require(BearerTokens(text: "first\n\n  second-token \r\n"))
        #expect(tokens.accept(authorization: test.header) == test.isAccepted)
    }

    @Test("a file without a usable token is refused", arguments: ["", "\n \n", "with space", "ünïcode"])
    func refuses(text: String) { #expect(BearerTokens(text: text) == nil) }

    @Test("without a token requests get 401 over HTTP; a changed file is taken into use, a broken one is not")
    func endToEnd() async throws {
        let directory = try TemporaryDirectory()
        let file = directory.path("tokens")
        try directory.write("old-token\n", to: "tokens")
        try await TestReceiver.run {
            $0.bearerTokenFile = file
        } test: { receiver in
            let client = try HTTP1Client(port: receiver.httpPort)
            func status(_ token: String?, path: String = "/v1/logs") async throws -> Int {
                var headers = [("content-type", "application/json")]
                if let token { headers.append(("authorization", "Bearer \(token)")) }
                return try await client.exchange("POST", path, headers: headers).status
            }
            #expect(try await status(nil) == 401)
            #expect(try await status("wrong") == 401)
            #expect(try await status("old-token") == 200)
            #expect(try await status(nil, path: "/v1/queue-depth") == 401)
            #expect(receiver.refusals(.unauthenticated) == 3)
            let refused = try await client.exchange("POST", "/v1/logs", headers: [("content-type", "application/json")])
            #expect(refused.headers["www-authenticate"] == "Bearer")
            #expect(refused.text.contains("\"code\":16"))

            try directory.write("new-token\nold-token\n", to: "tokens")
            while try await status("new-token") != 200 {}
            #expect(try await status("old-token") == 200)
            try directory.write("new-token\n", to: "tokens")
            while try await status("old-token") != 401 {}
            try directory.write("not a token\n", to: "tokens")
            try await Task.sleep(for: .milliseconds(100))
            #expect(try await status("new-token") == 200)
            #expect(receiver.ingested.isEmpty == false)
        }
    }

    @Test("the receiver does not start without its token file")
    func missing() async throws {
        await #expect(throws: ReceiverError.self) {
            try await TestReceiver.run {
                $0.bearerTokenFile = "/does/not/exist"
            } test: { _ in
            }
        }
    }
}
