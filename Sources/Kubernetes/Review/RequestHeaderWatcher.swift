import FoundationEssentials
package import Logging
import ServiceLifecycle
import Synchronization
package import TokenscaleCore

/// Follows ConfigMap `kube-system/extension-apiserver-authentication`: whom the aggregator's client certificate must
/// come from, and in which headers it names the user. Changes take effect without a restart.
package final class RequestHeaderWatcher: Service {
    package static let namespace = "kube-system"
    package static let name = "extension-apiserver-authentication"

    private let client: KubernetesClient
    private let settings: WatchSettings
    private let logger: Logger
    private let publish: @Sendable (RequestHeaderConfiguration?) -> Void

    /// - Parameter publish: called in order with each new configuration, and with `nil` when the ConfigMap is deleted.
    package init(
        client: KubernetesClient,
        settings: WatchSettings = WatchSettings(),
        logger: Logger,
        publish: @escaping @Sendable (RequestHeaderConfiguration?) -> Void
    ) {
        self.client = client
        self.settings = settings
        self.logger = logger
        self.publish = publish
    }

    /// Returns at graceful shutdown or cancellation; never throws.
    package func run() async {
        let publish = self.publish
        let logger = self.logger
        /// Whether the list that is coming in holds the ConfigMap: it may have been deleted while nobody watched.
        let isListed = Mutex(false)
        let resource = WatchedResource(
            name: "configmaps/\(Self.name)",
            path: "/api/v1/namespaces/\(Self.namespace)/configmaps",
            fieldSelector: "metadata.name=\(Self.name)"
        )
        let reflector = Reflector<ConfigMapObject>(
            client: self.client,
            resource: resource,
            settings: self.settings,
            logger: logger
        ) { event in
            switch event {
            case .put(let objects):
                for object in objects where object.metadata.name == Self.name {
                    let (configuration, faults) = Self.configuration(of: object)
                    for fault in faults {
                        logger.error(
                            "ConfigMap key is not a JSON list of strings; the key is ignored",
                            metadata: ["config_map": "\(Self.name)", "key": "\(fault)"]
                        )
                    }
                    isListed.withLock { $0 = true }
                    publish(configuration)
                }
            case .deleted: publish(nil)
            case .listBegan: isListed.withLock { $0 = false }
            case .listEnded: if !isListed.withLock({ $0 }) { publish(nil) }
            case .recovered, .failed: break
            }
        }
        await cancelWhenGracefulShutdown { await reflector.run() }
    }

    /// Reads the ConfigMap's strings. A list that does not parse is reported and taken as absent, but for
    /// `requestheader-allowed-names`, where absent would mean "any": then the request-header authority is dropped.
    static func configuration(of object: ConfigMapObject) -> (RequestHeaderConfiguration, faults: [String]) {
        var result = RequestHeaderConfiguration()
        var faults: [String] = []
        let data = object.data ?? [:]
        func list(_ key: String) -> [String]? {
            guard let text = data[key], !text.isEmpty else { return nil }
            guard let list = try? JSONDecoder().decode([String].self, from: Data(text.utf8)) else {
                faults.append(key)
                return nil
            }
            return list
        }
        result.clientCA = data["client-ca-file"]
        result.requestHeaderCA = data["requestheader-client-ca-file"]
        result.allowedNames = list("requestheader-allowed-names") ?? []
        if faults.contains("requestheader-allowed-names") { result.requestHeaderCA = nil }
        result.usernameHeaders = list("requestheader-username-headers") ?? result.usernameHeaders
        result.groupHeaders = list("requestheader-group-headers") ?? result.groupHeaders
        result.extraHeaderPrefixes = list("requestheader-extra-headers-prefix") ?? result.extraHeaderPrefixes
        result.uidHeaders = list("requestheader-uid-headers") ?? []
        return (result, faults)
    }
}
