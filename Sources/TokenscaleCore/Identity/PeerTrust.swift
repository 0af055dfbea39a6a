/// Senders that may speak for other pods: gateways such as an OpenTelemetry Collector.
package struct PeerTrust: Equatable, Sendable {
    /// Namespaces all of whose pods are trusted.
    package var namespaces: Set<String> = []
    /// Addresses and networks (`10.0.0.0/8`, `fd00::/8`, `10.1.2.3`).
    package var networks: [Network] = []
    /// Everybody is trusted: attribution by the sender's word alone.
    package var isEverybody = false

    package init() {}

    package func contains(_ peer: PeerAddress, pod: PodID?) -> Bool {
        if self.isEverybody { return true }
        if let pod, self.namespaces.contains(pod.namespace) { return true }
        guard !self.networks.isEmpty, let address = Network(text: peer.text) else { return false }
        return self.networks.contains { $0.contains(address) }
    }

    /// An IP network in CIDR notation; a single address is a network of full length.
    package struct Network: Equatable, Sendable {
        private let bytes: [UInt8]
        private let prefixLength: Int

        /// `nil` if `text` is no address or network.
        package init?(text: String) {
            let parts = text.split(separator: "/", omittingEmptySubsequences: false)
            guard (1...2).contains(parts.count), let bytes = Self.parse(parts[0]) else { return nil }
            let length = parts.count == 2 ? Int(parts[1]) : bytes.count * 8
            guard let length, (0...bytes.count * 8).contains(length) else { return nil }
            self.bytes = bytes
            self.prefixLength = length
        }

        package func contains(_ other: Network) -> Bool {
            guard self.bytes.count == other.bytes.count, other.prefixLength >= self.prefixLength else { return false }
            for bit in 0..<self.prefixLength {
                let mask = UInt8(0x80) >> UInt8(bit % 8)
                if self.bytes[bit / 8] & mask != other.bytes[bit / 8] & mask { return false }
            }
            return true
        }

        private static func parse(_ text: Substring) -> [UInt8]? {
            text.contains(":") ? Self.parseIPv6(text) : Self.parseIPv4(text)
        }

        private static func parseIPv4(_ text: Substring) -> [UInt8]? {
            let parts = text.split(separator: ".", omittingEmptySubsequences: false)
            guard parts.count == 4 else { return nil }
            var bytes: [UInt8] = []
            for part in parts {
                guard let byte = UInt8(part), part.allSatisfy(\.isNumber) else { return nil }
                bytes.append(byte)
            }
            return bytes
        }

        /// RFC 4291 §2.2, without embedded IPv4.
        private static func parseIPv6(_ text: Substring) -> [UInt8]? {
            var head: [UInt16] = []
            var tail: [UInt16] = []
            var isCompressed = false
            var rest = text
            if rest.hasPrefix("::") {
                isCompressed = true
                rest = rest.dropFirst(2)
            }
            while !rest.isEmpty {
                let digits = rest.prefix { $0.isHexDigit }
                guard (1...4).contains(digits.count), let group = UInt16(digits, radix: 16) else { return nil }
                if isCompressed { tail.append(group) } else { head.append(group) }
                rest = rest.dropFirst(digits.count)
                if rest.hasPrefix("::") {
                    guard !isCompressed else { return nil }
                    isCompressed = true
                    rest = rest.dropFirst(2)
                } else if rest.hasPrefix(":") {
                    rest = rest.dropFirst()
                    guard !rest.isEmpty else { return nil }
                } else if !rest.isEmpty {
                    return nil
                }
            }
            let missing = 8 - head.count - tail.count
            guard isCompressed ? missing >= 1 : missing == 0 else { return nil }
            let groups = head + [UInt16](repeating: 0, count: Swift.max(0, missing)) + tail
            return groups.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xff)] }
        }
    }
}
