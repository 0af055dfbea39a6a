import NIOCore

/// Which answer belongs to which request.
enum APIServerRoutes {
    typealias Request = APIServerDouble.Request
    typealias Reply = APIServerDouble.Reply

    static func reply(to request: Request, _ channel: any Channel, _ model: inout ClusterModel) -> Reply {
        if let failure = model.takeFailure(path: request.path, isWatch: request.isWatch) {
            return self.reply(to: failure, request, channel)
        }
        if let token = model.requiredToken, request.headers["authorization"] != "Bearer \(token)" {
            return self.status(401, "Unauthorized", "Unauthorized")
        }
        if let answer = model.paths[request.path] { return .json(200, answer) }
        switch (request.method, request.path) {
        case ("POST", "/apis/authentication.k8s.io/v1/tokenreviews"): return self.tokenReview(request, model)
        case ("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews"),
            ("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"):
            return self.review(request) { model.decide($0) }
        case ("GET", _): return request.isWatch ? self.watch(request, channel, model) : self.get(request, &model)
        case ("PATCH", _): return self.patch(request, &model)
        case ("PUT", _), ("POST", _): return self.write(request, &model)
        default: return self.status(405, "MethodNotAllowed", "not in this double")
        }
    }

    static func status(_ code: Int, _ reason: String, _ message: String) -> Reply {
        .json(
            code,
            [
                "kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Failure",
                "message": .string(message), "reason": .string(reason), "code": .number(Double(code)),
            ]
        )
    }

    private static func reply(to failure: ClusterModel.Failure, _ request: Request, _ channel: any Channel) -> Reply {
        switch failure {
        case .status(let code, let reason): self.status(code, reason, "injected")
        case .close: .close
        case .hang: .hang
        case .body(let text): .text(200, text)
        case .goneInWatch:
            .gone(
                APIServerDouble.Watcher(channel: channel, collection: request.path, selector: nil, metadataOnly: false)
            )
        }
    }

    // MARK: Reviews

    private static func tokenReview(_ request: Request, _ model: ClusterModel) -> Reply {
        self.review(request) { spec in
            spec["token"]?.text.flatMap { model.tokens[$0] } ?? ["authenticated": false, "user": [:]]
        }
    }

    private static func review(_ request: Request, _ decide: (JSON) -> JSON) -> Reply {
        guard var body = try? JSON(parsing: request.body), let spec = body["spec"] else {
            return self.status(400, "BadRequest", "no review")
        }
        body["status"] = decide(spec)
        return .json(201, body)
    }

    // MARK: Objects

    private static func get(_ request: Request, _ model: inout ClusterModel) -> Reply {
        if let (collection, key) = self.object(request.path, in: model) {
            return model.objects[collection]?[key].map { .json(200, $0) } ?? self.notFound(request)
        }
        guard
            let page = model.page(
                request.path,
                limit: request.query["limit"].flatMap { Int($0) },
                token: request.query["continue"],
                selector: request.query["fieldSelector"]
            )
        else { return self.status(410, "Expired", "The provided continue parameter is too old") }
        let metadataOnly = self.wantsMetadataOnly(request)
        var metadata: JSON = ["resourceVersion": .string(String(model.version))]
        if let next = page.next { metadata["continue"] = .string(next) }
        let items = metadataOnly ? page.items.map(APIServerDouble.partial) : page.items
        return .json(200, ["kind": "List", "apiVersion": "v1", "metadata": metadata, "items": .array(items)])
    }

    private static func watch(_ request: Request, _ channel: any Channel, _ model: ClusterModel) -> Reply {
        let watcher = APIServerDouble.Watcher(
            channel: channel,
            collection: request.path,
            selector: request.query["fieldSelector"],
            metadataOnly: self.wantsMetadataOnly(request)
        )
        let version = request.query["resourceVersion"].flatMap { Int($0) } ?? model.version
        guard let first = model.events(request.path, since: version, selector: watcher.selector) else {
            return self.status(410, "Expired", "too old resource version")
        }
        return .watch(first: first, watcher)
    }

    private static func patch(_ request: Request, _ model: inout ClusterModel) -> Reply {
        guard let (collection, key) = self.object(request.path, in: model), let old = model.objects[collection]?[key]
        else { return self.notFound(request) }
        guard request.headers["content-type"] == "application/merge-patch+json",
            let patch = try? JSON(parsing: request.body)
        else { return self.status(415, "UnsupportedMediaType", "merge patches only") }
        let expected = patch["metadata", "resourceVersion"]
        if let expected, expected != old["metadata", "resourceVersion"] {
            return self.status(409, "Conflict", "the object has been modified")
        }
        return .json(200, model.put(collection, old.merging(patch: patch)).object)
    }

    /// Creation and replacement, the latter with an optimistic lock.
    private static func write(_ request: Request, _ model: inout ClusterModel) -> Reply {
        guard let body = try? JSON(parsing: request.body) else { return self.status(400, "BadRequest", "no JSON") }
        if request.method == "PUT" {
            guard let (collection, key) = self.object(request.path, in: model),
                let old = model.objects[collection]?[key]
            else { return self.notFound(request) }
            guard body["metadata", "resourceVersion"] == old["metadata", "resourceVersion"] else {
                return self.status(409, "Conflict", "the object has been modified")
            }
            return .json(200, model.put(collection, body).object)
        }
        guard model.objects[request.path]?[ClusterModel.key(of: body)] == nil else {
            return self.status(409, "AlreadyExists", "already exists")
        }
        return .json(201, model.put(request.path, body).object)
    }

    /// `…/namespaces/NS/KIND/NAME` and cluster-wide `…/KIND/NAME`, when such a collection is known.
    private static func object(_ path: String, in model: ClusterModel) -> (collection: String, key: String)? {
        let parts = path.split(separator: "/")
        guard let name = parts.last else { return nil }
        let collection = "/" + parts.dropLast().joined(separator: "/")
        guard model.objects[collection] != nil else { return nil }
        let namespace = parts.firstIndex(of: "namespaces").map { parts[$0 + 1] } ?? ""
        return (collection, "\(namespace)/\(name)")
    }

    private static func notFound(_ request: Request) -> Reply {
        self.status(404, "NotFound", "\(request.path) not found")
    }

    private static func wantsMetadataOnly(_ request: Request) -> Bool {
        request.headers["accept"]?.contains("as=PartialObjectMetadata") ?? false
    }
}
