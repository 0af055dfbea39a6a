import MetricsAPI
import TokenscaleCore

extension Setting {
    static let serving: [Setting] = [
        .number(
            "burst-factor",
            .api,
            \.serving.burstFactor,
            in: 1...100,
            "The 15 s rate is served when it is at least this many times the 60 s rate."
        ),
        .integer(
            "burst-second-count",
            .api,
            \.serving.burstSecondCountMin,
            in: 1...15,
            "The burst window must hold tokens in so many distinct seconds: one lone request is no burst."
        ),
        .number(
            "coverage-seconds",
            .api,
            \.serving.coverageSeconds,
            in: 0...600,
            "For this long after the start a silent pod may simply not have reported yet: sums are not known."
        ),
        .number(
            "snapshot-age-max-seconds",
            .api,
            \.serving.snapshotAgeMaxSeconds,
            in: 2...300,
            "A snapshot older than this is not served: the collector itself hangs."
        ),
        .objects(
            "organisation-limits",
            .api,
            \.serving.organisationLimits,
            allowed: "a list of {model: NAME or PREFIX*, profile: total|itpm|otpm|scale, tokens-per-minute: 1…}",
            "Rate limits of your organisation at the model's provider, for `claude_token_headroom_ratio`.",
            parse: { value throws(SettingError) in try OrganisationLimit(value) },
            show: {
                "{model: \"\($0.model)\", profile: \($0.profile.rawValue), tokens-per-minute: \($0.tokensPerMinute)}"
            }
        ),
        .integer(
            "pods-per-namespace-limit",
            .api,
            \.exposition.podsPerNamespaceLimit,
            in: 1...1_000_000,
            "Pods with series of their own on `/metrics`, per namespace; the rest share `pod=\"other\"`."
        ),
        .integer(
            "scraper-limit",
            .api,
            \.exposition.scraperLimit,
            in: 1...10_000,
            "Scrapers that are remembered, so that counters are born at 0 for each of them."
        ),
        .integer(
            "server-connection-limit",
            .api,
            \.serverConnectionLimit,
            in: 1...100_000,
            "Open connections of each of the metrics, API and health servers."
        ),
        .scalar(
            "api-service",
            .api,
            \.apiService,
            allowed: "NAMESPACE/NAME of a Service",
            "The Service that leads to the metrics APIs: the name in the self-signed certificate, and the APIServices "
                + "that its authority is written into.",
            parse: { ServiceReference($0) },
            show: { $0.text }
        ),
    ]
}

/// A Service by namespace and name.
struct ServiceReference: Equatable, Sendable {
    var namespace: String
    var name: String

    init(namespace: String, name: String) {
        self.namespace = namespace
        self.name = name
    }

    init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty && !$0.contains { $0.isWhitespace } }) else {
            return nil
        }
        self.init(namespace: parts[0], name: parts[1])
    }

    var text: String { "\(self.namespace)/\(self.name)" }

    /// Under which the API server connects.
    var certificateNames: [String] {
        let short = "\(self.name).\(self.namespace)"
        return [self.name, short, "\(short).svc", "\(short).svc.cluster.local", "localhost"]
    }
}

extension OrganisationLimit {
    init(_ value: ConfigurationValue) throws(SettingError) {
        let fields = try ConfigurationFields(value, known: ["model", "profile", "tokens-per-minute"])
        let name = try fields.text("profile")
        guard let profile = TokenProfile(rawValue: name) else {
            let known = TokenProfile.allCases.map(\.rawValue).joined(separator: ", ")
            throw SettingError(message: "profile must be one of \(known)")
        }
        guard let number = Setting.wholeNumber(try fields.text("tokens-per-minute")), number > 0 else {
            throw SettingError(message: "tokens-per-minute must be a whole number above 0")
        }
        self.init(model: try fields.text("model"), profile: profile, tokensPerMinute: Int64(number))
    }
}
