import CCurl
import Glibc

extension HTTPClientError {
    init(curlCode: CURLcode) {
        self =
            switch curlCode {
            case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: .nameNotResolved
            case CURLE_COULDNT_CONNECT, CURLE_PROXY: .connectionFailed
            case CURLE_OPERATION_TIMEDOUT: .timedOut
            case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_ISSUER_ERROR: .serverUntrusted
            case CURLE_SSL_CACERT_BADFILE: .credentialUnreadable(errorNumber: 0)
            case CURLE_SSL_CERTPROBLEM: .clientCertificateUnusable
            case CURLE_SSL_CONNECT_ERROR: .tlsFailed
            case CURLE_PARTIAL_FILE, CURLE_RECV_ERROR, CURLE_SEND_ERROR, CURLE_GOT_NOTHING, CURLE_HTTP2_STREAM,
                CURLE_HTTP2:
                .connectionLost
            case CURLE_UNSUPPORTED_PROTOCOL, CURLE_URL_MALFORMAT: .urlRefused
            case CURLE_WEIRD_SERVER_REPLY, CURLE_BAD_CONTENT_ENCODING: .protocolViolation
            default: .failed(curlCode: curlCode.rawValue)
            }
    }
}

extension IPAddress {
    /// The address a socket is to be opened for; `nil` when it is neither IPv4 nor IPv6.
    init?(_ address: UnsafeMutablePointer<curl_sockaddr>) {
        let bytes: [UInt8]
        switch unsafe address.pointee.family {
        case AF_INET:
            bytes = unsafe withUnsafePointer(to: &address.pointee.addr) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { address in
                    unsafe withUnsafeBytes(of: address.pointee.sin_addr) { unsafe [UInt8]($0) }
                }
            }
        case AF_INET6:
            bytes = unsafe UnsafeMutableRawPointer(address)
                .advanced(by: MemoryLayout<curl_sockaddr>.offset(of: \.addr) ?? 0)
                .withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { address in
                    unsafe withUnsafeBytes(of: address.pointee.sin6_addr) { unsafe [UInt8]($0) }
                }
        default: return nil
        }
        self.init(bytes: bytes)
    }

    /// `10.0.0.1`, `fe80::1`.
    init?(text: String) {
        var ipv4 = in_addr()
        if unsafe inet_pton(AF_INET, text, &ipv4) == 1 {
            self.init(bytes: unsafe withUnsafeBytes(of: ipv4) { unsafe [UInt8]($0) })
            return
        }
        var ipv6 = in6_addr()
        guard unsafe inet_pton(AF_INET6, text, &ipv6) == 1 else { return nil }
        self.init(bytes: unsafe withUnsafeBytes(of: ipv6) { unsafe [UInt8]($0) })
    }
}
