/// Where a server listens: `HOST:PORT`, or `off`.
enum ListenAddress: Equatable, Sendable {
    case off
    case address(host: String, port: Int)

    /// `HOST:PORT` or `[IPv6]:PORT` with a port of 0 (any free one) to 65535, `:PORT` for all IPv4 interfaces, or
    /// `off`.
    init?(_ text: String) {
        if text == "off" {
            self = .off
            return
        }
        guard let colon = text.lastIndex(of: ":"),
            let port = Int(text[text.index(after: colon)...]), (0...65_535).contains(port)
        else { return nil }
        var host = String(text[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = String(host.dropFirst().dropLast())
            guard host.contains(":") else { return nil }
        } else if host.contains(":") {
            return nil
        }
        guard !host.contains(where: { $0.isWhitespace || $0 == "/" }) else { return nil }
        self = .address(host: host.isEmpty ? "0.0.0.0" : host, port: port)
    }

    var text: String {
        switch self {
        case .off: "off"
        case .address(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        }
    }
}
