import Crypto
import FoundationEssentials

/// Signatures as Standard Webhooks define them. <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>
struct WebhookSignature: Sendable {
    private let keys: [SymmetricKey]

    /// - Parameter secrets: Newest first. `whsec_` and Base64, or any other text, which is taken as it is.
    /// - Returns: `nil` when one is too short (the specification asks for 24 bytes; 16 is our lowest) or is bad Base64.
    init?(secrets: [String]) {
        var keys: [SymmetricKey] = []
        for secret in secrets {
            var bytes = Data(secret.utf8)
            if secret.hasPrefix("whsec_") {
                guard let decoded = Data(base64Encoded: String(secret.dropFirst(6))) else { return nil }
                bytes = decoded
            }
            guard bytes.count >= 16 else { return nil }
            keys.append(SymmetricKey(data: bytes))
        }
        self.keys = keys
    }

    var isEmpty: Bool { self.keys.isEmpty }

    /// `v1,<Base64 of HMAC-SHA256 over "id.timestamp.body">`, one for each key, separated by blanks.
    func header(id: String, timestampSeconds: Int64, body: [UInt8]) -> String {
        var message = Data("\(id).\(timestampSeconds).".utf8)
        message.append(contentsOf: body)
        return self.keys.map { key in
            let code = HMAC<SHA256>.authenticationCode(for: message, using: key)
            return "v1," + Data(code).base64EncodedString()
        }.joined(separator: " ")
    }
}
