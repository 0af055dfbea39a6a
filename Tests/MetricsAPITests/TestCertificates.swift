import Crypto
import CurlHTTP
import Foundation
import SwiftASN1
import X509

/// An authority of the test, and what it issues.
struct TestAuthority: Sendable {
    struct Issued: Sendable {
        var certificatePEM: String
        var keyPEM: String
        var der: [UInt8]
    }

    let key = Certificate.PrivateKey(P256.Signing.PrivateKey())
    let name: DistinguishedName
    let pem: String

    init(_ commonName: String) throws {
        self.name = try DistinguishedName { CommonName(commonName) }
        let certificate = try Certificate(
            version: .v3,
            serialNumber: .init(),
            publicKey: self.key.publicKey,
            notValidBefore: .now.addingTimeInterval(-3600),
            notValidAfter: .now.addingTimeInterval(86_400),
            issuer: self.name,
            subject: self.name,
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
                Critical(KeyUsage(keyCertSign: true))
            },
            issuerPrivateKey: self.key
        )
        self.pem = try certificate.serializeAsPEM().pemString + "\n"
    }

    func issue(
        _ commonName: String,
        organisations: [String] = [],
        usage: ExtendedKeyUsage.Usage? = .clientAuth,
        validFor seconds: TimeInterval = 86_400,
        names: [String] = []
    ) throws -> Issued {
        let key = P256.Signing.PrivateKey()
        let subject = try DistinguishedName {
            for organisation in organisations { OrganizationName(organisation) }
            CommonName(commonName)
        }
        let certificate = try Certificate(
            version: .v3,
            serialNumber: .init(),
            publicKey: .init(key.publicKey),
            notValidBefore: .now.addingTimeInterval(-3600),
            notValidAfter: .now.addingTimeInterval(seconds),
            issuer: self.name,
            subject: subject,
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                if let usage { try ExtendedKeyUsage([usage]) }
                if !names.isEmpty { SubjectAlternativeNames(names.map { .dnsName($0) }) }
            },
            issuerPrivateKey: self.key
        )
        var serializer = DER.Serializer()
        try certificate.serialize(into: &serializer)
        return Issued(
            certificatePEM: try certificate.serializeAsPEM().pemString + "\n",
            keyPEM: key.pemRepresentation + "\n",
            der: serializer.serializedBytes
        )
    }
}

/// The identities of the recorded exchanges, by the name of their certificate.
struct TestIdentities: Sendable {
    let frontProxy: TestAuthority
    let cluster: TestAuthority
    let byName: [String: TestAuthority.Issued]

    init() throws {
        self.frontProxy = try TestAuthority("front-proxy-ca")
        self.cluster = try TestAuthority("cluster-ca")
        self.byName = [
            "front-proxy-client": try self.frontProxy.issue("front-proxy-client"),
            "front-proxy-badname": try self.frontProxy.issue("somebody-else"),
            "client-plain": try self.cluster.issue("jane", organisations: ["dev-team"]),
            "admin": try self.cluster.issue("admin", organisations: ["system:masters"]),
            "apiserver": try self.cluster.issue("kube-apiserver", usage: .serverAuth),
            "expired": try self.cluster.issue("old", organisations: ["system:masters"], validFor: -60),
            "no-usage": try self.cluster.issue("anybody", organisations: ["system:masters"], usage: nil),
            "stranger": try TestAuthority("stranger").issue("admin", organisations: ["system:masters"]),
        ]
    }
}
