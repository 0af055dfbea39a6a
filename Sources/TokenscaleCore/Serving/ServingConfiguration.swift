/// Which token types a rate adds up. <https://platform.claude.com/docs/en/api/rate-limits>
package enum TokenProfile: String, CaseIterable, Sendable {
    /// All four types.
    case total
    /// What an input limit counts: input and cache creation.
    case itpm
    /// What an output limit counts.
    case otpm
    /// The headline rate: everything but cache reads.
    case scale

    package var types: Set<TokenType> {
        switch self {
        case .total: [.input, .output, .cacheRead, .cacheCreation]
        case .itpm: [.input, .cacheCreation]
        case .otpm: [.output]
        case .scale: [.input, .output, .cacheCreation]
        }
    }
}

/// A rate limit of the organisation for a class of models, as the provider's console shows it.
package struct OrganisationLimit: Hashable, Sendable {
    /// A model's name, or the beginning of one followed by `*`: `claude-opus-4*`.
    package var model: String
    package var profile: TokenProfile
    /// Above 0.
    package var tokensPerMinute: Int64

    package init(model: String, profile: TokenProfile, tokensPerMinute: Int64) {
        precondition(tokensPerMinute > 0, "an organisation limit of \(tokensPerMinute) tokens per minute")
        self.model = model
        self.profile = profile
        self.tokensPerMinute = tokensPerMinute
    }

    package func applies(to model: String) -> Bool {
        guard self.model.hasSuffix("*") else { return self.model == model }
        return model.hasPrefix(self.model.dropLast())
    }
}

/// What an operator sets of the serving rules.
package struct ServingConfiguration: Equatable, Sendable {
    /// The burst rate is served when it is at least this many times the stable rate.
    package var burstFactor: Double = 2
    /// The burst window must hold tokens in this many distinct seconds: one lone request is not a burst.
    package var burstSecondCountMin = 3
    /// For this long after the start, in seconds, a silent pod may simply not have reported yet: sums are not known.
    package var coverageSeconds: Double = 60
    /// A snapshot older than this, in seconds, is not served: the collector itself hangs.
    package var snapshotAgeMaxSeconds: Double = 15
    /// At most this many names in an error message or an explanation's prose.
    package var namedPodLimit = 5
    package var organisationLimits: [OrganisationLimit] = []

    package init() {}

    package static let stableWindowSeconds = 60
    package static let burstWindowSeconds = 15
}
