/// Pods of one workload that run Claude agents, as one subject of findings: a thousand replicas have one fault, not a
/// thousand.
struct AgentPods {
    /// `ReplicaSet demo/agents-84c88bcf9b`, or the pod itself.
    var object: String
    var namespace: String
    var ownerKind: String
    var ownerName: String
    /// The youngest pod: it shows what the workload makes now.
    var sample: InspectedPod
    var podCount: Int

    static func find(in pods: [InspectedPod]) -> [AgentPods] {
        var groups: [String: AgentPods] = [:]
        for pod in pods where pod.isAgent && pod.status?.phase != "Succeeded" && pod.status?.phase != "Failed" {
            let namespace = pod.metadata.namespace ?? ""
            let owner = pod.metadata.controller
            let kind = owner?.kind ?? "Pod"
            let name = owner?.name ?? pod.metadata.name ?? ""
            let object = "\(kind) \(namespace)/\(name)"
            guard var known = groups[object] else {
                groups[object] = AgentPods(
                    object: object,
                    namespace: namespace,
                    ownerKind: kind,
                    ownerName: name,
                    sample: pod,
                    podCount: 1
                )
                continue
            }
            known.podCount += 1
            if (pod.metadata.creationTimestamp ?? "") > (known.sample.metadata.creationTimestamp ?? "") {
                known.sample = pod
            }
            groups[object] = known
        }
        return groups.values.sorted { $0.object < $1.object }
    }

    /// Whether the workload that an HPA scales makes these pods. The name of a Deployment's ReplicaSet is the
    /// Deployment's with one more part.
    func isScaled(by target: AutoscalerObject.Reference, namespace: String) -> Bool {
        guard namespace == self.namespace else { return false }
        if target.kind == self.ownerKind { return target.name == self.ownerName }
        guard target.kind == "Deployment", self.ownerKind == "ReplicaSet",
            let dash = self.ownerName.lastIndex(of: "-")
        else { return false }
        return self.ownerName[..<dash] == target.name
    }
}

extension InspectedPod {
    /// Runs Claude Code or the Agent SDK, by what can be seen of it: our label, the label of Anthropic's runner, an
    /// environment variable that only agents have, or the image.
    var isAgent: Bool {
        let labels = self.metadata.labels ?? [:]
        if let said = labels["tokenscale.dev/agent"] { return said == "true" }
        if labels["app.kubernetes.io/part-of"] == "claude-code-self-hosted-runner" { return true }
        return self.spec.containers.contains(where: \.isAgent)
    }

    /// The containers that run an agent; all of them when only a label says that the pod is one.
    var agentContainers: [Container] {
        let agents = self.spec.containers.filter(\.isAgent)
        return agents.isEmpty ? self.spec.containers : agents
    }
}

extension InspectedPod.Container {
    var isAgent: Bool {
        let hasVariable = (self.env ?? []).contains { variable in
            variable.name.hasPrefix("CLAUDE_") || variable.name.hasPrefix("ANTHROPIC_")
        }
        guard !hasVariable else { return true }
        // The last part of the path, without tag and digest: `registry/team/claude-agent:1`.
        let path = (self.image ?? "").split(separator: "@").first ?? ""
        let name = path.split(separator: "/").last?.split(separator: ":").first ?? ""
        return name.hasPrefix("claude-code") || name.hasPrefix("claude-agent")
    }

    enum Setting: Equatable {
        case absent
        case value(String)
        /// Comes from a Secret, a ConfigMap or the downward API; only that it is set can be seen.
        case elsewhere(isSecret: Bool)
    }

    /// The last one wins, as in the kubelet.
    func setting(_ name: String) -> Setting {
        guard let variable = (self.env ?? []).last(where: { $0.name == name }) else { return .absent }
        if let source = variable.valueFrom { return .elsewhere(isSecret: source.secretKeyRef != nil) }
        return .value(variable.value ?? "")
    }

    func isSet(_ name: String) -> Bool {
        switch self.setting(name) {
        case .absent, .value(""): false
        case .value, .elsewhere: true
        }
    }

    /// Further variables come from a whole Secret or ConfigMap; what they are cannot be seen in the pod.
    var hasHiddenSettings: Bool { !(self.envFrom ?? []).isEmpty }
}
