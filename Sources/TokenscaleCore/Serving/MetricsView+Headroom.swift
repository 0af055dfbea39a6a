/// What is left of the organisation's limits.
extension MetricsView {
    /// What is left of the tightest selected limit, counting every pod, stuck or not: all of them use it up.
    func headroom(selection: MetricSelection) throws(ServingError) -> ExternalValue {
        guard !self.configuration.organisationLimits.isEmpty else {
            throw .notFound(
                "\(ServedMetric.tokenHeadroomRatio.name) needs the organisation's limits; set them in the configuration"
            )
        }
        var seen: Set<String> = []
        for pod in self.snapshot.pods { for rate in pod.rates { seen.insert(rate.model) } }
        let limits = self.configuration.organisationLimits.filter { limit in
            guard selection.profiles.contains(limit.profile) else { return false }
            guard selection.restricts("model") else { return true }
            let prefix = limit.model.hasSuffix("*") ? String(limit.model.dropLast()) : limit.model
            return selection.includes(model: prefix)
                || selection.namedModels.contains { limit.applies(to: $0) }
                || seen.contains { limit.applies(to: $0) && selection.includes(model: $0) }
        }
        guard !limits.isEmpty else {
            throw .notFound(
                "no organisation limit matches the selector; limits are set for "
                    + self.configuration.organisationLimits.map(\.model).joined(separator: ", ")
            )
        }
        let unknown = self.snapshot.pods.compactMap { pod -> (pod: PodID, reason: LeftOutReason)? in
            guard case .unknown(let reason) = pod.state else { return nil }
            return (pod.id, .unknown(reason))
        }
        guard unknown.isEmpty else {
            throw .notKnown(
                "the organisation's headroom is not known: \(unknown.count) pods are not known: "
                    + self.names(unknown)
            )
        }
        let ratios = limits.map { (limit: $0, ratio: self.headroom(of: $0)) }
        let tightest = ratios.min { $0.ratio < $1.ratio } ?? ratios[0]
        let value = ServedValue(
            quantity: Quantity(clamping: tightest.ratio),
            windowSeconds: ServingConfiguration.stableWindowSeconds,
            timestamp: self.snapshot.time
        )
        let labels = ["model": tightest.limit.model, "profile": tightest.limit.profile.rawValue]
        return ExternalValue(labels: labels, value: value)
    }

    /// 1: nothing used. 0: the limit is reached.
    package func headroom(of limit: OrganisationLimit) -> Double {
        var used: Int64 = 0
        for pod in self.snapshot.pods {
            for rate in pod.rates where limit.applies(to: rate.model) {
                for type in limit.profile.types {
                    used = used.addingClamped(rate.active[type]).addingClamped(rate.stuck[type])
                }
            }
        }
        return max(0, 1 - Double(used) / Double(limit.tokensPerMinute))
    }
}
