import CurlHTTP
import Logging

/// A resource to keep in step with.
struct WatchedResource: Sendable {
    /// For log lines: `pods`.
    var name: String
    var path: String
    /// Where an API server has it that answers 404 at ``path``.
    var olderPath: String?
    var fieldSelector: String?
    /// `PartialObjectMetadata` saves most of the bytes where only names and owners matter.
    var metadataOnly = false

    var accept: (list: String, watch: String) {
        guard self.metadataOnly else { return ("application/json", "application/json") }
        let options = "g=meta.k8s.io;v=v1, application/json"
        return (
            "application/json;as=PartialObjectMetadataList;\(options)",
            "application/json;as=PartialObjectMetadata;\(options)"
        )
    }
}

enum ReflectorEvent<Object: KubernetesObject>: Sendable {
    case listBegan
    /// Objects of a list that goes on, or one that was added or modified.
    case put([Object])
    case listEnded
    case deleted(Object)
    /// The API server answers again.
    case recovered
    /// List or watch failed; what is known stays, and grows old.
    case failed(KubernetesError)
}

/// Keeps in step with one resource by list and watch, for as long as its task lives: pages, bookmarks, resumed watches,
/// a new list after 410, exponential backoff. <https://kubernetes.io/docs/reference/using-api/api-concepts/>
struct Reflector<Object: KubernetesObject>: Sendable {
    let client: KubernetesClient
    var resource: WatchedResource
    let settings: WatchSettings
    let logger: Logger
    /// Called in order, never at the same time.
    let sink: @Sendable (ReflectorEvent<Object>) -> Void

    /// Returns when its task is cancelled.
    consuming func run() async {
        var backoff = Backoff(minimum: self.settings.backoffMinimum, maximum: self.settings.backoffMaximum)
        var report = FailureReport(logger: self.logger, resource: self.resource.name)
        /// Where to resume; `nil`: list first.
        var position: String?
        while !Task.isCancelled {
            do throws(KubernetesError) {
                if position == nil { position = try await self.list() }
                var isHealthy = false
                try await self.watch(from: &position) {
                    guard !isHealthy else { return }
                    isHealthy = true
                    backoff.reset()
                    report.recover()
                    self.sink(.recovered)
                }
                // A watch that the server ends without a word is normal, but not one after the other.
                if isHealthy { continue }
            } catch {
                if error.isCancellation { return }
                if case .expired = error {
                    position = nil
                } else if case .status(404, _, _) = error, let older = self.resource.olderPath.take() {
                    self.resource.path = older
                    position = nil
                    continue
                } else {
                    report.fail(error)
                    self.sink(.failed(error))
                }
            }
            do {
                try await Task.sleep(for: backoff.next())
            } catch {
                return
            }
        }
    }

    /// - Returns: the resource version to watch from.
    private func list() async throws(KubernetesError) -> String {
        do throws(KubernetesError) {
            return try await self.list(pageSize: self.settings.pageSize)
        } catch {
            guard case .expired = error else { throw error }
            // The continue token outlived what it points to: so large or so slow a list needs to come in one piece.
            return try await self.list(pageSize: nil)
        }
    }

    private func list(pageSize: Int?) async throws(KubernetesError) -> String {
        self.sink(.listBegan)
        var query: KubernetesClient.Query = [:]
        query["limit"] = pageSize.map { String($0) }
        query["fieldSelector"] = self.resource.fieldSelector
        while true {
            let page = try await self.client.get(
                ObjectList<Object>.self,
                self.resource.path,
                query: query,
                accept: self.resource.accept.list
            )
            self.sink(.put(page.items))
            guard let next = page.metadata.continue, !next.isEmpty else {
                guard let version = page.metadata.resourceVersion, !version.isEmpty else {
                    throw .undecodable("a list without resourceVersion")
                }
                self.sink(.listEnded)
                return version
            }
            query["continue"] = next
        }
    }

    /// Follows one watch to its end.
    ///
    /// - Parameters:
    ///   - position: moved on with every event, so that the next watch goes on where this one broke off.
    ///   - onProgress: called once the watch has proven itself: after its first event, or after a second of quiet.
    private func watch(
        from position: inout String?,
        onProgress: () -> Void
    ) async throws(KubernetesError) {
        let seconds = self.settings.watchTimeoutSeconds
        let timeout = Int.random(in: seconds...(2 * seconds))
        var query: KubernetesClient.Query = [
            "watch": "1", "allowWatchBookmarks": "true", "timeoutSeconds": String(timeout),
        ]
        query["resourceVersion"] = position
        query["fieldSelector"] = self.resource.fieldSelector
        let started = ContinuousClock.now
        let stream = try await self.client.watch(
            self.resource.path,
            query: query,
            accept: self.resource.accept.watch,
            timeout: .seconds(timeout + 30)
        )
        // The head of a 200 says that RBAC and the resource version are in order.
        self.sink(.recovered)
        var lines = LineSplitter(lineByteLimit: self.settings.objectByteLimit)
        while true {
            let chunk: [UInt8]?
            do {
                chunk = try await stream.next()
            } catch {
                throw .transport(error)
            }
            guard let chunk else { break }
            lines.append(chunk)
            while let line = lines.next() {
                position = try self.apply(line) ?? position
                onProgress()
            }
            guard !lines.isOverLimit else {
                // Resuming would meet the same object again.
                position = nil
                throw .objectTooLarge(limit: self.settings.objectByteLimit)
            }
        }
        if ContinuousClock.now - started >= .seconds(1) { onProgress() }
    }

    /// - Returns: the resource version of the event.
    private func apply(_ line: ArraySlice<UInt8>) throws(KubernetesError) -> String? {
        let event = try KubernetesClient.decode(WatchEvent<Object>.self, line)
        switch event.change {
        case .put(let object): self.sink(.put([object]))
        case .deleted(let object): self.sink(.deleted(object))
        case .bookmark, .unknown: break
        case .failed(let status):
            guard status.code != 410 else { throw .expired }
            throw .status(code: status.code ?? 500, reason: status.reason ?? "", message: status.message ?? "")
        }
        return event.resourceVersion
    }
}

/// Says once that something is broken, once that it works again, and in between only when the reason changes.
private struct FailureReport {
    let logger: Logger
    let resource: String
    private var last: KubernetesError?
    private var suppressedCount = 0

    init(logger: Logger, resource: String) {
        self.logger = logger
        self.resource = resource
    }

    mutating func fail(_ error: KubernetesError) {
        guard error != self.last else {
            self.suppressedCount += 1
            return
        }
        var advice = "retrying"
        if case .status(403, _, _) = error { advice = "retrying; grant get, list and watch (Deploy/base/rbac.yaml)" }
        self.logger.warning(
            "Kubernetes watch failed; what is known grows old",
            metadata: [
                "resource": "\(self.resource)", "reason": "\(error)", "advice": "\(advice)",
                "suppressed": "\(self.suppressedCount)",
            ]
        )
        self.last = error
        self.suppressedCount = 0
    }

    mutating func recover() {
        guard self.last != nil else { return }
        self.logger.notice(
            "Kubernetes watch works again",
            metadata: ["resource": "\(self.resource)", "suppressed": "\(self.suppressedCount)"]
        )
        self.last = nil
        self.suppressedCount = 0
    }
}
