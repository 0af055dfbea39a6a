import CurlHTTP
import Foundation
import TestSupport
import Testing
import TokenscaleCore

@testable import Alerting

/// Receivers behind TLS that demand a client certificate.
@Suite("Receivers over TLS")
struct ReceiverTLSTests {
    private let directory: TemporaryDirectory
    private let double: ReceiverDouble

    init() throws {
        let directory = try TemporaryDirectory()
        try directory.writeCertificates()
        try directory.writeCertificates(prefix: "other-")
        self.directory = directory
        self.double = try ReceiverDouble(
            certificates: [directory.path("server.crt"), directory.path("server.key"), directory.path("ca.crt")],
            tls: TLSOptions(
                authorities: .file(directory.path("ca.crt")),
                certificateChain: .file(directory.path("client.crt")),
                privateKey: .file(directory.path("client.key"))
            )
        )
    }

    private func receiver(
        _ name: String,
        _ kind: AlertReceiver.Kind = .webhook,
        authority: String? = "ca.crt",
        client: String? = "client"
    ) -> AlertReceiver {
        var receiver = AlertReceiver(name: name, kind: kind, url: self.double.url(name))
        receiver.tlsCAFile = authority.map(self.directory.path)
        receiver.tlsCertificateFile = client.map { self.directory.path("\($0).crt") }
        receiver.tlsKeyFile = client.map { self.directory.path("\($0).key") }
        return receiver
    }

    @Test(
        "every kind of receiver is told with the configured authority and client certificate",
        arguments: AlertReceiver.Kind.allCases
    )
    func mutualTLS(kind: AlertReceiver.Kind) async throws {
        var receiver = self.receiver("told", kind)
        if kind == .pagerduty || kind == .webhook {
            receiver.secretFiles = [
                try self.directory.write("whsec_c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0", to: "secret")
            ]
        }
        let run = try SenderRun(AlertingFixtures.configuration(receiver))
        try await run {
            try await run.append([AlertingFixtures.life()[0]])
            try await run.wait(for: "told", .delivered, count: 1)
        }
        #expect(try await self.double.records("told").count == 1)
        #expect(run.receiver("told").notifications == [.delivered: 1])
    }

    @Test(
        "without the right certificates nothing is sent, and the delivery says why",
        arguments: [
            ("stranger", nil, "client", "not trusted"), ("wrong-ca", "other-ca.crt", "client", "not trusted"),
            ("anonymous", "ca.crt", nil, "connection"), ("impostor", "ca.crt", "other-client", "connection"),
            ("no-file", "ca.crt", "missing", "cannot be"),
        ] as [(String, String?, String?, String)]
    )
    func refused(name: String, authority: String?, client: String?, problem: String) async throws {
        let receiver = self.receiver(name, authority: authority, client: client)
        let run = try SenderRun(AlertingFixtures.configuration(receiver))
        try await run {
            try await run.append([AlertingFixtures.life()[0]])
            try await run.wait(for: name, .retried, count: 2)
        }
        #expect(run.receiver(name).notifications[.delivered] == nil)
        let delivery = try #require(try await run.outbox.openDeliveries(limit: 1).first)
        #expect(delivery.problem.contains(problem), "\(delivery.problem)")
        #expect(!delivery.problem.contains("PRIVATE KEY"))
        #expect(try await self.double.records(name).isEmpty)
    }

    @Test("a client certificate that is replaced while alerts wait is used from the next attempt on")
    func replaced() async throws {
        for end in ["crt", "key"] {
            try self.directory.write(try self.directory.text(of: "other-client.\(end)"), to: "mine.\(end)")
        }
        let run = try SenderRun(AlertingFixtures.configuration(self.receiver("replaced", client: "mine")))
        try await run {
            try await run.append([AlertingFixtures.life()[0]])
            try await run.wait(for: "replaced", .retried, count: 1)
            for end in ["crt", "key"] {
                try self.directory.write(try self.directory.text(of: "client.\(end)"), to: "mine.\(end)")
            }
            try await run.wait(for: "replaced", .delivered, count: 1)
        }
        #expect(try await self.double.records("replaced").count == 1)
    }
}
