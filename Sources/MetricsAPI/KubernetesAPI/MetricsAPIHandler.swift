import HTTPTypes
import TokenscaleCore

/// Answers the metrics APIs: who asks, may they, what is the value.
struct MetricsAPIHandler: Sendable {
    let snapshots: SnapshotStore
    let directories: PodDirectoryStore
    let serving: ServingConfiguration
    let documents: DiscoveryDocuments
    let authenticator: RequestAuthenticator
    let authorizer: RequestAuthorizer
    let health: HealthHandler
    let statistics: APIStatistics
    let servedValues: ServedValueLog
    let now: @Sendable () -> Timestamp
    /// `/metrics`, for who may read it.
    let exposition: (@Sendable (HTTPCall) -> HTTPReply)?

    func respond(_ call: HTTPCall) async -> HTTPReply {
        guard let attributes = RequestAttributes(call) else {
            return self.finished(StatusReply.badRequest("invalid request path"), call, metric: nil)
        }
        var reply = await self.reply(call, attributes)
        if call.method == "HEAD" { reply.body = [] }
        return self.finished(reply, call, metric: Self.metricName(of: attributes))
    }

    private func finished(_ reply: HTTPReply, _ call: HTTPCall, metric: String?) -> HTTPReply {
        self.statistics.record(metric: metric, code: reply.status)
        var reply = reply
        if reply.headers[.cacheControl] == nil { reply.headers[.cacheControl] = "no-cache, private" }
        return reply.compressed(for: call)
    }

    private func reply(_ call: HTTPCall, _ attributes: RequestAttributes) async -> HTTPReply {
        guard case .user(let user) = await self.authenticator.authenticate(call, now: self.now()) else {
            return StatusReply.unauthorized
        }
        switch await self.authorizer.authorize(call, attributes, user: user) {
        case .allowed: break
        case .forbidden(let reason):
            let message = attributes.forbiddenMessage(user: user, reason: reason)
            return StatusReply.forbidden(attributes, message: message)
        case .failed(let message):
            return StatusReply.internalError(target: call.target, message: message)
        }
        if let reply = self.health.respond(call) { return reply }
        if attributes.path == "/metrics", call.method == "GET", let exposition { return exposition(call) }
        return self.route(call, attributes)
    }

    // MARK: Routes

    private func route(_ call: HTTPCall, _ attributes: RequestAttributes) -> HTTPReply {
        let segments = attributes.segments
        switch segments.first {
        case nil: return self.document(self.documents.paths, call)
        case "apis": break
        case "openapi": return self.openAPI(call, segments)
        case "version" where segments.count == 1: return self.document(self.documents.version, call)
        default: return self.unknownPath(call)
        }
        guard segments.count > 1 else { return self.groupList(call) }
        guard segments.count > 2 else {
            return self.documents.groups[segments[1]].map { self.document($0, call) } ?? StatusReply.notFound
        }
        guard let version = APIGroupVersion(rawValue: "\(segments[1])/\(segments[2])") else {
            return StatusReply.notFound
        }
        guard segments.count > 3 else {
            return self.documents.versions[version].map { self.document($0, call) } ?? StatusReply.notFound
        }
        guard let resource = attributes.resource, !resource.hasMore else { return StatusReply.notFound }
        guard call.method == "GET" else { return StatusReply.methodNotAllowed }
        let accept = AcceptHeader(call.headers[.accept])
        guard accept.quality(of: "application/json") > 0 else { return StatusReply.notAcceptable }
        if call.query.flag("watch") { return StatusReply.watchNotSupported(group: version.group) }
        if let fault = Self.faultOfParameters(call.query, name: resource.name) { return StatusReply.badRequest(fault) }
        return version.isCustom
            ? self.custom(version, call, resource) : self.external(call, resource, accept: accept)
    }

    private func document(_ document: DiscoveryDocuments.Document, _ call: HTTPCall) -> HTTPReply {
        guard call.method == "GET" else { return StatusReply.methodNotAllowed }
        guard AcceptHeader(call.headers[.accept]).quality(of: "application/json") > 0 else {
            return StatusReply.notAcceptable
        }
        return document.reply(to: call)
    }

    /// The first form of the client's list that we have, as the reference does.
    private func groupList(_ call: HTTPCall) -> HTTPReply {
        guard call.method == "GET" else { return StatusReply.methodNotAllowed }
        for entry in AcceptHeader(call.headers[.accept]).entries where entry.quality > 0 {
            guard entry.value == "application/json", entry.parameters["as"] == "APIGroupDiscoveryList" else { continue }
            if entry.parameters["v"] == "v2" { return self.documents.aggregated.reply(to: call) }
            if entry.parameters["v"] == "v2beta1" { return self.documents.aggregatedBeta.reply(to: call) }
        }
        return self.document(self.documents.groupList, call)
    }

    private func openAPI(_ call: HTTPCall, _ segments: [String]) -> HTTPReply {
        guard call.method == "GET" else { return StatusReply.methodNotAllowed }
        switch segments.count {
        case 2 where segments[1] == "v2": return self.document(self.documents.openAPIV2, call)
        case 2 where segments[1] == "v3": return self.document(self.documents.openAPIV3, call)
        case 5 where segments[1] == "v3" && segments[2] == "apis":
            let version = APIGroupVersion(rawValue: "\(segments[3])/\(segments[4])")
            guard let document = version.flatMap({ self.documents.openAPIV3Versions[$0] }) else { break }
            var reply = self.document(document, call)
            if let hash = call.query["hash"], document.etag == "\"\(hash)\"" {
                // A document under its own hash never changes.
                reply.headers[.cacheControl] = "public, immutable"
            }
            return reply
        default: break
        }
        return self.unknownPath(call)
    }

    /// No API path: what there is.
    private func unknownPath(_ call: HTTPCall) -> HTTPReply {
        var reply = self.documents.paths.reply(to: call)
        if reply.status == 200 { reply.status = 404 }
        return reply
    }

    // MARK: Values

    private var view: MetricsView {
        MetricsView(
            snapshot: self.snapshots.current,
            directory: self.directories.current,
            now: self.now(),
            configuration: self.serving
        )
    }

    private func custom(
        _ version: APIGroupVersion,
        _ call: HTTPCall,
        _ resource: RequestAttributes.Resource
    ) -> HTTPReply {
        let isNamespaceObject = resource.resource == "metrics" && resource.subresource.isEmpty
        guard isNamespaceObject || !resource.subresource.isEmpty else {
            let isShort =
                resource.name.isEmpty && !resource.namespace.isEmpty
                || isNamespaceForm(resource)
            return isShort ? StatusReply.badRequest("invalid request path") : StatusReply.notFound
        }
        let metricName = isNamespaceObject ? resource.name : resource.subresource
        let objectName = isNamespaceObject ? resource.namespace : resource.name
        let resourceName = isNamespaceObject ? "namespaces" : resource.resource
        guard !metricName.isEmpty, !objectName.isEmpty else { return StatusReply.notFound }
        let labels: LabelSelector
        let metricLabels: LabelSelector
        do {
            labels = try LabelSelector(parsing: call.query["labelSelector"] ?? "")
            metricLabels = try LabelSelector(parsing: call.query["metricLabelSelector"] ?? "")
        } catch {
            return StatusReply.badRequest(error.message)
        }
        do throws(ServingError) {
            guard let metric = ServedMetric(name: metricName) else {
                throw .unknownMetric(name: metricName, resource: "\(resourceName) \(objectName)")
            }
            let selection = try MetricSelection(metric, selector: metricLabels)
            let target = Target(resource: resourceName, namespace: resource.namespace, name: objectName)
            let items = try self.items(metric, target, labels: labels, selection: selection)
            self.servedValues.record(
                metric: metric.name,
                namespace: resource.namespace,
                resource: resourceName,
                name: objectName,
                values: items.map(\.value),
                at: self.now()
            )
            let body = MetricBodies.custom(version, metric: metric.name, selector: metricLabels, items: items)
            return HTTPReply(contentType: "application/json", body: body)
        } catch {
            return Self.reply(to: error)
        }
    }

    /// `namespaces/NS/x` without a metric behind it: the reference calls it an invalid path.
    private func isNamespaceForm(_ resource: RequestAttributes.Resource) -> Bool {
        resource.resource != "namespaces" && !resource.namespace.isEmpty && resource.name.isEmpty
    }

    private struct Target {
        var resource: String
        var namespace: String
        var name: String
        var isWildcard: Bool { self.name == "*" }
    }

    private func items(
        _ metric: ServedMetric,
        _ target: Target,
        labels: LabelSelector,
        selection: MetricSelection
    ) throws(ServingError) -> [MetricBodies.Item] {
        let view = self.view
        guard let kind = view.directory.kind(resource: target.resource) else {
            let kinds = ObjectKind.wellKnown.map(\.resource).joined(separator: ", ")
            throw .notFound(
                "the server could not find the metric \(metric.name) for \(target.resource) \(target.name): no pod "
                    + "belongs to an object of that kind; what leads to pods are \(kinds), and whatever owns pods"
            )
        }
        if kind == .pod, target.isWildcard {
            return try self.podItems(metric, target.namespace, labels: labels, selection: selection, view: view)
        }
        let namespace = kind == .namespace ? target.name : target.namespace
        guard target.isWildcard else {
            let object = ObjectReference(kind: kind, namespace: namespace, name: target.name)
            let value = try view.objectValue(metric, of: object, selection: selection)
            let shown = kind.isNamespaced ? namespace : ""
            return [.init(kind: kind, namespace: shown, name: target.name, value: value)]
        }
        // Labels of objects other than pods are not known: only an empty selector has an answer.
        guard labels.requirements.isEmpty else { return [] }
        return view.objects(kind: kind, namespace: target.namespace).compactMap { object in
            guard let value = try? view.objectValue(metric, of: object, selection: selection) else { return nil }
            return .init(kind: kind, namespace: object.namespace, name: object.name, value: value)
        }
    }

    /// No pod matches: an empty list, as the reference. Pods match and none is known: an error that says why.
    private func podItems(
        _ metric: ServedMetric,
        _ namespace: String,
        labels: LabelSelector,
        selection: MetricSelection,
        view: MetricsView
    ) throws(ServingError) -> [MetricBodies.Item] {
        let answer = try view.podValues(metric, namespace: namespace, labels: labels, selection: selection)
        guard !answer.values.isEmpty || answer.leftOut.isEmpty else {
            throw .notKnown(
                "\(metric.name) is not known of any of the \(answer.leftOut.count) matching pods in namespace "
                    + "\(namespace): \(view.names(answer.leftOut))"
            )
        }
        return answer.values.map {
            .init(kind: .pod, namespace: $0.pod.namespace, name: $0.pod.name, value: $0.value)
        }
    }

    private func external(
        _ call: HTTPCall,
        _ resource: RequestAttributes.Resource,
        accept: AcceptHeader
    ) -> HTTPReply {
        guard resource.name.isEmpty, resource.resource != "namespaces" else { return StatusReply.notFound }
        guard !resource.namespace.isEmpty else {
            guard ServedMetric(name: resource.resource) != nil else { return StatusReply.notFound }
            return StatusReply.noMetric(
                "\(resource.resource) is asked of one namespace: kubectl get \(resource.resource) -n NAMESPACE"
            )
        }
        let selector: LabelSelector
        do {
            selector = try LabelSelector(parsing: call.query["labelSelector"] ?? "")
        } catch {
            return StatusReply.badRequest(error.message)
        }
        do throws(ServingError) {
            guard let metric = ServedMetric(name: resource.resource) else {
                throw .unknownMetric(name: resource.resource, resource: "namespace \(resource.namespace)")
            }
            let selection = try MetricSelection(metric, selector: selector, isExternal: true)
            let values = try self.view.externalValues(metric, namespace: resource.namespace, selection: selection)
            self.servedValues.record(
                metric: metric.name,
                namespace: resource.namespace,
                resource: "external",
                name: "",
                values: values.map(\.value),
                at: self.now()
            )
            let wantsTable = accept.entries.first.map {
                $0.parameters["as"] == "Table" && $0.parameters["v"] == "v1" && $0.parameters["g"] == "meta.k8s.io"
            }
            let body =
                wantsTable == true
                ? MetricBodies.table(metric: metric.name, namespace: resource.namespace, values: values)
                : MetricBodies.external(metric: metric, values: values)
            return HTTPReply(contentType: "application/json", body: body)
        } catch {
            return Self.reply(to: error)
        }
    }

    private static func reply(to error: ServingError) -> HTTPReply {
        if case .badSelector(let message) = error { return StatusReply.badRequest(message) }
        return StatusReply.noMetric(error.message)
    }

    private static func faultOfParameters(_ query: Query, name: String) -> String? {
        for parameter in ["limit", "timeoutSeconds"] {
            guard let value = query[parameter], !value.isEmpty, Int64(value) == nil else { continue }
            return "strconv.ParseInt: parsing \"\(value)\": invalid syntax"
        }
        let field = query["fieldSelector"] ?? ""
        if field.hasPrefix("metadata.name="), field.dropFirst("metadata.name=".count) != name {
            return "fieldSelector metadata.name doesn't match requested name"
        }
        return nil
    }

    /// For the statistics: a known metric or `nil`, so that their number is bounded.
    private static func metricName(of attributes: RequestAttributes) -> String? {
        guard let resource = attributes.resource else { return nil }
        return [resource.subresource, resource.name, resource.resource]
            .first { ServedMetric(name: $0) != nil }
    }
}
