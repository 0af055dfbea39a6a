/// The groups and versions that the metrics APIs are served under. There is no `v1` of either.
enum APIGroupVersion: String, CaseIterable, Sendable {
    case customV1beta2 = "custom.metrics.k8s.io/v1beta2"
    case customV1beta1 = "custom.metrics.k8s.io/v1beta1"
    case externalV1beta1 = "external.metrics.k8s.io/v1beta1"

    static let customGroup = "custom.metrics.k8s.io"
    static let externalGroup = "external.metrics.k8s.io"

    /// Preferred versions first.
    static let groups: [(name: String, versions: [APIGroupVersion])] = [
        (customGroup, [.customV1beta2, .customV1beta1]), (externalGroup, [.externalV1beta1]),
    ]

    var group: String { String(self.rawValue.prefix { $0 != "/" }) }
    var version: String { String(self.rawValue.drop { $0 != "/" }.dropFirst()) }
    var isCustom: Bool { self != .externalV1beta1 }
    var listKind: String { self.isCustom ? "MetricValueList" : "ExternalMetricValueList" }
}
