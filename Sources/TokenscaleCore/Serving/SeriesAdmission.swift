/// Bounds the pods that get series of their own on `/metrics`, per namespace.
///
/// Once a namespace holds more pods than the limit, the later ones share the label `pod="other"`. Whoever has a series
/// keeps it, and whoever is folded stays folded for as long as the ledger knows it: a counter must not jump from one
/// series to another. What a folded pod counted stays in `other` when the pod is forgotten, so `other` never falls.
/// Once the ledger knows no pod of a namespace any more, its `other` is forgotten, as their series are.
package struct SeriesAdmission: Sendable {
    private struct Folded: Hashable {
        var pod: PodID
        var model: String
    }

    private struct Namespace {
        var admitted: Set<PodID> = []
        var folded: [Folded: TokenCounts] = [:]
        var retired: [String: TokenCounts] = [:]
        /// By model: when `other` first counted it.
        var births: [String: (sequence: UInt64, time: Timestamp)] = [:]
    }

    /// The label's value for pods beyond the limit.
    package static let otherPodName = "other"

    /// Namespaces that are or were over the limit: at most as many as the ledger has pods.
    var namespaceCount: Int { self.namespaces.count }

    private let podLimit: Int
    private var namespaces: [String: Namespace] = [:]
    private var sequence: UInt64 = 0

    /// - Parameter podLimit: Pods with series of their own, per namespace. At least 1.
    package init(podLimit: Int) {
        precondition(podLimit > 0, "a limit of \(podLimit) pods")
        self.podLimit = podLimit
    }

    /// Whether a pod has series of its own. O(1).
    package func admits(_ pod: PodID) -> Bool {
        guard let namespace = self.namespaces[pod.namespace] else { return true }
        return namespace.admitted.contains(pod)
    }

    /// Takes a snapshot in, once: decides who is admitted. O(counters) when a namespace is over the limit.
    package mutating func update(_ snapshot: Snapshot) {
        guard snapshot.sequence > self.sequence else { return }
        self.sequence = snapshot.sequence
        var gone = Set(self.namespaces.keys)
        var start = 0
        while start < snapshot.counters.count {
            let namespace = snapshot.counters[start].pod.namespace
            var end = start
            var podCount = 0
            var previous: PodID?
            while end < snapshot.counters.count, snapshot.counters[end].pod.namespace == namespace {
                if snapshot.counters[end].pod != previous { podCount += 1 }
                previous = snapshot.counters[end].pod
                end += 1
            }
            gone.remove(namespace)
            if podCount > self.podLimit || self.namespaces[namespace] != nil {
                self.update(namespace, counters: snapshot.counters[start..<end], snapshot: snapshot)
            }
            start = end
        }
        for namespace in gone { self.namespaces[namespace] = nil }
    }

    private mutating func update(_ name: String, counters: ArraySlice<TokenCounter>, snapshot: Snapshot) {
        var namespace = self.namespaces[name] ?? Namespace()
        namespace.admitted.formIntersection(counters.map(\.pod))
        let foldedPods = Set(namespace.folded.keys.map(\.pod))
        for counter in counters.sorted(by: { ($0.birthSequence, $0.pod) < ($1.birthSequence, $1.pod) }) {
            guard namespace.admitted.count < self.podLimit else { break }
            if !foldedPods.contains(counter.pod) { namespace.admitted.insert(counter.pod) }
        }
        var folded: [Folded: TokenCounts] = [:]
        for counter in counters where !namespace.admitted.contains(counter.pod) {
            folded[Folded(pod: counter.pod, model: counter.model)] = counter.total
            if namespace.births[counter.model] == nil {
                namespace.births[counter.model] = (snapshot.sequence, snapshot.time)
            }
        }
        for (key, total) in namespace.folded where folded[key] == nil {
            namespace.retired[key.model, default: .zero] += total
        }
        namespace.folded = folded
        self.namespaces[name] = namespace
    }

    /// The counters to show: sorted by namespace, pod, model; `other` holds the folded ones of its namespace.
    package func visible(_ counters: [TokenCounter]) -> [TokenCounter] {
        guard !self.namespaces.isEmpty else { return counters }
        var visible = counters.filter { self.admits($0.pod) }
        for (name, namespace) in self.namespaces {
            var totals = namespace.retired
            for (key, total) in namespace.folded { totals[key.model, default: .zero] += total }
            for (model, total) in totals {
                var counter = TokenCounter(pod: PodID(namespace: name, name: Self.otherPodName), model: model)
                counter.total = total
                counter.created = namespace.births[model]?.time ?? .zero
                counter.birthSequence = namespace.births[model]?.sequence ?? 0
                visible.append(counter)
            }
        }
        visible.sort { ($0.pod, $0.model) < ($1.pod, $1.model) }
        return visible
    }
}
