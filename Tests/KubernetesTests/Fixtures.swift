/// Objects as the API server prints them, with the noise that a real one carries.
enum Fixture {
    static let pods = "/api/v1/pods"
    static let replicaSets = "/apis/apps/v1/replicasets"
    static let deployments = "/apis/apps/v1/deployments"
    static let statefulSets = "/apis/apps/v1/statefulsets"
    static let services = "/api/v1/services"
    static let jobs = "/apis/batch/v1/jobs"
    static let ingresses = "/apis/networking.k8s.io/v1/ingresses"
    static let autoscalers = "/apis/autoscaling/v2/horizontalpodautoscalers"
    static let collections = [
        Self.pods, Self.replicaSets, Self.deployments, Self.statefulSets, Self.services, Self.jobs, Self.ingresses,
        Self.autoscalers,
    ]

    static func owner(_ kind: String, _ name: String, apiVersion: String = "apps/v1") -> JSON {
        [
            "apiVersion": .string(apiVersion), "kind": .string(kind), "name": .string(name), "uid": "u-\(name)",
            "controller": true, "blockOwnerDeletion": true,
        ]
    }

    static func pod(
        _ name: String,
        namespace: String = "demo",
        ip: String? = nil,
        labels: [String: String] = ["app": "claude-agent"],
        owner: JSON? = nil,
        phase: String = "Running"
    ) -> JSON {
        var pod: JSON = [
            "kind": "Pod", "apiVersion": "v1",
            "metadata": [
                "name": .string(name), "namespace": .string(namespace), "uid": "uid-\(name)",
                "creationTimestamp": "2026-11-20T22:15:26Z",
                "labels": .object(labels.mapValues { .string($0) }),
                "annotations": [
                    "kubectl.kubernetes.io/last-applied-configuration": "{\"a\": \"lot of text\"}",
                    "tokenscale.dev/tenant": "blue",
                ],
                "managedFields": [["manager": "kubelet", "fieldsV1": ["f:status": ["f:phase": [:]]]]],
            ],
            "spec": [
                "nodeName": "node-1", "terminationGracePeriodSeconds": 30,
                "containers": [["name": "agent", "image": "agent:1", "env": [["name": "A", "value": "b"]]]],
            ],
            "status": [
                "phase": .string(phase), "conditions": [["type": "Ready", "status": "True", "lastProbeTime": nil]],
                "containerStatuses": [["name": "agent", "ready": true, "restartCount": 0]],
            ],
        ]
        if let owner { pod["metadata"]?["ownerReferences"] = [owner] }
        if let ip {
            pod["status"]?["podIP"] = .string(ip)
            pod["status"]?["podIPs"] = [["ip": .string(ip)]]
        }
        return pod
    }

    static func workload(
        _ kind: String,
        _ name: String,
        namespace: String = "demo",
        replicas: Int = 1,
        labels: [String: String] = ["app": "claude-agent"],
        owner: JSON? = nil
    ) -> JSON {
        var object: JSON = [
            "kind": .string(kind), "apiVersion": "apps/v1",
            "metadata": ["name": .string(name), "namespace": .string(namespace), "uid": "uid-\(name)"],
            "spec": [
                "replicas": .number(Double(replicas)),
                "selector": ["matchLabels": .object(labels.mapValues { .string($0) })],
                "template": ["metadata": ["labels": .object(labels.mapValues { .string($0) })]],
            ],
        ]
        if let owner { object["metadata"]?["ownerReferences"] = [owner] }
        return object
    }

    static func service(_ name: String, namespace: String = "demo", selector: [String: String]?) -> JSON {
        var object: JSON = [
            "kind": "Service", "apiVersion": "v1",
            "metadata": ["name": .string(name), "namespace": .string(namespace)],
            "spec": ["clusterIP": "10.96.0.9", "ports": [["port": 80]]],
        ]
        if let selector { object["spec"]?["selector"] = .object(selector.mapValues { .string($0) }) }
        return object
    }

    static func ingress(_ name: String, services: [String], defaultService: String? = nil) -> JSON {
        func backend(_ service: String) -> JSON { ["service": ["name": .string(service), "port": ["number": 80]]] }
        let paths = services.map { ["path": "/", "pathType": "Prefix", "backend": backend($0)] as JSON }
        let bucket: JSON = ["path": "/files", "backend": ["resource": ["kind": "Bucket", "name": "b"]]]
        var object: JSON = [
            "kind": "Ingress", "apiVersion": "networking.k8s.io/v1",
            "metadata": ["name": .string(name), "namespace": "demo"],
            "spec": [
                "rules": [["host": "example.com", "http": ["paths": .array(paths + [bucket])]], ["host": "bare"]]
            ],
        ]
        if let defaultService { object["spec"]?["defaultBackend"] = backend(defaultService) }
        return object
    }

    static func autoscaler(_ name: String, target: String) -> JSON {
        [
            "kind": "HorizontalPodAutoscaler", "apiVersion": "autoscaling/v2",
            "metadata": ["name": .string(name), "namespace": "demo"],
            "spec": [
                "minReplicas": 1, "maxReplicas": 9,
                "scaleTargetRef": ["apiVersion": "apps/v1", "kind": "Deployment", "name": .string(target)],
            ],
        ]
    }

    /// All collections that the pod watcher lists exist.
    static func emptyCollections(of server: APIServerDouble) {
        server.change { model in
            for collection in Self.collections {
                var object = Self.pod("temporary", namespace: "none")
                object["spec"]?["scaleTargetRef"] = ["kind": "Deployment", "name": "none"]
                let event = model.put(collection, object)
                _ = model.delete(event.collection, namespace: "none", name: "temporary")
            }
        }
    }
}
