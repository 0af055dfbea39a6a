import Crypto
import SwiftASN1
import Synchronization
import TokenscaleCore
import X509

/// What a verified client certificate says of its holder.
struct ClientCertificate: Equatable, Sendable {
    var commonName: String
    var organisations: [String]
    /// Hexadecimal SHA-256 of the DER form.
    var fingerprint: String
}

/// Verifies client certificates against one set of authorities, as Go's `x509.Verify` with `ExtKeyUsageClientAuth`.
///
/// A connection's certificate is the same for each of its requests, so verdicts are kept for a while.
final class ClientCertificateVerifier: Sendable {
    private struct Verdict {
        var certificate: ClientCertificate?
        var expiry: Timestamp
    }

    private let roots: [Certificate]
    private let verdicts = Mutex<[String: Verdict]>([:])

    /// The authorities that this verifier was made from, PEM.
    let authorities: String

    private static let verdictSeconds = 60.0
    private static let verdictLimit = 256
    /// More certificates than this in a chain are not looked at.
    private static let chainLimit = 8

    /// - Parameter authorities: PEM, one or more certificates; what does not parse is skipped, as Go does.
    init(authorities: String) {
        self.authorities = authorities
        self.roots = Self.parse(authorities)
    }

    /// The holder of the leaf; `nil` when the chain does not lead to an authority or is not meant for clients.
    ///
    /// - Parameter chain: DER, leaf first.
    func verify(_ chain: [[UInt8]], now: Timestamp) async -> ClientCertificate? {
        guard let leaf = chain.first else { return nil }
        let fingerprint = String(hexadecimal: SHA256.hash(data: leaf))
        let known = self.verdicts.withLock { $0[fingerprint] }
        if let known, now < known.expiry { return known.certificate }
        let certificate = await self.examine(chain, fingerprint: fingerprint)
        self.verdicts.withLock { verdicts in
            if verdicts.count >= Self.verdictLimit { verdicts.removeAll() }
            let expiry = now.advanced(bySeconds: Self.verdictSeconds)
            verdicts[fingerprint] = Verdict(certificate: certificate, expiry: expiry)
        }
        return certificate
    }

    private func examine(_ chain: [[UInt8]], fingerprint: String) async -> ClientCertificate? {
        let certificates = chain.prefix(Self.chainLimit).compactMap { try? Certificate(derEncoded: $0) }
        guard let leaf = certificates.first, certificates.count == min(chain.count, Self.chainLimit) else { return nil }
        var verifier = Verifier(rootCertificates: CertificateStore(self.roots)) {
            RFC5280Policy()
            ClientAuthenticationPolicy()
        }
        let result = await verifier.validate(leaf: leaf, intermediates: CertificateStore(certificates.dropFirst()))
        guard case .validCertificate = result else { return nil }
        var names: [String] = []
        var organisations: [String] = []
        for part in leaf.subject {
            for attribute in part {
                let value = attribute.value.description
                if attribute.type == .RDNAttributeType.commonName { names.append(value) }
                if attribute.type == .RDNAttributeType.organizationName { organisations.append(value) }
            }
        }
        return ClientCertificate(
            commonName: names.last ?? "",
            organisations: organisations,
            fingerprint: fingerprint
        )
    }

    private static func parse(_ text: String) -> [Certificate] {
        guard let documents = try? PEMDocument.parseMultiple(pemString: text) else { return [] }
        return documents.compactMap { try? Certificate(pemDocument: $0) }
    }
}

/// Every certificate of the chain that names extended key usages must name client authentication (or any).
private struct ClientAuthenticationPolicy: VerifierPolicy {
    let verifyingCriticalExtensions: [ASN1ObjectIdentifier] = [.X509ExtensionID.extendedKeyUsage]

    func chainMeetsPolicyRequirements(chain: UnverifiedCertificateChain) async -> PolicyEvaluationResult {
        for certificate in chain {
            guard let usages = try? certificate.extensions.extendedKeyUsage else { continue }
            guard usages.contains(.clientAuth) || usages.contains(.any) else {
                return .failsToMeetPolicy(reason: "a certificate of the chain is not meant for clients")
            }
        }
        return .meetsPolicy
    }
}
