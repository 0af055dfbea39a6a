import CurlHTTP
import FoundationEssentials
package import Logging
import ServiceLifecycle
import Synchronization

/// Writes the authority of our self-signed certificate into those APIServices that lead to our own Service, and only
/// there. Level-triggered: what is found is compared with what should be, once a minute and after each failure.
///
/// Not needed when an operator gives the certificate: then whoever made it also maintains the bundle.
package final class APIServiceRegistrar: Service {
    package struct Settings: Sendable {
        package var interval = Duration.seconds(60)
        package var retryMinimum = Duration.seconds(1)

        package init() {}
    }

    package enum Outcome: Equatable, Sendable {
        case upToDate
        case written
        /// Not registered at all.
        case missing
        /// Another owner; left alone.
        case foreign(owner: String)
        case failed(reason: String)
    }

    private struct Patch: Encodable {
        struct Metadata: Encodable { var resourceVersion: String? }

        struct Spec: Encodable {
            var caBundle: String
            var insecureSkipTLSVerify = false
        }

        /// An optimistic lock: if the owner changes in between, the patch is refused.
        var metadata: Metadata
        var spec: Spec
    }

    private let client: KubernetesClient
    private let service: ServiceName
    private let settings: Settings
    private let logger: Logger
    private let authority: @Sendable () -> String?
    private let last = Mutex<[String: Outcome]>([:])

    /// - Parameter authority: PEM of the certificate that signed the one being served, asked anew each time; `nil`
    ///   while there is none to publish.
    package init(
        client: KubernetesClient,
        service: ServiceName,
        settings: Settings = Settings(),
        logger: Logger,
        authority: @escaping @Sendable () -> String?
    ) {
        self.client = client
        self.service = service
        self.settings = settings
        self.logger = logger
        self.authority = authority
    }

    /// The latest outcome for each APIService.
    package var outcomes: [String: Outcome] { self.last.withLock { $0 } }

    /// Returns at graceful shutdown or cancellation; never throws.
    package func run() async {
        await cancelWhenGracefulShutdown {
            var backoff = Backoff(minimum: self.settings.retryMinimum, maximum: self.settings.interval)
            while !Task.isCancelled {
                var pause = self.settings.interval
                if await self.registerAll() {
                    backoff.reset()
                } else {
                    pause = backoff.next()
                }
                guard (try? await Task.sleep(for: pause)) != nil else { return }
            }
        }
    }

    /// - Returns: whether nothing needs to be tried again soon.
    private func registerAll() async -> Bool {
        guard let authority = self.authority() else { return true }
        var isSettled = true
        for name in MetricsAPIService.names {
            let outcome = await self.register(name, authority: authority)
            if case .failed = outcome {
                guard !Task.isCancelled else { return false }
                isSettled = false
            }
            let previous = self.last.withLock { $0.updateValue(outcome, forKey: name) }
            if outcome != previous { self.log(outcome, name) }
        }
        return isSettled
    }

    private func register(_ name: String, authority: String) async -> Outcome {
        do throws(KubernetesError) {
            let path = "\(MetricsAPIService.path)/\(name)"
            let object = try await self.client.get(APIServiceObject.self, path)
            switch CABundlePlan(object, service: self.service, authority: authority) {
            case .foreign(let owner): return .foreign(owner: owner)
            case .upToDate: return .upToDate
            case .write(let pem):
                let patch = Patch(
                    metadata: .init(resourceVersion: object.metadata.resourceVersion),
                    spec: .init(caBundle: Data(pem.utf8).base64EncodedString())
                )
                _ = try await self.client.send(
                    .patch,
                    path,
                    body: patch,
                    contentType: "application/merge-patch+json",
                    returning: MetadataObject.self
                )
                return .written
            }
        } catch {
            if case .status(404, _, _) = error { return .missing }
            return .failed(reason: error.description)
        }
    }

    private func log(_ outcome: Outcome, _ name: String) {
        var metadata: Logger.Metadata = ["api_service": "\(name)"]
        switch outcome {
        case .upToDate: self.logger.debug("APIService trusts our certificate", metadata: metadata)
        case .written: self.logger.notice("CA bundle written into our APIService", metadata: metadata)
        case .missing:
            metadata["advice"] = "kubectl apply -k Deploy/base"
            self.logger.warning("APIService is not registered; its metrics cannot be asked for", metadata: metadata)
        case .foreign(let owner):
            metadata["owner"] = "\(owner)"
            metadata["advice"] = "run tokenscale doctor"
            self.logger.warning("APIService belongs to another owner and is left alone", metadata: metadata)
        case .failed(let reason):
            metadata["reason"] = "\(reason)"
            self.logger.warning("CA bundle could not be written; retrying", metadata: metadata)
        }
    }
}
