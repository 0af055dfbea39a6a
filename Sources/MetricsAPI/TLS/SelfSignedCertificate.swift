import Crypto
import FoundationEssentials
import SwiftASN1
package import TokenscaleCore
import X509

/// A certificate authority of this process's own, made when no certificate is configured.
///
/// The authority lives as long as the process, so the CA bundle that the APIServices carry stays valid while its
/// serving certificates are renewed.
package struct SelfSignedAuthority: Sendable {
    private let key: Certificate.PrivateKey
    private let name: DistinguishedName
    private let certificate: Certificate

    /// What goes into `caBundle` of the APIServices, PEM.
    package let certificatePEM: String

    private static let daySeconds = 86_400.0
    private static let authorityDays = 3650.0
    private static let servingDays = 90.0

    /// - Throws: ``MetricsAPIError/unusableCertificate(reason:)``; retrying does not help.
    package init(now: Timestamp) throws(MetricsAPIError) {
        do {
            let key = Certificate.PrivateKey(P256.Signing.PrivateKey())
            let name = try DistinguishedName { CommonName("tokenscale self-signed authority") }
            let certificate = try Certificate(
                version: .v3,
                serialNumber: .init(),
                publicKey: key.publicKey,
                notValidBefore: Self.date(now, addingDays: -1),
                notValidAfter: Self.date(now, addingDays: Self.authorityDays),
                issuer: name,
                subject: name,
                signatureAlgorithm: .ecdsaWithSHA256,
                extensions: try Certificate.Extensions {
                    Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
                    Critical(KeyUsage(keyCertSign: true))
                    SubjectKeyIdentifier(hash: key.publicKey)
                },
                issuerPrivateKey: key
            )
            self.key = key
            self.name = name
            self.certificate = certificate
            self.certificatePEM = try certificate.serializeAsPEM().pemString + "\n"
        } catch {
            throw .unusableCertificate(reason: "\(error)")
        }
    }

    /// A serving certificate with its chain and key, PEM, and the time from which it should be renewed.
    package func issue(
        names: [String],
        addresses: [[UInt8]] = [],
        now: Timestamp
    ) throws(MetricsAPIError) -> (chain: String, key: String, renewal: Timestamp) {
        do {
            let key = P256.Signing.PrivateKey()
            let alternatives =
                names.map { GeneralName.dnsName($0) }
                + addresses.map { GeneralName.ipAddress(ASN1OctetString(contentBytes: $0[...])) }
            let certificate = try Certificate(
                version: .v3,
                serialNumber: .init(),
                publicKey: .init(key.publicKey),
                notValidBefore: Self.date(now, addingDays: -1),
                notValidAfter: Self.date(now, addingDays: Self.servingDays),
                issuer: self.name,
                subject: try DistinguishedName { CommonName("tokenscale") },
                signatureAlgorithm: .ecdsaWithSHA256,
                extensions: try Certificate.Extensions {
                    Critical(BasicConstraints.notCertificateAuthority)
                    Critical(KeyUsage(digitalSignature: true))
                    try ExtendedKeyUsage([.serverAuth])
                    SubjectAlternativeNames(alternatives)
                },
                issuerPrivateKey: self.key
            )
            let chain = try certificate.serializeAsPEM().pemString + "\n" + self.certificatePEM
            let renewal = now.advanced(bySeconds: Self.servingDays / 2 * Self.daySeconds)
            return (chain, key.pemRepresentation, renewal)
        } catch {
            throw .unusableCertificate(reason: "\(error)")
        }
    }

    private static func date(_ time: Timestamp, addingDays days: Double) -> Date {
        Date(timeIntervalSince1970: Double(time.second) + days * self.daySeconds)
    }
}
