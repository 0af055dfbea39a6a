import CCurl
import Glibc

/// Turns a request into a configured libcurl handle, wrapped in its transfer.
struct EasyHandleBuilder {
    let userAgent: String
    let proxy: ProxySettings
    let addressPolicy: AddressPolicy

    func makeTransfer(_ request: HTTPRequest) throws(HTTPClientError) -> Transfer {
        let target = try Self.target(of: request.url)
        guard !self.addressPolicy.refuses(host: target.host) else { throw .addressRefused }
        let lines = try Self.headerLines(request)
        guard let easy = unsafe curl_easy_init() else { throw .failed(curlCode: CURLE_FAILED_INIT.rawValue) }
        var list: UnsafeMutablePointer<curl_slist>?
        for line in lines { unsafe list = unsafe curl_slist_append(list, line) }
        // From here on the transfer frees handle and list.
        let transfer = unsafe Transfer(easy: easy, headerList: list, addressPolicy: self.addressPolicy)
        var options = unsafe Options(easy: easy)
        self.apply(request, scheme: target.scheme, to: &options)
        unsafe options.pointer(CURLOPT_HTTPHEADER, UnsafeMutableRawPointer(list))
        unsafe Self.setCallbacks(of: easy, to: transfer)
        withExtendedLifetime(transfer) {}
        guard options.firstFailure == nil else { throw HTTPClientError(curlCode: options.firstFailure ?? CURLE_OK) }
        return transfer
    }

    private func apply(_ request: HTTPRequest, scheme: String, to options: inout Options) {
        options.string(CURLOPT_URL, request.url)
        options.string(CURLOPT_PROTOCOLS_STR, "http,https")
        options.string(CURLOPT_USERAGENT, self.userAgent)
        options.long(CURLOPT_FOLLOWLOCATION, 0)
        // Signals belong to the process; SIGPIPE is blocked on the loop thread instead.
        options.long(CURLOPT_NOSIGNAL, 1)
        options.long(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        options.long(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_2TLS))
        // Without TLS there is no HTTP/2 to wait for: libcurl would hold every request to a host until one is answered,
        // and a peer that hangs on one of them would stop them all.
        options.long(CURLOPT_PIPEWAIT, scheme == "https" ? 1 : 0)
        options.long(CURLOPT_CONNECTTIMEOUT_MS, request.connectTimeout.milliseconds)
        options.long(CURLOPT_TIMEOUT_MS, request.totalTimeout?.milliseconds ?? 0)
        // A peer that vanished without a word is noticed within a minute, also while a watch is silent.
        options.long(CURLOPT_TCP_KEEPALIVE, 1)
        options.long(CURLOPT_TCP_KEEPIDLE, 30)
        options.long(CURLOPT_TCP_KEEPINTVL, 10)
        // An empty string switches the proxy off, whatever the environment says.
        options.string(CURLOPT_PROXY, self.proxy.proxy(forScheme: scheme) ?? "")
        options.string(CURLOPT_NOPROXY, self.proxy.bypass ?? "")
        switch request.method {
        case .get where request.body == nil: options.long(CURLOPT_HTTPGET, 1)
        case .head: options.long(CURLOPT_NOBODY, 1)
        default:
            options.body(request.body ?? [])
            options.string(CURLOPT_CUSTOMREQUEST, request.method.rawValue)
        }
        self.apply(request.tls, to: &options)
    }

    private func apply(_ tls: TLSOptions, to options: inout Options) {
        // Without this libcurl keeps the authorities of a file for a day; they are rotated in place.
        options.long(CURLOPT_CA_CACHE_TIMEOUT, 0)
        if let authorities = tls.authorities {
            options.pem(authorities, file: CURLOPT_CAINFO, blob: CURLOPT_CAINFO_BLOB)
        }
        if let chain = tls.certificateChain {
            options.pem(chain, file: CURLOPT_SSLCERT, blob: CURLOPT_SSLCERT_BLOB)
        }
        if let key = tls.privateKey { options.pem(key, file: CURLOPT_SSLKEY, blob: CURLOPT_SSLKEY_BLOB) }
    }

    private static func headerLines(_ request: HTTPRequest) throws(HTTPClientError) -> [String] {
        var headers = request.headers
        if let path = request.bearerTokenFile {
            let token = try SmallFile.read(path).trimmed
            headers.append(HTTPHeader(name: "Authorization", value: "Bearer " + token))
        }
        var lines: [String] = []
        for header in headers {
            let isName = !header.name.isEmpty && header.name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != 0x3a }
            guard isName, header.value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f || $0 == 0x09 }) else {
                throw .headerRefused
            }
            // `Name;` is how libcurl is told to send a header without a value; `Name:` would remove it.
            lines.append(header.value.isEmpty ? header.name + ";" : header.name + ": " + header.value)
        }
        // libcurl would add these two by itself.
        if request.body != nil, !headers.contains(where: { $0.name.lowercased() == "content-type" }) {
            lines.append("Content-Type:")
        }
        lines.append("Expect:")
        return lines
    }

    /// Scheme and host as libcurl itself understands them: `http://2852039166/` is 169.254.169.254 to both.
    private static func target(of url: String) throws(HTTPClientError) -> (scheme: String, host: String) {
        guard let handle = unsafe curl_url() else { throw .failed(curlCode: CURLE_OUT_OF_MEMORY.rawValue) }
        defer { unsafe curl_url_cleanup(handle) }
        guard unsafe curl_url_set(handle, CURLUPART_URL, url, 0) == CURLUE_OK,
            let scheme = unsafe part(CURLUPART_SCHEME, of: handle)?.lowercased(), scheme == "http" || scheme == "https",
            let host = unsafe part(CURLUPART_HOST, of: handle)
        else { throw .urlRefused }
        return (scheme, host)
    }

    private static func part(_ part: CURLUPart, of handle: OpaquePointer) -> String? {
        var text: UnsafeMutablePointer<CChar>?
        guard unsafe curl_url_get(handle, part, &text, 0) == CURLUE_OK, let text = unsafe text else { return nil }
        defer { unsafe curl_free(text) }
        return unsafe String(cString: text)
    }

    private static func setCallbacks(of easy: UnsafeMutableRawPointer, to transfer: Transfer) {
        // Unretained: the loop holds the transfer for as long as libcurl holds the handle.
        let context = unsafe Unmanaged.passUnretained(transfer).toOpaque()
        unsafe tokenscale_curl_setopt_pointer(easy, CURLOPT_PRIVATE, context)
        unsafe tokenscale_curl_set_header_callback(
            easy,
            { bytes, size, count, context in
                guard let context = unsafe context else { return 0 }
                let line = unsafe UnsafeRawBufferPointer(start: bytes, count: size * count)
                return unsafe Transfer.from(context).receive(headerLine: line)
            },
            context
        )
        unsafe tokenscale_curl_set_write_callback(
            easy,
            { bytes, size, count, context in
                guard let context = unsafe context else { return 0 }
                let body = unsafe UnsafeRawBufferPointer(start: bytes, count: size * count)
                return unsafe Transfer.from(context).receive(body: body)
            },
            context
        )
        unsafe tokenscale_curl_set_open_socket_callback(
            easy,
            { context, _, address in
                guard let context = unsafe context, let address = unsafe address else { return CURL_SOCKET_BAD }
                return unsafe Transfer.from(context).openSocket(address)
            },
            context
        )
    }
}

/// Sets options and remembers the first that libcurl refused.
@safe
private struct Options {
    let easy: UnsafeMutableRawPointer
    private(set) var firstFailure: CURLcode?

    init(easy: UnsafeMutableRawPointer) { unsafe self.easy = easy }

    mutating func string(_ option: CURLoption, _ value: String) {
        self.note(unsafe tokenscale_curl_setopt_string(self.easy, option, value))
    }

    mutating func long(_ option: CURLoption, _ value: Int) {
        self.note(unsafe tokenscale_curl_setopt_long(self.easy, option, value))
    }

    mutating func pointer(_ option: CURLoption, _ value: UnsafeMutableRawPointer?) {
        self.note(unsafe tokenscale_curl_setopt_pointer(self.easy, option, value))
    }

    mutating func body(_ bytes: [UInt8]) {
        self.note(unsafe bytes.withUnsafeBytes { unsafe tokenscale_curl_set_body(self.easy, $0.baseAddress, $0.count) })
    }

    mutating func pem(_ source: PEMSource, file: CURLoption, blob: CURLoption) {
        switch source {
        case .file(let path): self.string(file, path)
        case .text(let text):
            let bytes = Array(text.utf8)
            self.note(
                unsafe bytes.withUnsafeBytes {
                    unsafe tokenscale_curl_setopt_blob(self.easy, blob, $0.baseAddress, $0.count)
                }
            )
        }
    }

    private mutating func note(_ code: CURLcode) {
        if code != CURLE_OK, self.firstFailure == nil { self.firstFailure = code }
    }
}

extension Duration {
    /// At least 1, because 0 means "no limit" to libcurl.
    fileprivate var milliseconds: Int {
        let (seconds, attoseconds) = self.components
        return max(1, Int(clamping: seconds) * 1000 + Int(attoseconds / 1_000_000_000_000_000))
    }
}
