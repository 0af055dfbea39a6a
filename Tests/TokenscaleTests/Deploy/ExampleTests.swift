import Foundation
import Testing
import TokenscaleCore
import Yams

@testable import Kubernetes

@Suite("Deploy: every folder")
struct ExampleTests {
    static let folders = ["Deploy/base", "Deploy/examples/agents", "Deploy/examples/workers"]
    static let examples = Array(folders.dropFirst())

    /// A Python with kubernetes-validate, which `./test` prepares.
    static let validator: String? = {
        guard let python = ProcessInfo.processInfo.environment["TOKENSCALE_TEST_PYTHON"] else { return nil }
        let imported = try? Manifests.run(python, ["-c", "import kubernetes_validate"])
        return imported == nil ? nil : python
    }()

    @Test("kubectl renders all that is written", .enabled(if: Manifests.kubectl != nil), arguments: folders)
    func renders(folder: String) throws {
        let kubectl = try #require(Manifests.kubectl)
        let rendered = try Manifests(rendered: Manifests.render(folder, kubectl: kubectl))
        let written = try Manifests(folder: folder).objects.map(\.title)
        #expect(rendered.objects.map(\.title).filter { !$0.hasPrefix("ConfigMap/") }.sorted() == written.sorted())
        guard folder == "Deploy/base" else { return }
        // The generated ConfigMap is the one that the pod mounts.
        let configMap = try #require(rendered.all("ConfigMap").first)
        let volumes = rendered.first("Deployment", "tokenscale")?.at("spec", "template", "spec", "volumes")?.nodes ?? []
        #expect(volumes.compactMap { $0.at("configMap", "name")?.string } == [configMap.name])
        #expect(configMap.node.at("data", "config.yaml")?.string == (try Manifests.text("Deploy/base/config.yaml")))
    }

    @Test(
        "the API server's schemas accept every object, without unknown fields",
        .enabled(if: validator != nil && Manifests.kubectl != nil),
        arguments: folders,
        ["1.29", "1.36"]
    )
    func valid(folder: String, version: String) throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).yaml")
        defer { try? FileManager.default.removeItem(at: file) }
        try Manifests.render(folder, kubectl: #require(Manifests.kubectl)).write(
            to: file,
            atomically: true,
            encoding: .utf8
        )
        let arguments = ["-m", "kubernetes_validate", "--strict", "--no-warn", "-k", version, file.path]
        let output = try Manifests.run(try #require(Self.validator), arguments)
        let count = try Manifests(rendered: String(contentsOf: file, encoding: .utf8)).objects.count
        #expect(output.split(separator: "\n").filter { $0.contains(" passed ") }.count == count)
    }

    /// <https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted>
    @Test("pods pass the restricted Pod Security standard, which their namespaces enforce", arguments: folders)
    func restricted(folder: String) throws {
        let manifests = try Manifests(folder: folder)
        for namespace in manifests.all("Namespace") {
            let labels = namespace.node.at("metadata", "labels")
            #expect(labels?["pod-security.kubernetes.io/enforce"]?.string == "restricted")
        }
        let deployments = manifests.all("Deployment")
        #expect(deployments.count == 1)
        for deployment in deployments {
            let namespace = deployment.node.at("metadata", "namespace")?.string ?? ""
            #expect(manifests.first("Namespace", namespace) != nil)
            let pod = try #require(deployment.node.at("spec", "template", "spec"))
            #expect(pod.at("securityContext", "runAsNonRoot")?.bool == true)
            #expect((pod.at("securityContext", "runAsUser")?.int ?? 0) > 0)
            #expect(pod.at("securityContext", "seccompProfile", "type")?.string == "RuntimeDefault")
            for key in ["hostNetwork", "hostPID", "hostIPC"] { #expect(pod[key] == nil) }
            let allowed: Set<String> = ["configMap", "emptyDir", "secret", "projected", "persistentVolumeClaim"]
            for volume in pod["volumes"]?.nodes ?? [] {
                let kinds = Set(volume.mapping?.keys.compactMap(\.string) ?? []).subtracting(["name"])
                #expect(kinds.isSubset(of: allowed))
            }
            for container in pod["containers"]?.nodes ?? [] {
                let context = container["securityContext"]
                #expect(context?["allowPrivilegeEscalation"]?.bool == false)
                #expect(context?.at("capabilities", "drop")?.strings == ["ALL"])
                #expect(context?.at("capabilities", "add") == nil && context?["privileged"] == nil)
                for probe in ["livenessProbe", "readinessProbe"] {
                    #expect(container.at(probe, "httpGet", "host") == nil)
                }
                #expect(container.at("resources", "limits", "memory") != nil)
            }
        }
    }

    @Test("an example's HPA scales its Deployment on a metric that we serve", arguments: examples)
    func autoscaler(folder: String) throws {
        let manifests = try Manifests(folder: folder)
        let autoscaler = try #require(manifests.all("HorizontalPodAutoscaler").first?.node)
        let target = try #require(autoscaler.at("spec", "scaleTargetRef"))
        #expect(manifests.first(target["kind"]?.string ?? "", target["name"]?.string ?? "") != nil)
        // A Deployment that also sets replicas fights with its HPA at every apply.
        #expect(manifests.all("Deployment").first?.node.at("spec", "replicas") == nil)
        let metric = try #require(autoscaler.at("spec", "metrics")?.nodes.first)
        let type = metric["type"]?.string ?? ""
        let source = try #require(metric[type.lowercased()])
        let served = try #require(ServedMetric(name: source.at("metric", "name")?.string ?? ""))
        let keys = Set(source.at("metric", "selector", "matchLabels")?.mapping?.keys.compactMap(\.string) ?? [])
        #expect(keys.isSubset(of: type == "External" ? served.externalLabelKeys : served.labelKeys))
        #expect(source.at("target", "type")?.string == "AverageValue")
    }

    @Test("the seed example scales at 200,000 tokens a minute for each pod")
    func seed() throws {
        let autoscaler = try Manifests(folder: "Deploy/examples/agents").all("HorizontalPodAutoscaler").first?.node
        let source = autoscaler?.at("spec", "metrics")?.nodes.first?["pods"]
        #expect(source?.at("metric", "name")?.string == "claude_tokens_per_minute")
        #expect(source?.at("target", "averageValue")?.string == "200000")
        let workers = try Manifests(folder: "Deploy/examples/workers").all("HorizontalPodAutoscaler").first?.node
        let queue = workers?.at("spec", "metrics")?.nodes.first
        #expect(queue?["type"]?.string == "External")
        #expect(queue?.at("external", "metric", "name")?.string == "claude_queue_depth")
    }

    @Test("the doctor finds nothing to complain about in the examples", arguments: examples)
    func healthy(folder: String) throws {
        let manifests = try Manifests(folder: folder)
        let deployment = try #require(manifests.all("Deployment").first?.node)
        var template = try #require(deployment.at("spec", "template"))
        template["metadata"]?["name"] = "example"
        template["metadata"]?["namespace"] = deployment.at("metadata", "namespace")
        let pod = try YAMLDecoder().decode(InspectedPod.self, from: template)
        var facts = ClusterFacts(service: ServiceName(namespace: "tokenscale", name: "tokenscale"))
        facts.pods = .loaded([pod])
        facts.autoscalers = .loaded(
            try manifests.all("HorizontalPodAutoscaler").map {
                try YAMLDecoder().decode(AutoscalerObject.self, from: $0.node)
            }
        )
        #expect(pod.isAgent)
        #expect(Checks.agents(facts) + Checks.autoscalers(facts) == [])
        // A variable that uses another must come after it, or the kubelet leaves the text as it is.
        let variables = pod.spec.containers.first?.env ?? []
        for (index, variable) in variables.enumerated() {
            for used in (variable.value ?? "").matches(of: /\$\((\w+)\)/) {
                #expect(variables[..<index].contains { $0.name == used.1 }, "\(variable.name) uses $(\(used.1))")
            }
        }
    }
}
