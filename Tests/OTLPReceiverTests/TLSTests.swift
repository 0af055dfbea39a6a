import CurlHTTP
import Foundation
import TestSupport
import Testing
import TokenscaleCore

@testable import OTLPReceiver

@Suite("TLS of the receiver")
struct TLSTests {
    /// The status over a new connection; `nil` when the handshake fails.
    static func status(
        _ receiver: TestReceiver,
        _ directory: TemporaryDirectory,
        authority: String,
        clientCertificate: String? = nil,
        port: Int? = nil
    ) async -> Int? {
        var request = HTTPRequest(
            .post,
            url: "https://localhost:\(port ?? receiver.httpPort)/v1/logs",
            headers: [.init(name: "content-type", value: "application/json")],
            body: Array("{}".utf8)
        )
        request.tls = TLSOptions(
            authorities: .file(directory.path("\(authority)-ca.crt")),
            certificateChain: clientCertificate.map { .file(directory.path("\($0)-client.crt")) },
            privateKey: clientCertificate.map { .file(directory.path("\($0)-client.key")) }
        )
        // A client of its own: no connection is left from an earlier call.
        let client = HTTPClient(.init(userAgent: "tokenscale-test", proxy: .direct))
        defer { client.shutdown() }
        return try? await client.send(request).status
    }

    static func files(_ directory: TemporaryDirectory, clientAuthority: String? = nil) -> ReceiverConfiguration.TLSFiles
    {
        .init(
            certificateChain: directory.path("server.crt"),
            privateKey: directory.path("server.key"),
            clientCertificateAuthorities: clientAuthority.map { directory.path("\($0)-ca.crt") }
        )
    }

    static func install(_ name: String, in directory: TemporaryDirectory) throws {
        for suffix in ["key", "crt"] {
            try directory.write(directory.text(of: "\(name)-server.\(suffix)"), to: "server.\(suffix)")
        }
    }

    @Test("TLS serves both ports; plain text and a distrusted server are counted")
    func serves() async throws {
        let directory = try TemporaryDirectory()
        try directory.writeCertificates(prefix: "one-")
        try directory.writeCertificates(prefix: "other-")
        try Self.install("one", in: directory)
        try await TestReceiver.run {
            $0.tls = Self.files(directory)
        } test: { receiver in
            #expect(await Self.status(receiver, directory, authority: "one") == 200)
            #expect(await Self.status(receiver, directory, authority: "one", port: receiver.grpcPort) == 200)
            #expect(await Self.status(receiver, directory, authority: "other") == nil)
            let plain = try HTTP1Client(port: receiver.httpPort)
            try await plain.connection.send(HTTP1Client.request("POST", "/v1/logs"))
            #expect(try await plain.response() == nil)
            try await eventually("both are counted") { receiver.refusals(.tlsHandshake) == 2 }
            #expect(receiver.ingested.count == 2)
        }
    }

    @Test("with a client authority, only its certificates are let in")
    func mutual() async throws {
        let directory = try TemporaryDirectory()
        try directory.writeCertificates(prefix: "one-")
        try directory.writeCertificates(prefix: "other-")
        try Self.install("one", in: directory)
        try await TestReceiver.run {
            $0.tls = Self.files(directory, clientAuthority: "one")
        } test: { receiver in
            #expect(await Self.status(receiver, directory, authority: "one", clientCertificate: "one") == 200)
            #expect(await Self.status(receiver, directory, authority: "one") == nil)
            #expect(await Self.status(receiver, directory, authority: "one", clientCertificate: "other") == nil)
            #expect(receiver.ingested.count == 1)
            try await eventually("both are counted") { receiver.refusals(.tlsHandshake) == 2 }
        }
    }

    @Test("a renewed certificate is served to new connections; a broken one is not taken into use")
    func reload() async throws {
        let directory = try TemporaryDirectory()
        try directory.writeCertificates(prefix: "one-")
        try directory.writeCertificates(prefix: "two-")
        try Self.install("one", in: directory)
        try await TestReceiver.run {
            $0.tls = Self.files(directory)
        } test: { receiver in
            #expect(await Self.status(receiver, directory, authority: "two") == nil)
            // Key and certificate change one after the other: in between they do not fit, and the old ones hold.
            try Self.install("two", in: directory)
            while await Self.status(receiver, directory, authority: "two") != 200 {}
            #expect(await Self.status(receiver, directory, authority: "one") == nil)
            for broken in ["", "no certificate"] {
                try directory.write(broken, to: "server.crt")
                try await Task.sleep(for: .milliseconds(100))
                #expect(await Self.status(receiver, directory, authority: "two") == 200)
            }
            try Self.install("one", in: directory)
            while await Self.status(receiver, directory, authority: "one") != 200 {}
        }
    }

    @Test("an idle TLS connection does not hold up the shutdown")
    func drains() async throws {
        let directory = try TemporaryDirectory()
        try directory.writeCertificates(prefix: "one-")
        try Self.install("one", in: directory)
        let client = HTTPClient(.init(userAgent: "tokenscale-test", proxy: .direct))
        try await TestReceiver.run {
            $0.tls = Self.files(directory)
        } test: { receiver in
            var request = HTTPRequest(.get, url: "https://localhost:\(receiver.httpPort)/")
            request.tls = TLSOptions(authorities: .file(directory.path("one-ca.crt")))
            let status = try await client.send(request).status
            #expect(status == 404)
            #expect(receiver.statistics.openConnectionCount == 1)
        }
        client.shutdown()
    }

    @Test(
        "files that cannot be used are named at the start",
        arguments: ["missing", "garbage", "foreign key", "no authority"]
    )
    func refusesToStart(fault: String) async throws {
        let directory = try TemporaryDirectory()
        try directory.writeCertificates(prefix: "one-")
        try directory.writeCertificates(prefix: "two-")
        try Self.install("one", in: directory)
        var files = Self.files(directory)
        switch fault {
        case "missing": files.certificateChain = directory.path("missing.crt")
        case "garbage": try directory.write("garbage", to: "server.key")
        case "foreign key": files.privateKey = directory.path("two-server.key")
        default: files.clientCertificateAuthorities = directory.path("server.key")
        }
        let tls = files
        await #expect {
            try await TestReceiver.run {
                $0.tls = tls
            } test: { _ in
            }
        } throws: { error in
            guard let error = error as? ReceiverError else { return false }
            return "\(error)".contains(directory.url.path) && !error.isRetryable
        }
    }
}
