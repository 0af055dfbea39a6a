import TokenscaleCore

/// Small, valid OpenAPI documents: without them kube-apiserver logs an error about us each minute.
enum OpenAPIDocuments {
    private static let title = "tokenscale metrics APIs"

    /// Swagger 2.0. kube-apiserver keeps the paths below `/apis/GROUP/VERSION/` and merges the definitions into the
    /// cluster's, so there are none.
    static func v2(version: String) -> DiscoveryDocuments.Document {
        var json = JSONWriter()
        json.object { root in
            root.member("swagger", "2.0")
            Self.writeInfo(version, to: &root)
            root.object("paths") { paths in
                for group in APIGroupVersion.allCases {
                    for path in Self.paths(of: group) {
                        paths.object(path.template) { item in
                            item.object("get") { get in
                                Self.writeOperation(group, path, to: &get)
                                get.strings("produces", ["application/json"])
                                get.strings("schemes", ["https"])
                                get.array("parameters") { parameters in
                                    for name in path.parameters {
                                        parameters.object { Self.writeParameter(name, "path", nested: false, to: &$0) }
                                    }
                                    for name in path.query {
                                        parameters.object { Self.writeParameter(name, "query", nested: false, to: &$0) }
                                    }
                                }
                                get.object("responses") { responses in
                                    responses.object("200") { ok in
                                        ok.member("description", "OK")
                                        ok.object("schema") { $0.member("type", "object") }
                                    }
                                }
                            }
                        }
                    }
                }
            }
            root.object("definitions") { _ in }
        }
        json.endLine()
        return DiscoveryDocuments.Document(json)
    }

    static func v3(_ group: APIGroupVersion, version: String) -> DiscoveryDocuments.Document {
        var json = JSONWriter()
        json.object { root in
            root.member("openapi", "3.0.0")
            Self.writeInfo(version, to: &root)
            root.object("paths") { paths in
                for path in Self.paths(of: group) {
                    paths.object(path.template) { item in
                        item.object("get") { get in
                            Self.writeOperation(group, path, to: &get)
                            get.array("parameters") { parameters in
                                for name in path.parameters {
                                    parameters.object { Self.writeParameter(name, "path", nested: true, to: &$0) }
                                }
                                for name in path.query {
                                    parameters.object { Self.writeParameter(name, "query", nested: true, to: &$0) }
                                }
                            }
                            get.object("responses") { responses in
                                responses.object("200") { ok in
                                    ok.member("description", "OK")
                                    ok.object("content") { content in
                                        content.object("application/json") { media in
                                            media.object("schema") { $0.member("type", "object") }
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
            }
            root.object("components") { _ in }
        }
        json.endLine()
        return DiscoveryDocuments.Document(json)
    }

    /// Only our own paths: the aggregator merges every key it finds.
    static func v3Root(
        _ documents: [APIGroupVersion: DiscoveryDocuments.Document]
    ) -> DiscoveryDocuments.Document {
        var json = JSONWriter()
        json.object { root in
            root.object("paths") { paths in
                for group in APIGroupVersion.allCases {
                    guard let document = documents[group] else { continue }
                    let hash = document.etag.filter { $0 != "\"" }
                    paths.object("apis/\(group.rawValue)") { item in
                        item.member("serverRelativeURL", "/openapi/v3/apis/\(group.rawValue)?hash=\(hash)")
                    }
                }
            }
        }
        json.endLine()
        return DiscoveryDocuments.Document(json)
    }

    private struct Path {
        var template: String
        var operation: String
        var summary: String
        var parameters: [String]
        var query: [String]
    }

    private static func paths(of group: APIGroupVersion) -> [Path] {
        let root = "/apis/\(group.rawValue)"
        guard group.isCustom else {
            return [
                Path(
                    template: "\(root)/namespaces/{namespace}/{metric}",
                    operation: "listExternal",
                    summary: "Values of an external metric, by queue or workload.",
                    parameters: ["namespace", "metric"],
                    query: ["labelSelector"]
                )
            ]
        }
        return [
            Path(
                template: "\(root)/namespaces/{namespace}/{resource}/{name}/{metric}",
                operation: "readNamespaced",
                summary: "Values of a metric of one object, or of all with the name *.",
                parameters: ["namespace", "resource", "name", "metric"],
                query: ["labelSelector", "metricLabelSelector"]
            ),
            Path(
                template: "\(root)/namespaces/{namespace}/metrics/{metric}",
                operation: "readNamespace",
                summary: "Value of a metric of the namespace itself.",
                parameters: ["namespace", "metric"],
                query: ["metricLabelSelector"]
            ),
            Path(
                template: "\(root)/{resource}/{name}/{metric}",
                operation: "readCluster",
                summary: "Values of a metric of an object without a namespace.",
                parameters: ["resource", "name", "metric"],
                query: ["labelSelector", "metricLabelSelector"]
            ),
        ]
    }

    private static func writeInfo(_ version: String, to json: inout JSONWriter) {
        json.object("info") { info in
            info.member("title", Self.title)
            info.member("version", version)
        }
    }

    private static func writeOperation(_ group: APIGroupVersion, _ path: Path, to json: inout JSONWriter) {
        json.member("operationId", path.operation + (group.isCustom ? "Custom" : "") + group.version.capitalizedFirst)
        json.member("summary", path.summary)
        json.strings("tags", [group.group])
    }

    private static func writeParameter(_ name: String, _ place: String, nested: Bool, to json: inout JSONWriter) {
        json.member("name", name)
        json.member("in", place)
        if place == "path" { json.member("required", true) }
        if nested {
            json.object("schema") { $0.member("type", "string") }
        } else {
            json.member("type", "string")
        }
    }
}

extension String {
    fileprivate var capitalizedFirst: String { self.prefix(1).uppercased() + self.dropFirst() }
}
