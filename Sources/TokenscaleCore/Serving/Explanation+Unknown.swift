/// What to say to somebody who asks for a name that nobody has heard of.
extension MetricsView {
    func isKnown(namespace: String) -> Bool {
        !self.pods(in: namespace).isEmpty || self.knownNamespaces.contains(namespace)
    }

    /// Of telemetry and, as far as there is a directory, of whatever it lists.
    private var knownNamespaces: Set<String> {
        var names = Set(self.snapshot.pods.map(\.id.namespace))
        names.formUnion(self.snapshot.queues.lazy.map(\.namespace))
        names.formUnion(self.directory.records.lazy.map(\.id.namespace))
        names.formUnion(self.directory.workloads.keys.lazy.map(\.namespace))
        names.formUnion(self.directory.relations.owners.lazy.map(\.namespace))
        names.formUnion(self.directory.relations.linking.lazy.map(\.namespace))
        return names
    }

    /// Names in a namespace that can be asked for: workloads, Services and what leads to them; pods that have none.
    private func knownNames(in namespace: String) -> Set<String> {
        var names = Set(self.pods(in: namespace).map { $0.workload ?? $0.id.name })
        for record in self.directory.records where record.id.namespace == namespace {
            names.insert(record.workload?.name ?? record.id.name)
        }
        for id in self.directory.workloads.keys where id.namespace == namespace { names.insert(id.name) }
        for object in self.directory.relations.linking where object.namespace == namespace { names.insert(object.name) }
        return names
    }

    func unknownNamespace(_ namespace: String, name: String) -> ServingError {
        let all = self.knownNamespaces
        let what = "nothing is known of namespace \(namespace): no pod, no telemetry"
        let elsewhere = self.places(named: name.isEmpty ? namespace : name, in: all)
        if !elsewhere.isEmpty { return .notFound("\(what); did you mean \(elsewhere)?") }
        return .notFound(what + self.hint(namespace, all, "known are", "no namespace is known yet"))
    }

    /// - Parameter what: `nothing named x`, or the kind with the name.
    func unknownName(_ what: String, _ name: String, in namespace: String) -> ServingError {
        guard self.isKnown(namespace: namespace) else { return self.unknownNamespace(namespace, name: name) }
        var text = "\(what) is known in namespace \(namespace)"
        if !what.hasPrefix("nothing") { text = "no \(text)" }
        if self.snapshot.queues.contains(where: { $0.namespace == namespace && $0.queue == name }) {
            return .notFound(
                "\(text); it is a queue: its depth is in claude_queue_depth of the namespace (External for an HPA)"
            )
        }
        var names = self.knownNames(in: namespace)
        let hint = self.hint(name, names, "known there are", "no telemetry came from it")
        guard NameSuggestion.similar(to: name, in: names).isEmpty else { return .notFound(text + hint) }
        names = self.knownNamespaces
        names.remove(namespace)
        let elsewhere = self.places(named: name, in: names)
        return .notFound(elsewhere.isEmpty ? text + hint : "\(text); did you mean \(elsewhere)?")
    }

    /// `a/name or b/name`: where something has this name.
    private func places(named name: String, in namespaces: Set<String>) -> String {
        namespaces.sorted().lazy.filter { namespace in
            !self.kinds(named: name, in: namespace).isEmpty
                || self.pods(in: namespace).contains { $0.workload == name || $0.id.name == name }
        }.prefix(3).map { "\($0)/\(name)" }.joined(separator: " or ")
    }

    private func hint(_ word: String, _ names: Set<String>, _ lead: String, _ none: String) -> String {
        let similar = NameSuggestion.similar(to: word, in: names)
        if !similar.isEmpty { return "; did you mean \(similar.joined(separator: ", "))?" }
        let limit = self.configuration.namedPodLimit
        let more = names.count > limit ? " and \(names.count - limit) more" : ""
        return names.isEmpty ? "; \(none)" : "; \(lead) \(names.sorted().prefix(limit).joined(separator: ", "))\(more)"
    }
}
