/// What a metric selector picks, decided once per request.
///
/// A requirement on `type`, `model` or `state` is asked of every candidate, so that all operators work: `model!=x`,
/// `type in (input,output)`, `state notin (stuck)`. Without one on `state`, stuck sessions are left out; without one on
/// `type` or `profile`, the profile is ``TokenProfile/scale``.
package struct MetricSelection: Equatable, Sendable {
    /// Sorted, so that selections compare equal.
    package private(set) var types: [TokenType] = []
    package private(set) var includesActive = true
    package private(set) var includesStuck = false
    /// Profiles that the headroom looks at.
    package private(set) var profiles: Set<TokenProfile> = Set(TokenProfile.allCases)
    private var byKey: [String: [LabelSelector.Requirement]] = [:]

    /// - Parameter isExternal: External metrics may also select workloads.
    package init(
        _ metric: ServedMetric,
        selector: LabelSelector = .everything,
        isExternal: Bool = false
    ) throws(ServingError) {
        let allowed = isExternal ? metric.externalLabelKeys : metric.labelKeys
        for requirement in selector.requirements {
            guard allowed.contains(requirement.key) else {
                let keys = allowed.sorted().joined(separator: ", ")
                throw .badSelector("\(metric.name) has no label \"\(requirement.key)\"; select by \(keys)")
            }
            self.byKey[requirement.key, default: []].append(requirement)
        }
        try self.selectStates()
        try self.selectTypes(metric)
    }

    package func includes(model: String) -> Bool { self.allows("model", model) }
    package func includes(queue: String) -> Bool { self.allows("queue", queue) }
    package func includes(workload: String) -> Bool { self.allows("workload", workload) }
    package func includes(pod: String) -> Bool { self.allows("pod", pod) }
    package func restricts(_ key: String) -> Bool { self.byKey[key] != nil }

    /// Models that the selector names.
    package var namedModels: Set<String> {
        var names: Set<String> = []
        for requirement in self.byKey["model"] ?? [] {
            if case .isIn(let values) = requirement.operation { names.formUnion(values) }
        }
        return names
    }

    /// Only then is there a burst rate: it is kept of sessions that are not stuck.
    package var isActiveOnly: Bool { self.includesActive && !self.includesStuck }

    /// Tokens of the selected types.
    package func sum(_ counts: TokenCounts) -> Int64 {
        self.types.reduce(0) { $0.addingClamped(counts[$1]) }
    }

    private func allows(_ key: String, _ value: String) -> Bool {
        guard let requirements = self.byKey[key] else { return true }
        return requirements.allSatisfy { $0.matches(value.isEmpty ? [:] : [key: value]) }
    }

    private mutating func selectStates() throws(ServingError) {
        guard let requirements = self.byKey["state"] else { return }
        try self.checkValues(of: requirements, allowed: ["active", "stuck", "all"])
        let wantsAll = requirements.contains { requirement in
            guard case .isIn(let values) = requirement.operation else { return false }
            return values.contains("all")
        }
        self.includesActive = wantsAll || self.allows("state", "active")
        self.includesStuck = wantsAll || self.allows("state", "stuck")
        guard self.includesActive || self.includesStuck else {
            throw .badSelector("the selector on \"state\" picks nothing; states are active, stuck, all")
        }
    }

    private mutating func selectTypes(_ metric: ServedMetric) throws(ServingError) {
        let profileRequirements = self.byKey["profile"]
        if let profileRequirements {
            let names = TokenProfile.allCases.map(\.rawValue)
            try self.checkValues(of: profileRequirements, allowed: names)
            self.profiles = Set(TokenProfile.allCases.filter { self.allows("profile", $0.rawValue) })
        }
        switch metric {
        case .inputTokensPerMinute: self.types = [.input]
        case .outputTokensPerMinute: self.types = [.output]
        case .tokensPerMinute:
            let typeRequirements = self.byKey["type"]
            try self.checkValues(of: typeRequirements ?? [], allowed: TokenType.allCases.map(\.name))
            var profile = typeRequirements == nil ? TokenProfile.scale : .total
            if profileRequirements != nil {
                guard self.profiles.count == 1, let only = self.profiles.first else {
                    throw .badSelector("select exactly one profile of total, itpm, otpm, scale")
                }
                profile = only
            }
            self.types = TokenType.allCases.filter { profile.types.contains($0) && self.allows("type", $0.name) }
            guard !self.types.isEmpty else {
                throw .badSelector(
                    "the selector picks no token type; profile \(profile.rawValue) is made of "
                        + TokenType.allCases.filter(profile.types.contains).map(\.name).joined(separator: ", ")
                )
            }
        default: break
        }
    }

    /// A misspelt value would silently select nothing.
    private func checkValues(
        of requirements: [LabelSelector.Requirement],
        allowed: [String]
    ) throws(ServingError) {
        for requirement in requirements {
            let values: Set<String> =
                switch requirement.operation {
                case .isIn(let values), .isNotIn(let values): values
                default: []
                }
            for value in values.sorted() where !allowed.contains(value) {
                throw .badSelector(
                    "\"\(requirement.key)\" has no value \"\(value)\"; it is one of \(allowed.joined(separator: ", "))"
                )
            }
        }
    }
}
