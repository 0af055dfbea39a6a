import FoundationEssentials
import TokenscaleCore

/// `autoscaling/v2 HorizontalPodAutoscaler`; v2beta2 has the same form.
struct AutoscalerObject: KubernetesObject {
    struct Reference: Decodable, Sendable {
        var apiVersion: String?
        var kind: String
        var name: String

        func reference(namespace: String) -> ObjectReference {
            let kind = ObjectKind(apiVersion: self.apiVersion ?? "", name: self.kind)
            return ObjectReference(kind: kind, namespace: namespace, name: self.name)
        }
    }

    struct Identifier: Decodable, Sendable {
        var name: String
        var selector: SelectorObject?
    }

    struct Goal: Decodable, Sendable {
        var value: String?
        var averageValue: String?
    }

    struct Source: Decodable, Sendable {
        var metric: Identifier?
        var describedObject: Reference?
        var target: Goal?
    }

    struct Metric: Decodable, Sendable {
        var type: String
        var pods: Source?
        var object: Source?
        var external: Source?

        var name: String? { (self.pods ?? self.object ?? self.external)?.metric?.name }
    }

    struct Spec: Decodable, Sendable {
        var scaleTargetRef: Reference
        var minReplicas: Int?
        var maxReplicas: Int?
        var metrics: [Metric]?
    }

    var metadata: ObjectMetadata
    var spec: Spec

    static let path = "/apis/autoscaling/v2/horizontalpodautoscalers"
    /// Before Kubernetes 1.23.
    static let olderPath = "/apis/autoscaling/v2beta2/horizontalpodautoscalers"

    var record: AutoscalerRecord {
        let namespace = self.metadata.namespace ?? ""
        return AutoscalerRecord(
            target: self.spec.scaleTargetRef.reference(namespace: namespace),
            minReplicas: self.spec.minReplicas ?? 1,
            maxReplicas: self.spec.maxReplicas ?? Int(Int32.max),
            metrics: (self.spec.metrics ?? []).map { $0.record(namespace: namespace) }
        )
    }
}

extension AutoscalerObject.Metric {
    fileprivate func record(namespace: String) -> AutoscalerRecord.Metric {
        let described = self.pods ?? self.object ?? self.external
        return AutoscalerRecord.Metric(
            source: self.source(namespace: namespace),
            name: self.name ?? self.type,
            selector: described?.metric?.selector.flatMap { LabelSelector($0) } ?? .everything,
            goal: Self.goal(described?.target)
        )
    }

    private func source(namespace: String) -> AutoscalerRecord.Source {
        switch self.type {
        case "Pods": return .pods
        case "External": return .external
        default: break
        }
        guard let object = self.object?.describedObject?.reference(namespace: namespace) else { return .resource }
        // A Namespace is asked for by the HPA's own, whatever name stands here.
        return .object(
            object.kind == .namespace
                ? ObjectReference(kind: .namespace, namespace: namespace, name: namespace) : object
        )
    }

    private static func goal(_ target: AutoscalerObject.Goal?) -> AutoscalerRecord.Goal {
        if let average = target?.averageValue.flatMap({ Quantity(parsing: $0) }) { return .averageValue(average) }
        if let value = target?.value.flatMap({ Quantity(parsing: $0) }) { return .value(value) }
        return .other
    }
}
