import CurlHTTP
import TokenscaleCore

/// Asks a running collector at its metrics address; errors say what to do.
struct CollectorAPI: Sendable {
    let address: String
    let client: HTTPClient

    /// - Parameter address: `http://HOST:PORT`; the scheme may be left out.
    init(address: String, client: HTTPClient) {
        self.address = Self.normalized(address)
        self.client = client
    }

    /// With a scheme and without a slash at the end, so that a path can follow.
    static func normalized(_ address: String) -> String {
        var address = address.contains("://") ? address : "http://" + address
        while address.hasSuffix("/"), !address.hasSuffix("://") { address.removeLast() }
        return address
    }

    /// - Returns: Status and body of what is no failure of the connection.
    /// - Throws: ``CommandError``.
    func get(
        _ path: String,
        query: [(name: String, value: String)] = []
    ) async throws(CommandError) -> (status: Int, body: [UInt8]) {
        let pairs = query.map { "\($0.name)=\($0.value.percentEncoded())" }.joined(separator: "&")
        var request = HTTPRequest(url: self.address + path + (pairs.isEmpty ? "" : "?" + pairs))
        request.totalTimeout = .seconds(10)
        do throws(HTTPClientError) {
            let response = try await self.client.send(request, bodyLimit: 256 << 20)
            return (response.status, response.body)
        } catch {
            throw CommandError(
                "no collector at \(self.address): \(error). Start one with `tokenscale serve` (or ./run), or name "
                    + "another with --address (its --metrics-address, usually port 8080)"
            )
        }
    }

    /// What answers is no collector, or another of its ports.
    func wrongPort(status: Int) -> CommandError {
        CommandError(
            "\(self.address) answered with status \(status): is this a --metrics-address? Its port is usually 8080"
        )
    }

    var foreignVersion: CommandError {
        CommandError(
            "what answers at \(self.address) is no tokenscale \(Version.current): its JSON is another. Use the same "
                + "version, or --json"
        )
    }
}
