/// Which network addresses a client may connect to. Checked for every connection, on the address that the socket is
/// about to connect to, so that a name which resolves to something else the second time gains nothing.
package enum AddressPolicy: Sendable {
    case any
    /// Refuses link-local addresses and the instance metadata services of the large clouds: URLs that an operator or a
    /// tenant may choose freely (webhooks) must not be a way to a node's credentials.
    case refuseMetadataServices
}

extension AddressPolicy {
    func refuses(_ address: IPAddress) -> Bool {
        switch self {
        case .any: false
        case .refuseMetadataServices: address.isMetadataService
        }
    }

    /// For requests through a proxy, which resolves names itself: what can be said of the host as it is written.
    func refuses(host: String) -> Bool {
        guard case .refuseMetadataServices = self else { return false }
        var name = host.lowercased()
        if name.hasPrefix("["), name.hasSuffix("]") { name = String(name.dropFirst().dropLast()) }
        while name.hasSuffix(".") { name.removeLast() }
        if Self.metadataNames.contains(name) { return true }
        return IPAddress(text: name).map(self.refuses) ?? false
    }

    /// <https://cloud.google.com/compute/docs/metadata/overview>; the others document addresses only.
    private static let metadataNames: Set<String> = [
        "metadata", "metadata.google.internal", "metadata.goog", "instance-data", "instance-data.ec2.internal",
    ]
}

/// An IPv4 or IPv6 address as its bytes in network order.
struct IPAddress: Equatable, Sendable {
    /// 4 or 16.
    let bytes: [UInt8]

    init?(bytes: [UInt8]) {
        guard bytes.count == 4 || bytes.count == 16 else { return nil }
        self.bytes = bytes
    }

    var isMetadataService: Bool {
        if self.bytes.count == 4 { return Self.isMetadataService(ipv4: self.bytes) }
        if let embedded = self.embeddedIPv4 { return Self.isMetadataService(ipv4: embedded) }
        // fe80::/10, RFC 4291 §2.5.6.
        if self.bytes[0] == 0xfe, self.bytes[1] & 0xc0 == 0x80 { return true }
        return Self.metadataIPv6.contains(self.bytes)
    }

    /// 169.254.0.0/16 (RFC 3927) holds the metadata service of AWS, Google, Azure, Oracle and others.
    private static func isMetadataService(ipv4 bytes: [UInt8]) -> Bool {
        (bytes[0] == 169 && bytes[1] == 254) || Self.metadataIPv4.contains(bytes)
    }

    private static let metadataIPv4: Set<[UInt8]> = [
        [100, 100, 100, 200],  // Alibaba Cloud
        [192, 0, 0, 192],  // Oracle Cloud, classic
        [168, 63, 129, 16],  // Azure wire server
    ]

    private static let metadataIPv6: Set<[UInt8]> = [
        [0xfd, 0x00, 0x0e, 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54],  // AWS, fd00:ec2::254
        [0xfd, 0x20, 0x00, 0xce, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54],  // Google, fd20:ce::254
    ]

    /// The IPv4 address inside `::ffff:a.b.c.d`, `::a.b.c.d` (RFC 4291 §2.5.5) and `64:ff9b::a.b.c.d` (RFC 6052).
    private var embeddedIPv4: [UInt8]? {
        guard self.bytes.count == 16 else { return nil }
        let prefix = Array(self.bytes[..<12])
        guard Self.embeddingPrefixes.contains(prefix) else { return nil }
        return Array(self.bytes[12...])
    }

    private static let embeddingPrefixes: Set<[UInt8]> = [
        [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff],
        [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0],
    ]
}
