import Foundation
import TestSupport
import Testing

@testable import CurlHTTP

@Suite("HTTP client: TLS and addresses")
struct HTTPSecurityTests {
    let server: TestServer
    let client = HTTPClient(.init(userAgent: "tokenscale/test", proxy: .direct))

    init() throws { self.server = try TestServer.shared.get() }

    private func text(of file: String) throws -> String { try self.server.certificates.text(of: file) }

    @Test("a server of the given authority is trusted, from a file and from text")
    func trusted() async throws {
        for authorities in [PEMSource.file(self.server.path("ca.crt")), .text(try self.text(of: "ca.crt"))] {
            var request = HTTPRequest(url: self.server.tls + "/hello")
            request.tls.authorities = authorities
            #expect(try await self.client.send(request).status == 200)
        }
    }

    @Test("a server of another authority, or under another name, is not trusted")
    func untrusted() async throws {
        var request = HTTPRequest(url: self.server.tls + "/hello")
        await #expect(throws: HTTPClientError.serverUntrusted) { try await self.client.send(request) }
        request.tls.authorities = .file(self.server.path("other-ca.crt"))
        await #expect(throws: HTTPClientError.serverUntrusted) { try await self.client.send(request) }
        request.tls.authorities = .file(self.server.path("ca.crt"))
        // The whole 127.0.0.0/8 leads here, but the certificate names localhost and 127.0.0.1 only.
        request.url = request.url.replacing("localhost", with: "127.0.0.1")
        #expect(try await self.client.send(request).status == 200)
        request.url = request.url.replacing("127.0.0.1", with: "ip6-localhost.localhost")
        await #expect(throws: HTTPClientError.self) { try await self.client.send(request) }
    }

    @Test("a file of authorities that holds none says so")
    func noAuthority() async throws {
        var request = HTTPRequest(url: self.server.tls + "/hello")
        request.tls.authorities = .file(self.server.path("server.key"))
        let error = await #expect(throws: HTTPClientError.self) { try await self.client.send(request) }
        #expect(error?.description == "the file of certificate authorities is missing, or holds none in PEM format")
    }

    @Test("trust given for one request is not kept for the next one")
    func trustIsPerRequest() async throws {
        var request = HTTPRequest(url: self.server.tls + "/hello")
        request.tls.authorities = .file(self.server.path("ca.crt"))
        #expect(try await self.client.send(request).status == 200)
        request.tls.authorities = .file(self.server.path("other-ca.crt"))
        await #expect(throws: HTTPClientError.serverUntrusted) { try await self.client.send(request) }
    }

    @Test("authorities that change in their file are seen by the next connection")
    func authoritiesAreReread() async throws {
        let file = self.server.path("rotating-\(UUID().uuidString).crt")
        var request = HTTPRequest(
            url: self.server.tls + "/hello",
            headers: [HTTPHeader(name: "Connection", value: "close")]
        )
        request.tls.authorities = .file(file)
        try self.text(of: "other-ca.crt").write(toFile: file, atomically: true, encoding: .utf8)
        await #expect(throws: HTTPClientError.serverUntrusted) { try await self.client.send(request) }
        try self.text(of: "ca.crt").write(toFile: file, atomically: true, encoding: .utf8)
        #expect(try await self.client.send(request).status == 200)
    }

    @Test("a client certificate is presented, from files and from text")
    func mutualTLS() async throws {
        let sources: [(PEMSource, PEMSource)] = [
            (.file(self.server.path("client.crt")), .file(self.server.path("client.key"))),
            (.text(try self.text(of: "client.crt")), .text(try self.text(of: "client.key"))),
        ]
        for (certificate, key) in sources {
            var request = HTTPRequest(url: self.server.mutualTLS + "/certificate")
            request.tls = TLSOptions(
                authorities: .file(self.server.path("ca.crt")),
                certificateChain: certificate,
                privateKey: key
            )
            #expect(try await self.client.send(request).body == Array("client".utf8))
        }
    }

    @Test("without the client certificate that the server wants there is no answer")
    func missingClientCertificate() async throws {
        var request = HTTPRequest(url: self.server.mutualTLS + "/certificate")
        request.tls.authorities = .file(self.server.path("ca.crt"))
        await #expect(throws: HTTPClientError.self) { try await self.client.send(request) }
    }

    @Test("a key that does not belong to the certificate is named as such")
    func mismatchedKey() async throws {
        var request = HTTPRequest(url: self.server.mutualTLS + "/certificate")
        request.tls = TLSOptions(
            authorities: .file(self.server.path("ca.crt")),
            certificateChain: .file(self.server.path("client.crt")),
            privateKey: .file(self.server.path("server.key"))
        )
        await #expect(throws: HTTPClientError.clientCertificateUnusable) { try await self.client.send(request) }
    }

    @Test(
        "a metadata address is refused before a connection is made, however it is written",
        arguments: [
            "http://169.254.169.254/latest/meta-data", "http://2852039166/", "http://0xa9.0xfe.0xa9.0xfe/",
            "http://[::ffff:169.254.169.254]/", "http://[fe80::1]/", "http://[fd00:ec2::254]/",
            "http://metadata.google.internal/computeMetadata/v1/", "https://100.100.100.200/",
        ]
    )
    func metadataAddress(url: String) async throws {
        let client = HTTPClient(.init(userAgent: "t", proxy: .direct, addressPolicy: .refuseMetadataServices))
        await #expect(throws: HTTPClientError.addressRefused) { try await client.send(HTTPRequest(url: url)) }
    }

    @Test("a metadata address is refused through a proxy as well")
    func metadataAddressThroughProxy() async throws {
        let proxied = HTTPClient(
            .init(userAgent: "t", proxy: .proxy(self.server.plain), addressPolicy: .refuseMetadataServices)
        )
        await #expect(throws: HTTPClientError.addressRefused) {
            try await proxied.send(HTTPRequest(url: "http://169.254.169.254/"))
        }
        #expect(try await proxied.send(HTTPRequest(url: "http://example.invalid/")).status == 200)
    }

    @Test(
        "the address of the socket is checked, not only the host of the URL",
        arguments: ["http://169.254.169.254:3128", "http://[fd00:ec2::254]:3128", "http://[fe80::1]:3128"]
    )
    func metadataAddressAtConnect(proxy: String) async throws {
        // The host says nothing suspicious; what libcurl is about to connect to does. A proxy stands in for a name
        // that resolves to a metadata address, which needs a name server of our own.
        let client = HTTPClient(.init(userAgent: "t", proxy: .proxy(proxy), addressPolicy: .refuseMetadataServices))
        await #expect(throws: HTTPClientError.addressRefused) {
            try await client.send(HTTPRequest(url: "http://rebinding.example/"))
        }
    }
}
