import FoundationEssentials

/// What to do about the `caBundle` of one APIService. A pure decision.
enum CABundlePlan: Equatable {
    /// Another Service answers for this API; it is left alone.
    case foreign(owner: String)
    case upToDate
    /// The new value of `spec.caBundle`, before base64.
    case write(pem: String)

    /// Authorities kept in a bundle. During a roll-out two processes serve, each with an authority of its own; the
    /// third place lets one be replaced without a gap.
    static let authorityCountLimit = 3

    /// - Parameter authority: PEM of the certificate that signed ours.
    init(_ object: APIServiceObject, service: ServiceName, authority: String) {
        guard let reference = object.spec?.service else {
            self = .foreign(owner: "the API server itself")
            return
        }
        guard reference.namespace == service.namespace, reference.name == service.name else {
            self = .foreign(owner: "Service \(reference.namespace)/\(reference.name)")
            return
        }
        let present = PEMCertificates(base64: object.spec?.caBundle ?? "").blocks
        let ours = PEMCertificates(text: authority).blocks
        if ours.allSatisfy(present.contains), object.spec?.insecureSkipTLSVerify != true {
            self = .upToDate
            return
        }
        let others = present.filter { !ours.contains($0) }
        self = .write(pem: (ours + others).prefix(Self.authorityCountLimit).joined())
    }
}

/// The certificates in PEM text, each as its own text with a final newline.
struct PEMCertificates: Equatable {
    private static let begin = "-----BEGIN CERTIFICATE-----"
    private static let end = "-----END CERTIFICATE-----"

    var blocks: [String] = []

    init(text: String) {
        var rest = text[...]
        while let start = rest.firstRange(of: Self.begin),
            let end = rest[start.upperBound...].firstRange(of: Self.end)
        {
            let lines = rest[start.upperBound..<end.lowerBound].split(whereSeparator: \.isWhitespace)
            self.blocks.append(([Self.begin] + lines.map(String.init) + [Self.end]).joined(separator: "\n") + "\n")
            rest = rest[end.upperBound...]
        }
    }

    /// Empty when it is not base64 of text.
    init(base64: String) {
        let text = Data(base64Encoded: base64).flatMap { String(bytes: $0, encoding: .utf8) }
        self.init(text: text ?? "")
    }
}
