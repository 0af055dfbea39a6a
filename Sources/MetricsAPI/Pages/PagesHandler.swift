import HTTPTypes
import TokenscaleCore

/// The pages of the metrics port besides `/metrics`.
struct PagesHandler: Sendable {
    let snapshots: SnapshotStore
    let directories: PodDirectoryStore
    let serving: ServingConfiguration
    let readiness: @Sendable () -> [HealthCheck]
    let version: String
    let now: @Sendable () -> Timestamp

    func respond(_ call: HTTPCall) -> HTTPReply {
        let view = MetricsView(
            snapshot: self.snapshots.current,
            directory: self.directories.current,
            now: self.now(),
            configuration: self.serving
        )
        var reply: HTTPReply
        switch call.path {
        case "/": reply = self.statusPage(view)
        case "/api/v1/snapshot": reply = self.json(SnapshotJSON(view: view, version: self.version).pods())
        case "/api/v1/sessions":
            let query = call.query
            let body = SnapshotJSON(view: view, version: self.version)
                .sessions(namespace: query["namespace"], pod: query["pod"])
            reply = self.json(body)
        case "/api/v1/explain": reply = self.explain(view, call.query)
        default:
            reply = HTTPReply(
                status: 404,
                text: "not found; there are /, /metrics, /api/v1/snapshot, /api/v1/sessions and /api/v1/explain here\n"
            )
        }
        reply.headers[.cacheControl] = "no-store"
        reply.headers[.xContentTypeOptions] = "nosniff"
        return reply.compressed(for: call)
    }

    private func json(_ body: [UInt8]) -> HTTPReply {
        HTTPReply(contentType: "application/json", body: body)
    }

    private func statusPage(_ view: MetricsView) -> HTTPReply {
        let page = StatusPage(view: view, checks: self.readiness(), version: self.version)
        var reply = HTTPReply(contentType: "text/html; charset=utf-8", body: Array(page.html.utf8))
        // Nothing on the page runs or loads: what cannot be there cannot be injected.
        reply.headers[.contentSecurityPolicy] = "default-src 'none'; style-src 'unsafe-inline'"
        return reply
    }

    private func explain(_ view: MetricsView, _ query: Query) -> HTTPReply {
        do throws(ServingError) {
            let question = try Self.question(query, view.directory)
            return self.json(ExplanationJSON.body(try view.explain(question)))
        } catch {
            var json = JSONWriter()
            json.object { $0.member("error", error.message) }
            json.endLine()
            var isBadRequest = false
            if case .badSelector = error { isBadRequest = true }
            let status = isBadRequest ? 400 : 404
            return HTTPReply(status: status, contentType: "application/json", body: json.bytes)
        }
    }

    private static func question(_ query: Query, _ directory: PodDirectory) throws(ServingError) -> Explanation.Question
    {
        guard let namespace = query["namespace"], !namespace.isEmpty else {
            throw .badSelector("say of which namespace: /api/v1/explain?namespace=NAMESPACE&name=NAME&metric=METRIC")
        }
        let name = query["metric"] ?? ServedMetric.tokensPerMinute.name
        guard let metric = ServedMetric(name: name) else { throw .unknownMetric(name: name, resource: "explain") }
        var question = Explanation.Question(metric: metric, namespace: namespace, name: query["name"] ?? "")
        if let kind = query["kind"], !kind.isEmpty {
            let anyCase = ObjectKind.wellKnown.first { $0.name.lowercased() == kind.lowercased() }
            guard let known = directory.kind(name: kind) ?? directory.kind(resource: kind) ?? anyCase else {
                let kinds = ObjectKind.wellKnown.map(\.name).joined(separator: ", ")
                throw .badSelector(
                    "\"\(kind)\" is no kind that leads to pods; it is one of \(kinds), or the kind of an owner of pods"
                )
            }
            question.kind = known
        }
        if let text = query["target"], !text.isEmpty {
            guard let target = Quantity(parsing: text), target.milli > 0 else {
                throw .badSelector("\"\(text)\" is no target; give a quantity above 0, such as 200k")
            }
            question.target = target
        }
        if let text = query["replicas"], !text.isEmpty {
            guard let replicas = Int(text), (0...1_000_000).contains(replicas) else {
                throw .badSelector("\"\(text)\" is no number of replicas")
            }
            question.currentReplicas = replicas
        }
        do {
            question.selector = try LabelSelector(parsing: query["metricLabelSelector"] ?? "")
        } catch {
            throw .badSelector(error.message)
        }
        return question
    }
}
