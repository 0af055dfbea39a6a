import FoundationEssentials

/// Through which proxy to go. Resolved here and not by libcurl, which would read the environment of the process while
/// other threads may change it.
package struct ProxySettings: Equatable, Sendable {
    /// `http://[USER:PASSWORD@]HOST:PORT`, by the scheme of the request. `nil`: direct.
    package var http: String?
    package var https: String?
    /// Host names, domain suffixes, addresses and CIDR ranges that are reached directly, separated by commas; `*`: all.
    package var bypass: String?

    package init(http: String? = nil, https: String? = nil, bypass: String? = nil) {
        self.http = http
        self.https = https
        self.bypass = bypass
    }

    package static let direct = ProxySettings()

    /// One proxy for both schemes.
    package static func proxy(_ url: String, bypass: String? = nil) -> ProxySettings {
        ProxySettings(http: url, https: url, bypass: bypass)
    }

    /// The convention of curl: `http_proxy` in lower case only (an upper case one can be set by a CGI client,
    /// <https://httpoxy.org>), the others in either, lower case first.
    package init(environment: [String: String]) {
        func value(_ names: String...) -> String? {
            names.lazy.compactMap { environment[$0] }.first { !$0.isEmpty }
        }
        let all = value("all_proxy", "ALL_PROXY")
        self.http = value("http_proxy") ?? all
        self.https = value("https_proxy", "HTTPS_PROXY") ?? all
        self.bypass = value("no_proxy", "NO_PROXY")
    }

    /// The settings of this process' environment.
    package static func ofProcess() -> ProxySettings { ProxySettings(environment: ProcessInfo.processInfo.environment) }

    func proxy(forScheme scheme: String) -> String? { scheme == "https" ? self.https : self.http }
}
