import Foundation
import Testing
import TokenscaleCore
import Yams

@testable import Kubernetes
@testable import tokenscale

/// `Deploy/` says the same as the code: ports, settings, probes, rights, metrics.
@Suite("Deploy")
struct DeployTests {
    private let base: Manifests
    private let pod: Node
    private let container: Node

    init() throws {
        self.base = try Manifests(folder: "Deploy/base")
        self.pod = try #require(self.base.first("Deployment", "tokenscale")?.at("spec", "template", "spec"))
        self.container = try #require(self.pod["containers"]?.nodes.first)
    }

    /// The configuration that the container runs with.
    private func configuration() throws -> Configuration {
        let arguments = self.container["args"]?.strings ?? []
        #expect(arguments.first == "serve")
        let position = try #require(arguments.firstIndex(of: "--config"))
        let mounted = arguments[position + 1]
        let folder = mount("config")
        #expect(mounted == "\(folder)/config.yaml")
        var settings = Array(arguments.dropFirst())
        settings.removeSubrange((position - 1)...position)
        let reader = ConfigurationReader(environment: ["KUBERNETES_SERVICE_HOST": "10.96.0.1"])
        let file = Manifests.root.appending(path: "Deploy/base/config.yaml").path
        return try reader.read(arguments: settings, file: file).configuration
    }

    private func mount(_ volume: String) -> String {
        self.container["volumeMounts"]?.nodes.first { $0["name"]?.string == volume }?["mountPath"]?.string ?? ""
    }

    private func port(_ address: ListenAddress) -> Int {
        if case .address(_, let port) = address { port } else { -1 }
    }

    @Test("the container's ports are those the program listens on, on all interfaces")
    func ports() throws {
        let configuration = try self.configuration()
        let listening: [String: ListenAddress] = [
            "https": configuration.apiAddress, "otlp-grpc": configuration.otlpGRPCAddress,
            "otlp-http": configuration.otlpHTTPAddress, "metrics": configuration.metricsAddress,
            "health": configuration.healthAddress,
        ]
        let declared = Dictionary(
            uniqueKeysWithValues: (self.container["ports"]?.nodes ?? []).map {
                ($0["name"]?.string ?? "", $0["containerPort"]?.int ?? 0)
            }
        )
        #expect(declared == listening.mapValues(self.port))
        for address in listening.values {
            guard case .address(let host, _) = address else { continue }
            #expect(host != "localhost" && host != "::1" && !host.hasPrefix("127."), "nobody else could reach it")
        }
    }

    @Test("every port of the Service and of the NetworkPolicy is a named port of the container")
    func portNames() throws {
        let names = Set((self.container["ports"]?.nodes ?? []).compactMap { $0["name"]?.string })
        let service = try #require(self.base.first("Service", "tokenscale"))
        let targets = (service.at("spec", "ports")?.nodes ?? []).compactMap { $0["targetPort"]?.string }
        #expect(Set(targets) == names.subtracting(["health"]))
        #expect(
            service.at("spec", "selector")
                == self.base.first("Deployment", "tokenscale")?.at("spec", "selector", "matchLabels")
        )
        let policy = try #require(self.base.first("NetworkPolicy", "tokenscale"))
        let open = (policy.at("spec", "ingress")?.nodes ?? []).flatMap { $0["ports"]?.nodes ?? [] }
            .compactMap { $0["port"]?.string }
        #expect(Set(open) == names)
    }

    @Test("the data directory is a writable volume, and the root is not")
    func volumes() throws {
        #expect(try self.configuration().dataDirectory == self.mount("data"))
        let volume = self.pod["volumes"]?.nodes.first { $0["name"]?.string == "data" }
        #expect(volume?["emptyDir"] != nil)
        #expect(self.container.at("securityContext", "readOnlyRootFilesystem")?.bool == true)
        let user = self.pod.at("securityContext", "runAsUser")?.int ?? 0
        #expect(try Manifests.text("Deploy/Dockerfile").contains("\nUSER \(user):\(user)\n"))
    }

    @Test("probes ask the health port for paths that it answers")
    func probes() throws {
        for (probe, path) in [("startupProbe", "/livez"), ("livenessProbe", "/livez"), ("readinessProbe", "/readyz")] {
            let request = try #require(self.container.at(probe, "httpGet"))
            #expect(request["port"]?.string == "health")
            #expect(request["path"]?.string == path)
        }
        let help = Setting.all.first { $0.key == "health-address" }?.summary ?? ""
        #expect(help.contains("`/livez`") && help.contains("`/readyz`"))
        let grace = self.pod["terminationGracePeriodSeconds"]?.int ?? 0
        #expect(Double(grace) >= 2 * Collector.shutdownSeconds)
    }

    /// What a rule grants, one right for each combination, without purposes.
    private static func rights(_ role: Node?, namespace: String? = nil) -> Set<RequiredRight> {
        var result: Set<RequiredRight> = []
        for rule in role?["rules"]?.nodes ?? [] {
            let names = rule["resourceNames"]?.strings.map { Optional($0) } ?? [nil]
            for group in rule["apiGroups"]?.strings ?? [] {
                for resource in rule["resources"]?.strings ?? [] {
                    for verb in rule["verbs"]?.strings ?? [] {
                        for name in names {
                            result.insert(RequiredRight(group, resource, verb, in: namespace, name: name, ""))
                        }
                    }
                }
            }
        }
        return result
    }

    @Test("the roles grant exactly the rights that the code uses")
    func rights() throws {
        var granted = Self.rights(self.base.first("ClusterRole", "tokenscale"))
        // The roles of Kubernetes itself that are bound, as kube-apiserver 1.36 makes them.
        let bound = self.base.objects.filter { $0.kind.hasSuffix("Binding") }.filter { binding in
            (binding.node["subjects"]?.nodes ?? []).contains { $0["name"]?.string == "tokenscale" }
        }
        #expect(
            Set(bound.compactMap { $0.node.at("roleRef", "name")?.string }) == [
                "tokenscale", "system:auth-delegator", "extension-apiserver-authentication-reader",
            ]
        )
        granted.insert(RequiredRight("authentication.k8s.io", "tokenreviews", "create", ""))
        granted.insert(RequiredRight("authorization.k8s.io", "subjectaccessreviews", "create", ""))
        for verb in ["list", "watch"] {
            granted.insert(
                RequiredRight(
                    "",
                    "configmaps",
                    verb,
                    in: "kube-system",
                    name: "extension-apiserver-authentication",
                    ""
                )
            )
        }
        let used = Set(
            RequiredRight.all.map { right in
                RequiredRight(right.group, right.resource, right.verb, in: right.namespace, name: right.name, "")
            }
        )
        #expect(granted == used)
        for binding in bound {
            let subject = binding.node["subjects"]?.nodes.first
            #expect(subject?["namespace"]?.string == "tokenscale" && subject?["kind"]?.string == "ServiceAccount")
        }
        #expect(self.pod["serviceAccountName"]?.string == "tokenscale")
    }

    @Test("the HPA controller and viewers may read both metrics groups and nothing else")
    func readers() throws {
        let role = try #require(self.base.first("ClusterRole", "tokenscale-server-resources"))
        #expect(role.at("metadata", "labels", "rbac.authorization.k8s.io/aggregate-to-view")?.string == "true")
        let expected = ["custom.metrics.k8s.io", "external.metrics.k8s.io"].flatMap { group in
            ["get", "list"].map { RequiredRight(group, "*", $0, "") }
        }
        #expect(Self.rights(role) == Set(expected))
        let binding = self.base.first("ClusterRoleBinding", "tokenscale-hpa-controller")
        #expect(binding?["subjects"]?.nodes.first?["name"]?.string == "horizontal-pod-autoscaler")
    }

    @Test("the APIServices are ours to the letter, verified, and lead to the Service")
    func apiServices() throws {
        let objects = self.base.all("APIService")
        #expect(Set(objects.map(\.name)) == Set(MetricsAPIService.names))
        var priorities: [String: Int] = [:]
        for object in objects {
            let spec = try #require(object.node["spec"])
            let (group, version) = (spec["group"]?.string ?? "", spec["version"]?.string ?? "")
            #expect(object.name == "\(version).\(group)")
            #expect(spec["insecureSkipTLSVerify"] == nil && spec["caBundle"] == nil)
            #expect(spec.at("service", "namespace")?.string == "tokenscale")
            #expect(spec.at("service", "name")?.string == "tokenscale")
            let ports = self.base.first("Service", "tokenscale")?.at("spec", "ports")?.nodes ?? []
            let port = ports.first { $0["port"]?.int == spec.at("service", "port")?.int }
            #expect(port?["targetPort"]?.string == "https")
            priorities[object.name] = spec["versionPriority"]?.int
        }
        // kube-controller-manager asks for the version of the highest priority.
        #expect((priorities["v1beta2.custom.metrics.k8s.io"] ?? 0) > (priorities["v1beta1.custom.metrics.k8s.io"] ?? 0))
    }

    @Test("the disruption budget covers the pods and never blocks a drain of one")
    func budget() throws {
        let budget = try #require(self.base.first("PodDisruptionBudget", "tokenscale"))
        #expect(budget.at("spec", "maxUnavailable")?.int == 1 && budget.at("spec", "minAvailable") == nil)
        #expect(
            budget.at("spec", "selector") == self.base.first("Deployment", "tokenscale")?.at("spec", "selector")
        )
    }

    @Test("the image holds what the build and the program need")
    func image() throws {
        let dockerfile = try Manifests.text("Deploy/Dockerfile")
        let setUp = try Manifests.text("Tests/Tools/set-up.sh")
        let line = try #require(setUp.split(separator: "\n").first { $0.hasPrefix("BUILD_PACKAGES=") })
        let packages = line.split(separator: "\"")[1].split(separator: " ")
        #expect(packages.count >= 4)
        for package in packages { #expect(dockerfile.contains(" \(package)"), "\(package) is missing in the build") }
        for library in ["libcurl4", "libprotobuf-c1", "libsqlite3-0", "zlib1g", "ca-certificates"] {
            #expect(dockerfile.contains(" \(library)"), "\(library) is missing at run time")
        }
        let configuration = try self.configuration()
        let ports = [
            configuration.otlpGRPCAddress, configuration.otlpHTTPAddress, configuration.apiAddress,
            configuration.metricsAddress, configuration.healthAddress,
        ].map { String(self.port($0)) }.joined(separator: " ")
        #expect(dockerfile.contains("EXPOSE \(ports)\n"))
    }
}
