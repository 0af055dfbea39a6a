import Crypto
package import Foundation
import SwiftASN1
package import X509

/// An authority of a test, and what it issues.
package struct TestAuthority: Sendable {
    package struct Issued: Sendable {
        package var certificatePEM: String
        package var keyPEM: String
        package var der: [UInt8]
    }

    package let key = Certificate.PrivateKey(P256.Signing.PrivateKey())
    package let name: DistinguishedName
    package let pem: String

    package init(_ commonName: String) throws {
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

    package func issue(
        _ commonName: String,
        organisations: [String] = [],
        usage: ExtendedKeyUsage.Usage? = .clientAuth,
        validFor seconds: TimeInterval = 86_400,
        names: [String] = [],
        addresses: [[UInt8]] = []
    ) throws -> Issued {
        let key = P256.Signing.PrivateKey()
        let subject = try DistinguishedName {
            for organisation in organisations { OrganizationName(organisation) }
            CommonName(commonName)
        }
        let alternatives =
            names.map { GeneralName.dnsName($0) }
            + addresses.map { .ipAddress(ASN1OctetString(contentBytes: $0[...])) }
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
                if !alternatives.isEmpty { SubjectAlternativeNames(alternatives) }
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
