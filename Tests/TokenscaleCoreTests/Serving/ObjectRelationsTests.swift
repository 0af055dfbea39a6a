import Testing
import TokenscaleCore

@Suite("MetricsView, objects that lead to pods through others")
struct ObjectRelationsTests {
    typealias Fixture = ServingFixture

    private static let rollout = ObjectKind("Rollout", group: "argoproj.io", version: "v1alpha1")

    private static func object(_ kind: ObjectKind, _ name: String) -> ObjectReference {
        ObjectReference(kind: kind, namespace: "demo", name: name)
    }

    /// Two pods of a Rollout behind Service `front`, one pod of a CronJob.
    private static func fleet() -> Fixture {
        var fixture = Fixture()
        let chains: [(String, app: String, [ObjectReference])] = [
            ("a", "agent", [Self.object(.replicaSet, "agents-1"), Self.object(Self.rollout, "agents")]),
            ("b", "agent", [Self.object(.replicaSet, "agents-2"), Self.object(Self.rollout, "agents")]),
            ("c", "batch", [Self.object(.job, "nightly-1"), Self.object(.cronJob, "nightly")]),
        ]
        for (name, app, owners) in chains {
            fixture.add(name, rates: [Fixture.rate(active: Fixture.counts)], isListed: false)
            fixture.list(name, app: app) {
                $0.owners = owners
                $0.workload = owners.last.map { WorkloadID(namespace: "demo", kind: $0.kind.name, name: $0.name) }
            }
            fixture.relations.owners.formUnion(owners)
        }
        fixture.relations.owners.insert(Self.object(Self.rollout, "idle"))
        for (service, app) in [("front", "agent"), ("jobs", "batch")] {
            let selector = LabelSelector(requirements: [.init(key: "app", operation: .isIn([app]))])
            let id = WorkloadID(namespace: "demo", kind: "Service", name: service)
            fixture.workloads.append(WorkloadRecord(id: id, selector: selector, replicas: nil))
        }
        let services = ["front", "jobs", "gone", "front"].map { Self.object(.service, $0) }
        fixture.relations.ingresses = [
            Self.object(.ingress, "entry"): services,
            Self.object(.ingress, "dead"): [Self.object(.service, "gone")],
            Self.object(.ingress, "empty"): [],
        ]
        for (name, target) in [
            ("agents", Self.object(Self.rollout, "agents")),
            ("itself", Self.object(.horizontalPodAutoscaler, "itself")),
        ] {
            let object = Self.object(.horizontalPodAutoscaler, name)
            fixture.relations.autoscalers[object] = AutoscalerRecord(target: target, maxReplicas: 9, metrics: [])
        }
        return fixture
    }

    @Test(
        "an object of any kind is the sum over the pods that it owns or leads to, each once",
        arguments: [
            (Self.rollout, "agents", "3k"), (Self.rollout, "idle", "0"), (.replicaSet, "agents-1", "1500"),
            (.job, "nightly-1", "1500"), (.cronJob, "nightly", "1500"), (.ingress, "entry", "4500"),
            (.horizontalPodAutoscaler, "agents", "3k"),
        ]
    )
    func sums(kind: ObjectKind, name: String, text: String) throws {
        let value = try Self.fleet().objectValue(.tokensPerMinute, kind, name)
        #expect(value.quantity.text == text)
    }

    @Test(
        "what leads nowhere is an error that says so",
        arguments: [
            (Self.rollout, "nope", "rollouts.argoproj.io nope owns no pod in namespace demo"),
            (ObjectKind.daemonSet, "nope", "it does not exist, or has no pods now"),
            (.ingress, "dead", "leads to no pods: services gone not found in namespace demo"),
            (.ingress, "empty", "it names no Service or scale target"),
            (.horizontalPodAutoscaler, "itself", "leads to no pods"),
            (.horizontalPodAutoscaler, "nope", "horizontalpodautoscalers.autoscaling nope not found"),
            (ObjectKind("Rollout", group: "example.com"), "agents", "rollouts.example.com agents owns no pod"),
        ]
    )
    func errors(kind: ObjectKind, name: String, text: String) {
        let message = Fixture.message { try Self.fleet().objectValue(.tokensPerMinute, kind, name) }
        #expect(message.contains(text), "\(message)")
    }

    @Test("a kind that cannot be listed is not known, which is another thing than not there")
    func unlisted() {
        var fixture = Self.fleet()
        fixture.relations.ingresses = [:]
        fixture.relations.unlisted = [.ingress]
        let message = Fixture.message { try fixture.objectValue(.tokensPerMinute, .ingress, "entry") }
        #expect(message.contains("ingresses.networking.k8s.io cannot be listed; grant list and watch"))
        fixture.isSynced = false
        let unsynced = Fixture.message { try fixture.objectValue(.tokensPerMinute, .ingress, "entry") }
        #expect(unsynced.contains("there is no pod directory"))
    }

    @Test("a pod that is not known makes an Ingress unknown as well")
    func unknownPod() {
        var fixture = Self.fleet()
        fixture.add("silent", state: .unknown(.sessionSilent))
        let message = Fixture.message { try fixture.objectValue(.tokensPerMinute, .ingress, "entry") }
        #expect(message.contains("1 of 4 pods are not known: silent"))
    }

    @Test("all objects of a kind are found, with and without pods")
    func all() {
        let view = Self.fleet().view()
        #expect(view.objects(kind: Self.rollout, namespace: "demo").map(\.name) == ["agents", "idle"])
        #expect(view.objects(kind: .ingress, namespace: "demo").map(\.name) == ["dead", "empty", "entry"])
        #expect(view.objects(kind: .service, namespace: "demo").map(\.name) == ["front", "jobs"])
        #expect(view.objects(kind: Self.rollout, namespace: "other").isEmpty)
    }

    @Test("explain finds objects of any kind by name, and by kind where several have it")
    func explain() throws {
        let view = Self.fleet().view()
        func explained(_ name: String, _ kind: String? = nil) throws -> (ObjectKind, Int) {
            var question = Explanation.Question(metric: .tokensPerMinute, namespace: "demo", name: name)
            question.kind = kind.flatMap { view.directory.kind(name: $0) }
            let explanation = try view.explain(question)
            return (explanation.object.kind, explanation.pods.count)
        }
        #expect(try explained("nightly") == (.cronJob, 1))
        #expect(try explained("entry") == (.ingress, 3))
        #expect(try explained("agents", "Rollout") == (Self.rollout, 2))
        #expect(try explained("agents", "HorizontalPodAutoscaler") == (.horizontalPodAutoscaler, 2))
    }

    @Test("an autoscaler's outlook: each metric with its value and proposal, the highest within the limits")
    func outlook() throws {
        var fixture = Self.fleet()
        fixture.addQueue("work", 31)
        let target = Self.object(Self.rollout, "agents")
        func metric(
            _ source: AutoscalerRecord.Source,
            _ name: ServedMetric,
            _ goal: AutoscalerRecord.Goal
        ) -> AutoscalerRecord.Metric { .init(source: source, name: name.name, goal: goal) }
        let thousand = Quantity(clamping: Int64(1000))
        let metrics = [
            metric(.pods, .tokensPerMinute, .averageValue(thousand)),
            metric(.object(Self.object(.ingress, "entry")), .tokensPerMinute, .averageValue(thousand)),
            metric(.object(Self.object(.ingress, "entry")), .tokensPerMinute, .value(thousand)),
            metric(.external, .queueDepth, .averageValue(Quantity(clamping: Int64(5)))),
        ]
        let name = Self.object(.horizontalPodAutoscaler, "agents")
        func outlook(_ metrics: [AutoscalerRecord.Metric]) throws -> AutoscalerOutlook {
            fixture.relations.autoscalers[name] = AutoscalerRecord(target: target, maxReplicas: 6, metrics: metrics)
            let view = fixture.view()
            let found = view.autoscalers(of: target)
            #expect(found.map(\.name) == view.autoscalers(of: name).map(\.name))
            return view.outlook("agents", try #require(found.first).record)
        }
        let full = try outlook(metrics)
        #expect(full.currentReplicas == 2)
        #expect(full.metrics.map(\.value?.text) == ["1500", "4500", "4500", "31"])
        #expect(full.metrics.map(\.proposedReplicas) == [3, 5, 9, 7])
        #expect(full.proposedReplicas == 6, "its maximum")

        var question = Explanation.Question(metric: .tokensPerMinute, namespace: "demo", name: "agents")
        question.kind = .horizontalPodAutoscaler
        let explained = try fixture.view().explain(question)
        #expect(explained.question.target == thousand, "that of the autoscaler")
        #expect(explained.proposedReplicas == 3)
        #expect(explained.autoscalers.map(\.proposedReplicas) == [6])

        let foreign = AutoscalerRecord.Metric(source: .resource, name: "cpu", goal: .other)
        let low = metric(.pods, .activeSessions, .averageValue(thousand))
        let partial = try outlook([low, foreign])
        #expect(partial.metrics.map(\.proposedReplicas) == [0, nil])
        #expect(partial.metrics[1].fault == "not a metric of tokenscale")
        #expect(partial.proposedReplicas == 2, "a metric that is not known forbids scaling down")
        #expect(try outlook([low]).proposedReplicas == 1, "its minimum")
        #expect(try outlook([foreign]).proposedReplicas == 2, "nothing is known: it holds")

        fixture.add("silent", state: .unknown(.sessionSilent), isListed: false)
        fixture.list("silent") { $0.owners = [target] }
        let silent = try outlook([metrics[0], metrics[1]])
        #expect(silent.metrics[0].fault?.contains("1 of 3 pods are not known: silent") == true)
        #expect(silent.metrics[0].proposedReplicas == 3)
        #expect(silent.metrics[1].proposedReplicas == nil)
        #expect(silent.metrics[1].fault?.contains("is not known") == true)
    }

    @Test(
        "resources are recognised in the plural and the singular, within their group",
        arguments: [
            ("ingresses.networking.k8s.io", ObjectKind.ingress as ObjectKind?), ("pods", .pod), ("pod", .pod),
            ("horizontalpodautoscalers.autoscaling", .horizontalPodAutoscaler), ("deployments", nil), ("widgets", nil),
            ("deployments.apps", .deployment), ("pods.apps", nil), ("", nil), (".", nil),
        ]
    )
    func resources(resource: String, kind: ObjectKind?) { #expect(ObjectKind(resource: resource) == kind) }

    @Test("irregular plurals are recognised")
    func plurals() {
        #expect(ObjectKind("Policy", group: "g").isNamed("policies.g"))
        #expect(ObjectKind("Gateway", group: "g").isNamed("gateways.g"))
        #expect(ObjectKind("Redis", group: "g").isNamed("redis.g"))
        #expect(ObjectKind("Redis", group: "g").isNamed("redises.g"))
        #expect(!ObjectKind("Redis", group: "g").isNamed("redi.g"))
    }
}
