import Testing
import TokenscaleCore

@testable import Kubernetes

@Suite("Pod directory builder")
struct PodDirectoryBuilderTests {
    private var builder = PodDirectoryBuilder()

    private func decode<Object: KubernetesObject>(_ json: JSON, as type: Object.Type = Object.self) throws -> Object {
        try KubernetesClient.decode(type, json.bytes)
    }

    @Test("a pod keeps what decisions need and nothing else")
    mutating func record() throws {
        self.builder.put(try self.decode(Fixture.pod("a", ip: "10.0.0.1"), as: PodObject.self))
        let directory = self.builder.makeDirectory(isSynced: true)
        let pod = try #require(directory[PodID(namespace: "demo", name: "a")])
        #expect(pod.uid == "uid-a")
        #expect(pod.labels == ["app": "claude-agent"])
        #expect(pod.phase == .running && pod.isReady && pod.isLive && !pod.isTerminating)
        #expect(pod.addresses == ["10.0.0.1"])
        #expect(pod.node == "node-1")
        #expect(pod.created == Timestamp(seconds: 1_795_212_926))
        #expect(pod.workload == nil)
        #expect(directory.pod(address: "10.0.0.1")?.id.name == "a")
        #expect(directory.pod(uid: "uid-a")?.id.name == "a")
    }

    @Test("terminating, finished and host-network pods lose their address")
    mutating func addresses() throws {
        var terminating = Fixture.pod("terminating", ip: "10.0.0.1")
        terminating["metadata"]?["deletionTimestamp"] = "2026-11-20T22:16:00Z"
        var host = Fixture.pod("host", ip: "10.0.0.2")
        host["spec"]?["hostNetwork"] = true
        for pod in [terminating, host, Fixture.pod("failed", ip: "10.0.0.3", phase: "Failed")] {
            self.builder.put(try self.decode(pod, as: PodObject.self))
        }
        let directory = self.builder.makeDirectory(isSynced: true)
        for last in 1...3 { #expect(directory.pod(address: "10.0.0.\(last)") == nil) }
        #expect(directory.count == 3)
    }

    @Test("a pod of a ReplicaSet belongs to its Deployment, whichever is heard of first")
    mutating func rollUp() throws {
        let pod: PodObject = try self.decode(Fixture.pod("a", owner: Fixture.owner("ReplicaSet", "agents-1")))
        self.builder.put(pod)
        let id = PodID(namespace: "demo", name: "a")
        let before = self.builder.makeDirectory(isSynced: true)[id]?.workload
        #expect(before == WorkloadID(namespace: "demo", kind: "ReplicaSet", name: "agents-1"))
        let replicaSet = Fixture.workload("ReplicaSet", "agents-1", owner: Fixture.owner("Deployment", "agents"))
        self.builder.put(try self.decode(replicaSet, as: MetadataObject.self), .replicasets)
        let after = self.builder.makeDirectory(isSynced: true)[id]?.workload
        #expect(after == WorkloadID(namespace: "demo", kind: "Deployment", name: "agents"))
    }

    @Test("a ReplicaSet of the same name in another namespace is somebody else's")
    mutating func namespaces() throws {
        let replicaSet = Fixture.workload(
            "ReplicaSet",
            "agents-1",
            namespace: "other",
            owner: Fixture.owner("Deployment", "agents")
        )
        self.builder.put(try self.decode(replicaSet, as: MetadataObject.self), .replicasets)
        self.builder.put(
            try self.decode(Fixture.pod("a", owner: Fixture.owner("ReplicaSet", "agents-1")), as: PodObject.self)
        )
        let pod = self.builder.makeDirectory(isSynced: true)[PodID(namespace: "demo", name: "a")]
        #expect(pod?.workload?.kind == "ReplicaSet")
    }

    @Test("other controllers are the workload; an owner that does not control is not")
    mutating func otherOwners() throws {
        var loose = Fixture.owner("Widget", "w")
        loose["controller"] = false
        let owners: [(String, JSON, WorkloadID?)] = [
            ("s", Fixture.owner("StatefulSet", "db"), WorkloadID(namespace: "demo", kind: "StatefulSet", name: "db")),
            ("j", Fixture.owner("Job", "once"), WorkloadID(namespace: "demo", kind: "Job", name: "once")),
            ("l", loose, nil),
        ]
        for (name, owner, _) in owners {
            self.builder.put(try self.decode(Fixture.pod(name, owner: owner), as: PodObject.self))
        }
        let directory = self.builder.makeDirectory(isSynced: true)
        for (name, _, expected) in owners {
            #expect(directory[PodID(namespace: "demo", name: name)]?.workload == expected)
        }
    }

    /// A directory of what `objects` say, by way of the builder.
    private mutating func chain(_ links: [(PodDirectoryBuilder.Kind, name: String, owner: JSON)]) throws {
        for (kind, name, owner) in links {
            let object = Fixture.workload(kind.objectKind.name, name, owner: owner)
            switch kind {
            case .replicasets, .jobs: self.builder.put(try self.decode(object, as: MetadataObject.self), kind)
            default: self.builder.put(try self.decode(object, as: WorkloadObject.self), kind)
            }
        }
    }

    private static func reference(_ kind: String, _ apiVersion: String, _ name: String) -> ObjectReference {
        ObjectReference(kind: ObjectKind(apiVersion: apiVersion, name: kind), namespace: "demo", name: name)
    }

    @Test("every owner above a pod is known, of whatever kind, also without a pod")
    mutating func ancestry() throws {
        let rollout = Fixture.owner("Rollout", "agents", apiVersion: "argoproj.io/v1alpha1")
        try self.chain([
            (.replicasets, "agents-1", rollout),
            (.replicasets, "idle-1", Fixture.owner("Rollout", "idle", apiVersion: "argoproj.io/v1alpha1")),
            (.jobs, "nightly-1", Fixture.owner("CronJob", "nightly", apiVersion: "batch/v1")),
            (.deployments, "web", Fixture.owner("Fleet", "f", apiVersion: "example.com/v2")),
        ])
        let owners: [(String, JSON, [ObjectReference])] = [
            (
                "a", Fixture.owner("ReplicaSet", "agents-1"),
                [
                    Self.reference("ReplicaSet", "apps/v1", "agents-1"),
                    Self.reference("Rollout", "argoproj.io/v1alpha1", "agents"),
                ]
            ),
            (
                "b", Fixture.owner("Job", "nightly-1", apiVersion: "batch/v1"),
                [Self.reference("Job", "batch/v1", "nightly-1"), Self.reference("CronJob", "batch/v1", "nightly")]
            ),
            (
                "c", Fixture.owner("Deployment", "web"),
                [Self.reference("Deployment", "apps/v1", "web"), Self.reference("Fleet", "example.com/v2", "f")]
            ),
            (
                "d", Fixture.owner("RayCluster", "ray", apiVersion: "ray.io/v1"),
                [Self.reference("RayCluster", "ray.io/v1", "ray")]
            ),
        ]
        for (name, owner, _) in owners {
            self.builder.put(try self.decode(Fixture.pod(name, owner: owner), as: PodObject.self))
        }
        let directory = self.builder.makeDirectory(isSynced: true)
        for (name, _, expected) in owners {
            #expect(directory[PodID(namespace: "demo", name: name)]?.owners == expected)
        }
        let workloads = ["a", "b", "c", "d"].map { directory[PodID(namespace: "demo", name: $0)]?.workload?.kind }
        #expect(workloads == ["Rollout", "CronJob", "Deployment", "RayCluster"])
        let idle = Self.reference("Rollout", "argoproj.io/v1alpha1", "idle")
        #expect(directory.relations.owners.contains(idle))
        for resource in ["rollouts.argoproj.io", "rollout.argoproj.io", "rayclusters.ray.io", "fleets.example.com"] {
            #expect(directory.kind(resource: resource) != nil, "\(resource)")
        }
        #expect(directory.kind(resource: "rollouts.example.com") == nil)
        #expect(directory.kind(resource: "rollouts") == nil)
    }

    @Test("owners that own each other come to an end")
    mutating func circle() throws {
        try self.chain([
            (.deployments, "x", Fixture.owner("StatefulSet", "y")),
            (.statefulsets, "y", Fixture.owner("Deployment", "x")),
        ])
        self.builder.put(try self.decode(Fixture.pod("a", owner: Fixture.owner("Deployment", "x")), as: PodObject.self))
        let pod = self.builder.makeDirectory(isSynced: true)[PodID(namespace: "demo", name: "a")]
        #expect(pod?.owners.map(\.kind) == [.deployment, .statefulSet])
    }

    @Test("an owner that does not control still owns")
    mutating func looseOwner() throws {
        var loose = Fixture.owner("Widget", "w", apiVersion: "example.com/v1")
        loose["controller"] = nil
        self.builder.put(try self.decode(Fixture.pod("a", owner: loose), as: PodObject.self))
        let pod = self.builder.makeDirectory(isSynced: true)[PodID(namespace: "demo", name: "a")]
        #expect(pod?.owners == [Self.reference("Widget", "example.com/v1", "w")])
        #expect(pod?.workload == nil)
    }

    @Test("Ingresses lead to their Services, autoscalers to their targets")
    mutating func links() throws {
        let ingress = Fixture.ingress("entry", services: ["front", "back", "front"], defaultService: "fallback")
        self.builder.put(try self.decode(ingress, as: IngressObject.self))
        self.builder.put(try self.decode(Fixture.autoscaler("agents", target: "agents"), as: AutoscalerObject.self))
        let relations = self.builder.makeDirectory(isSynced: true).relations
        #expect(
            relations.links(of: Self.reference("Ingress", "networking.k8s.io/v1", "entry"))
                == ["back", "fallback", "front"].map { Self.reference("Service", "v1", $0) }
        )
        #expect(
            relations.links(of: Self.reference("HorizontalPodAutoscaler", "autoscaling/v2", "agents"))
                == [Self.reference("Deployment", "apps/v1", "agents")]
        )
        self.builder.delete(ObjectName(namespace: "demo", name: "entry"), .ingresses)
        #expect(self.builder.makeDirectory(isSynced: true).relations.linking.count == 1)
    }

    @Test("an autoscaler's metrics are read as they are written")
    func autoscalerMetrics() throws {
        var object = Fixture.autoscaler("agents", target: "agents")
        object["spec"]?["metrics"] = [
            [
                "type": "Pods",
                "pods": [
                    "metric": [
                        "name": "claude_tokens_per_minute", "selector": ["matchLabels": ["type": "output"]],
                    ],
                    "target": ["type": "AverageValue", "averageValue": "200k"],
                ],
            ],
            [
                "type": "Object",
                "object": [
                    "describedObject": ["apiVersion": "v1", "kind": "Namespace", "name": "whatever"],
                    "metric": ["name": "claude_busy_pods"], "target": ["type": "Value", "value": "1500m"],
                ],
            ],
            [
                "type": "External",
                "external": [
                    "metric": ["name": "claude_queue_depth"], "target": ["type": "AverageValue", "averageValue": "5"],
                ],
            ],
            ["type": "Resource", "resource": ["name": "cpu", "target": ["type": "Utilization"]]],
        ]
        let record = try self.decode(object, as: AutoscalerObject.self).record
        #expect(record.minReplicas == 1 && record.maxReplicas == 9)
        #expect(record.target == Self.reference("Deployment", "apps/v1", "agents"))
        let output = LabelSelector(requirements: [.init(key: "type", operation: .isIn(["output"]))])
        let namespace = ObjectReference(kind: .namespace, namespace: "demo", name: "demo")
        #expect(
            record.metrics == [
                .init(
                    source: .pods,
                    name: "claude_tokens_per_minute",
                    selector: output,
                    goal: .averageValue(Quantity(milli: 200_000_000))
                ),
                .init(source: .object(namespace), name: "claude_busy_pods", goal: .value(Quantity(milli: 1500))),
                .init(
                    source: .external,
                    name: "claude_queue_depth",
                    goal: .averageValue(Quantity(milli: 5000))
                ),
                .init(source: .resource, name: "Resource", goal: .other),
            ]
        )
    }

    @Test("what changes only its status makes no new directory")
    mutating func statusOnly() throws {
        let objects: [JSON] = (0..<2).map { round in
            var autoscaler = Fixture.autoscaler("agents", target: "agents")
            autoscaler["status"] = ["currentReplicas": .number(Double(round))]
            return autoscaler
        }
        self.builder.put(try self.decode(objects[0], as: AutoscalerObject.self))
        _ = self.builder.makeDirectory(isSynced: true)
        self.builder.put(try self.decode(objects[1], as: AutoscalerObject.self))
        #expect(!self.builder.isDirty)
        let moved = Fixture.autoscaler("agents", target: "others")
        self.builder.put(try self.decode(moved, as: AutoscalerObject.self))
        #expect(self.builder.isDirty)
    }

    @Test("kinds that are not required may be missing, and the directory says which")
    mutating func missingKinds() {
        for kind in PodDirectoryBuilder.Kind.allCases where kind.isRequired {
            self.builder.fail(kind)
            self.builder.beginList(kind)
            self.builder.endList(kind)
        }
        #expect(!self.builder.isComplete)
        for kind in PodDirectoryBuilder.Kind.allCases where !kind.isRequired { self.builder.fail(kind) }
        #expect(self.builder.isComplete)
        let unlisted = self.builder.makeDirectory(isSynced: true).relations.unlisted
        #expect(unlisted == [.job, .ingress, .horizontalPodAutoscaler])
        self.builder.endList(.jobs)
        self.builder.fail(.jobs)
        #expect(self.builder.isComplete)
        #expect(self.builder.makeDirectory(isSynced: true).relations.unlisted.contains(.job) == false)
    }

    @Test("a complete list removes what it does not hold; one that broke off removes nothing")
    mutating func relist() throws {
        let first: PodObject = try self.decode(Fixture.pod("a"))
        let second: PodObject = try self.decode(Fixture.pod("b"))
        self.builder.beginList(.pods)
        self.builder.put(first)
        self.builder.put(second)
        self.builder.endList(.pods)
        self.builder.beginList(.pods)
        self.builder.put(second)
        #expect(self.builder.podCount == 2)
        self.builder.beginList(.pods)
        self.builder.put(second)
        self.builder.endList(.pods)
        #expect(self.builder.podCount == 1)
        #expect(self.builder.makeDirectory(isSynced: true)[PodID(namespace: "demo", name: "b")] != nil)
    }

    @Test("nothing is complete before every kind has been listed")
    mutating func completeness() {
        for kind in PodDirectoryBuilder.Kind.allCases {
            #expect(!self.builder.isComplete)
            self.builder.beginList(kind)
            self.builder.endList(kind)
        }
        #expect(self.builder.isComplete)
    }

    @Test("workloads have their selector and replicas; services without a selector select nothing")
    mutating func workloads() throws {
        var expressive = Fixture.workload("Deployment", "agents", replicas: 3)
        expressive["spec"]?["selector"]?["matchExpressions"] = [
            ["key": "tier", "operator": "In", "values": ["a", "b"]], ["key": "gpu", "operator": "DoesNotExist"],
        ]
        self.builder.put(try self.decode(expressive, as: WorkloadObject.self), .deployments)
        self.builder.put(try self.decode(Fixture.service("front", selector: ["app": "x"]), as: ServiceObject.self))
        self.builder.put(try self.decode(Fixture.service("external", selector: nil), as: ServiceObject.self))
        let workloads = self.builder.makeDirectory(isSynced: true).workloads
        let agents = try #require(workloads[WorkloadID(namespace: "demo", kind: "Deployment", name: "agents")])
        #expect(agents.replicas == 3)
        #expect(agents.selector?.matches(["app": "claude-agent", "tier": "a"]) == true)
        #expect(agents.selector?.matches(["app": "claude-agent", "tier": "a", "gpu": "1"]) == false)
        #expect(agents.selector?.matches(["app": "claude-agent"]) == false)
        let front = workloads[WorkloadID(namespace: "demo", kind: "Service", name: "front")]
        #expect(front?.selector?.matches(["app": "x"]) == true)
        let external = try #require(workloads[WorkloadID(namespace: "demo", kind: "Service", name: "external")])
        #expect(external.selector == nil)
        self.builder.delete(ObjectName(namespace: "demo", name: "agents"), .deployments)
        #expect(self.builder.makeDirectory(isSynced: true).workloads.count == 2)
    }

    @Test("an operator that this version does not know selects nothing rather than everything")
    func unknownOperator() throws {
        var object = Fixture.workload("Deployment", "agents")
        object["spec"]?["selector"]?["matchExpressions"] = [["key": "tier", "operator": "Like", "values": ["a"]]]
        let workload: WorkloadObject = try self.decode(object)
        #expect(LabelSelector(workload.spec?.selector) == nil)
    }

    @Test("each directory has a higher version")
    mutating func versions() {
        let versions = (0..<3).map { _ in self.builder.makeDirectory(isSynced: false).version }
        #expect(versions == [1, 2, 3])
    }
}
