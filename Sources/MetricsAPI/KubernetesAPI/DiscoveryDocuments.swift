import Crypto
import HTTPTypes
import TokenscaleCore

/// Everything that tells what is served. Made once and never again: it must answer in every state, since namespaces
/// hang in deletion and clients stall while discovery of any APIService fails.
struct DiscoveryDocuments: Sendable {
    struct Document: Sendable {
        var body: [UInt8]
        var contentType: String
        var etag: String

        init(_ json: JSONWriter, contentType: String = "application/json") {
            self.body = json.bytes
            self.contentType = contentType
            let digest = SHA256.hash(data: json.bytes)
            self.etag = "\"" + String(hexadecimal: digest, uppercase: true) + "\""
        }

        /// The document, or 304 when the client has it.
        func reply(to call: HTTPCall) -> HTTPReply {
            let known = call.headers[.ifNoneMatch] ?? ""
            let isKnown = known == "*" || known.split(separator: ",").contains { $0.filter { $0 != " " } == self.etag }
            var reply = HTTPReply(contentType: isKnown ? nil : self.contentType, body: isKnown ? [] : self.body)
            reply.status = isKnown ? 304 : 200
            reply.headers[.eTag] = self.etag
            reply.headers[.vary] = "Accept"
            return reply
        }
    }

    let groupList: Document
    let aggregated: Document
    let aggregatedBeta: Document
    let groups: [String: Document]
    let versions: [APIGroupVersion: Document]
    let openAPIV2: Document
    let openAPIV3: Document
    let openAPIV3Versions: [APIGroupVersion: Document]
    let paths: Document
    let version: Document

    /// - Parameter version: Of this program, for `/version` and the OpenAPI documents.
    init(version: String) {
        self.groupList = Self.makeGroupList()
        self.aggregated = Self.makeAggregated(apiVersion: "v2")
        self.aggregatedBeta = Self.makeAggregated(apiVersion: "v2beta1")
        self.groups = Dictionary(
            uniqueKeysWithValues: APIGroupVersion.groups.map { group in
                var json = JSONWriter()
                json.object { Self.writeGroup(group.name, group.versions, isRoot: true, to: &$0) }
                json.endLine()
                return (group.name, Document(json))
            }
        )
        self.versions = Self.perVersion(Self.makeResourceList)
        self.openAPIV2 = OpenAPIDocuments.v2(version: version)
        let v3 = Self.perVersion { OpenAPIDocuments.v3($0, version: version) }
        self.openAPIV3Versions = v3
        self.openAPIV3 = OpenAPIDocuments.v3Root(v3)
        self.paths = Self.makePaths()
        self.version = Self.makeVersion(version)
    }

    private static func perVersion(_ make: (APIGroupVersion) -> Document) -> [APIGroupVersion: Document] {
        Dictionary(uniqueKeysWithValues: APIGroupVersion.allCases.map { ($0, make($0)) })
    }

    // MARK: Plain discovery

    private static func makeGroupList() -> Document {
        var json = JSONWriter()
        json.object { list in
            list.member("kind", "APIGroupList")
            list.member("apiVersion", "v1")
            list.array("groups") { groups in
                for group in APIGroupVersion.groups {
                    groups.object { Self.writeGroup(group.name, group.versions, isRoot: false, to: &$0) }
                }
            }
        }
        json.endLine()
        return Document(json)
    }

    private static func writeGroup(
        _ name: String,
        _ versions: [APIGroupVersion],
        isRoot: Bool,
        to json: inout JSONWriter
    ) {
        if isRoot {
            json.member("kind", "APIGroup")
            json.member("apiVersion", "v1")
        }
        json.member("name", name)
        json.array("versions") { array in
            for version in versions { array.object { Self.writeVersion(version, to: &$0) } }
        }
        json.object("preferredVersion") { Self.writeVersion(versions[0], to: &$0) }
    }

    private static func writeVersion(_ version: APIGroupVersion, to json: inout JSONWriter) {
        json.member("groupVersion", version.rawValue)
        json.member("version", version.version)
    }

    /// Objects that custom metrics are listed for. Verbs are `get` only: `delete`, `list` or `watch` would put a
    /// resource on the lists of the namespace deleter, the garbage collector and quota.
    private static func objects(of metric: ServedMetric) -> [ObjectKind] {
        metric.describesPods ? ObjectKind.wellKnown : [.namespace]
    }

    private static func makeResourceList(_ version: APIGroupVersion) -> Document {
        var json = JSONWriter()
        json.object { list in
            list.member("kind", "APIResourceList")
            list.member("apiVersion", "v1")
            list.member("groupVersion", version.rawValue)
            list.array("resources") { resources in
                for metric in ServedMetric.allCases {
                    guard version.isCustom else {
                        resources.object { Self.writeResource(metric.name, true, metric.externalKind, to: &$0) }
                        continue
                    }
                    for kind in Self.objects(of: metric) {
                        let name = "\(kind.resource)/\(metric.name)"
                        resources.object { Self.writeResource(name, kind.isNamespaced, version.listKind, to: &$0) }
                    }
                }
            }
        }
        json.endLine()
        return Document(json)
    }

    private static func writeResource(_ name: String, _ isNamespaced: Bool, _ kind: String, to json: inout JSONWriter) {
        json.member("name", name)
        json.member("singularName", "")
        json.member("namespaced", isNamespaced)
        json.member("kind", kind)
        json.strings("verbs", ["get"])
    }

    // MARK: Aggregated discovery

    private static func makeAggregated(apiVersion: String) -> Document {
        var json = JSONWriter()
        json.object { list in
            list.member("kind", "APIGroupDiscoveryList")
            list.member("apiVersion", "apidiscovery.k8s.io/\(apiVersion)")
            list.object("metadata") { _ in }
            list.array("items") { items in
                for group in APIGroupVersion.groups {
                    items.object { item in
                        item.object("metadata") { metadata in
                            metadata.member("name", group.name)
                            metadata.null("creationTimestamp")
                        }
                        item.array("versions") { versions in
                            for version in group.versions {
                                versions.object { Self.writeDiscovery(version, to: &$0) }
                            }
                        }
                    }
                }
            }
        }
        json.endLine()
        let type = "application/json;g=apidiscovery.k8s.io;v=\(apiVersion);as=APIGroupDiscoveryList"
        return Document(json, contentType: type)
    }

    private static func writeDiscovery(_ version: APIGroupVersion, to json: inout JSONWriter) {
        json.member("version", version.version)
        json.member("freshness", "Current")
        json.array("resources") { resources in
            guard version.isCustom else {
                for metric in ServedMetric.allCases {
                    resources.object { resource in
                        resource.member("resource", metric.name)
                        Self.writeKind(version, metric.externalKind, to: &resource)
                        resource.member("scope", "Namespaced")
                        resource.member("singularResource", "")
                        resource.strings("verbs", ["get"])
                    }
                }
                return
            }
            for kind in ObjectKind.wellKnown {
                resources.object { resource in
                    resource.member("resource", kind.resource)
                    resource.object("responseKind") { empty in
                        for key in ["group", "version", "kind"] { empty.member(key, "") }
                    }
                    resource.member("scope", kind.isNamespaced ? "Namespaced" : "Cluster")
                    resource.member("singularResource", "")
                    resource.strings("verbs", [])
                    resource.array("subresources") { subresources in
                        for metric in ServedMetric.allCases where Self.objects(of: metric).contains(kind) {
                            subresources.object { subresource in
                                subresource.member("subresource", metric.name)
                                Self.writeKind(version, version.listKind, to: &subresource)
                                subresource.strings("verbs", ["get"])
                            }
                        }
                    }
                }
            }
        }
    }

    private static func writeKind(_ version: APIGroupVersion, _ name: String, to json: inout JSONWriter) {
        json.object("responseKind") { kind in
            kind.member("group", version.group)
            kind.member("version", version.version)
            kind.member("kind", name)
        }
    }

    // MARK: The rest

    private static func makePaths() -> Document {
        var paths = ["/apis"]
        for group in APIGroupVersion.groups {
            paths.append("/apis/\(group.name)")
            paths += group.versions.map { "/apis/\($0.rawValue)" }.sorted()
        }
        paths += ["/healthz", "/livez", "/metrics", "/openapi/v2", "/openapi/v3"]
        paths += APIGroupVersion.allCases.map { "/openapi/v3/apis/\($0.rawValue)" }.sorted()
        paths += ["/readyz", "/version"]
        var json = JSONWriter()
        json.object { $0.strings("paths", paths) }
        json.endLine()
        return Document(json)
    }

    private static func makeVersion(_ version: String) -> Document {
        let parts = version.split(separator: ".")
        var json = JSONWriter()
        json.object { object in
            object.member("major", parts.first.map(String.init) ?? "")
            object.member("minor", parts.count > 1 ? String(parts[1]) : "")
            object.member("gitVersion", "v\(version)")
            object.member("gitCommit", "")
            object.member("gitTreeState", "")
            object.member("buildDate", "")
            object.member("goVersion", "")
            object.member("compiler", "swift")
            object.member("platform", "linux")
        }
        json.endLine()
        return Document(json)
    }
}

extension ServedMetric {
    /// The kind that discovery names for an external metric: `ClaudeQueueDepth`. One for each, although all answer with
    /// an `ExternalMetricValueList`: kubectl goes from the resource to its kind and back, and of several resources of
    /// one kind it then asks for the last, whichever was meant.
    var externalKind: String {
        self.name.split(separator: "_").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    }
}
