/// What our API server double knows: objects by collection, their history, who watches, and what is to go wrong.
struct ClusterModel {
    struct Event {
        var version: Int
        var collection: String
        var type: String
        var object: JSON
    }

    /// What happens instead of the right answer, to the next request that matches.
    enum Failure: Equatable, Sendable {
        case status(Int, reason: String)
        case close
        /// No answer at all.
        case hang
        case body(String)
        /// A watch that is accepted and reports that its resource version is too old.
        case goneInWatch
    }

    struct Trap {
        var path: String
        var isWatch: Bool?
        var failure: Failure
    }

    /// By collection path, then by `namespace/name`.
    private(set) var objects: [String: [String: JSON]] = [:]
    private(set) var version = 1000
    private var history: [Event] = []
    /// Events before this are forgotten: a watch from there is 410.
    private var compacted = 0
    /// Continue tokens handed out before are 410.
    private var continueFloor = 0
    private var nextContinue = 1
    private var traps: [Trap] = []

    var tokens: [String: JSON] = [:]
    var decide: @Sendable (JSON) -> JSON = { _ in ["allowed": false] }
    /// What must be presented as a bearer token; `nil`: nothing.
    var requiredToken: String?
    var paths: [String: JSON] = [:]

    // MARK: Objects

    /// Adds or replaces an object; returns the event for the watchers.
    mutating func put(_ collection: String, _ object: JSON) -> Event {
        self.version += 1
        var object = object
        var metadata = object["metadata"] ?? [:]
        metadata["resourceVersion"] = .string(String(self.version))
        object["metadata"] = metadata
        let key = Self.key(of: object)
        let isNew = self.objects[collection]?[key] == nil
        self.objects[collection, default: [:]][key] = object
        return self.note(collection, isNew ? "ADDED" : "MODIFIED", object)
    }

    mutating func delete(_ collection: String, namespace: String, name: String) -> Event? {
        guard var object = self.objects[collection]?.removeValue(forKey: "\(namespace)/\(name)") else { return nil }
        self.version += 1
        object["metadata"]?["resourceVersion"] = .string(String(self.version))
        return self.note(collection, "DELETED", object)
    }

    private mutating func note(_ collection: String, _ type: String, _ object: JSON) -> Event {
        let event = Event(version: self.version, collection: collection, type: type, object: object)
        self.history.append(event)
        return event
    }

    func bookmark(_ collection: String) -> Event {
        let metadata: JSON = ["resourceVersion": .string(String(self.version))]
        return Event(version: self.version, collection: collection, type: "BOOKMARK", object: ["metadata": metadata])
    }

    /// Time passes without a change to what is watched.
    mutating func advance(by count: Int) { self.version += count }

    mutating func compact() {
        self.compacted = self.version + 1
        self.history = []
    }

    mutating func expireContinueTokens() { self.continueFloor = self.nextContinue }

    // MARK: Lists and watches

    /// `nil`: the continue token is too old.
    mutating func page(
        _ collection: String,
        limit: Int?,
        token: String?,
        selector: String?
    ) -> (
        items: [JSON], next: String?
    )? {
        var items = self.matching(collection, selector).sorted { Self.key(of: $0) < Self.key(of: $1) }
        if let token {
            let parts = token.split(separator: ":").compactMap { Int($0) }
            guard parts.count == 2, parts[0] >= self.continueFloor else { return nil }
            items = Array(items.dropFirst(parts[1]))
        }
        guard let limit, items.count > limit else { return (items, nil) }
        let offset = (token?.split(separator: ":").last.flatMap { Int($0) } ?? 0) + limit
        defer { self.nextContinue += 1 }
        return (Array(items.prefix(limit)), "\(self.nextContinue):\(offset)")
    }

    /// `nil`: the resource version is too old.
    func events(_ collection: String, since version: Int, selector: String?) -> [Event]? {
        guard version >= self.compacted else { return nil }
        return self.history.filter {
            $0.version > version && $0.collection == collection && Self.matches($0.object, selector)
        }
    }

    private func matching(_ collection: String, _ selector: String?) -> [JSON] {
        (self.objects[collection] ?? [:]).values.filter { Self.matches($0, selector) }
    }

    static func matches(_ object: JSON, _ selector: String?) -> Bool {
        guard let selector else { return true }
        let parts = selector.split(separator: "=", maxSplits: 1)
        return parts.first == "metadata.name" && object["metadata", "name"]?.text == parts.last.map(String.init)
    }

    static func key(of object: JSON) -> String {
        "\(object["metadata", "namespace"]?.text ?? "")/\(object["metadata", "name"]?.text ?? "")"
    }

    // MARK: Failures

    mutating func set(_ failure: Failure, path: String, isWatch: Bool?, count: Int) {
        self.traps += Array(repeating: Trap(path: path, isWatch: isWatch, failure: failure), count: count)
    }

    mutating func takeFailure(path: String, isWatch: Bool) -> Failure? {
        let index = self.traps.firstIndex { $0.path == path && ($0.isWatch ?? isWatch) == isWatch }
        return index.map { self.traps.remove(at: $0).failure }
    }

    mutating func clearFailures() { self.traps = [] }
}
