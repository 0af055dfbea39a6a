import TokenscaleCore

/// The lists of the metrics APIs, member by member as the reference adapter prints them.
enum MetricBodies {
    struct Item: Sendable {
        var kind: ObjectKind
        var namespace: String
        var name: String
        var value: ServedValue
    }

    static func custom(
        _ version: APIGroupVersion,
        metric: String,
        selector: LabelSelector,
        items: [Item]
    ) -> [UInt8] {
        var json = JSONWriter()
        json.object { list in
            Self.writeHead(version, to: &list)
            list.array("items") { array in
                for item in items {
                    array.object { object in
                        object.object("describedObject") { described in
                            described.member("kind", item.kind.name)
                            if !item.namespace.isEmpty { described.member("namespace", item.namespace) }
                            described.member("name", item.name)
                            described.member("apiVersion", item.kind.apiVersion)
                        }
                        let timestamp = UTCTime(item.value.timestamp).rfc3339InSeconds
                        if version == .customV1beta1 {
                            object.member("metricName", metric)
                            object.member("timestamp", timestamp)
                            if let window = item.value.windowSeconds { object.member("window", window) }
                            object.member("value", item.value.quantity.text)
                            Self.writeSelector(selector, to: &object)
                        } else {
                            object.object("metric") { identifier in
                                identifier.member("name", metric)
                                Self.writeSelector(selector, to: &identifier)
                            }
                            object.member("timestamp", timestamp)
                            if let window = item.value.windowSeconds { object.member("windowSeconds", window) }
                            object.member("value", item.value.quantity.text)
                        }
                    }
                }
            }
        }
        json.endLine()
        return json.bytes
    }

    static func external(metric: ServedMetric, values: [ExternalValue]) -> [UInt8] {
        var json = JSONWriter()
        json.object { list in
            Self.writeHead(.externalV1beta1, to: &list)
            list.array("items") { array in
                for value in values {
                    array.object { object in
                        // kubectl looks every item up by its kind before it prints it as YAML or JSON.
                        object.member("kind", metric.externalKind)
                        object.member("apiVersion", APIGroupVersion.externalV1beta1.rawValue)
                        object.member("metricName", metric.name)
                        object.object("metricLabels") { labels in
                            for (key, text) in value.labels.sorted(by: { $0.key < $1.key }) {
                                labels.member(key, text)
                            }
                        }
                        object.member("timestamp", UTCTime(value.value.timestamp).rfc3339InSeconds)
                        if let window = value.value.windowSeconds { object.member("window", window) }
                        object.member("value", value.value.quantity.text)
                    }
                }
            }
        }
        json.endLine()
        return json.bytes
    }

    /// What `kubectl get METRIC` prints.
    /// <https://kubernetes.io/docs/reference/using-api/api-concepts/#receiving-resources-as-tables>
    static func table(metric: String, namespace: String, values: [ExternalValue]) -> [UInt8] {
        var json = JSONWriter()
        json.object { table in
            table.member("kind", "Table")
            table.member("apiVersion", "meta.k8s.io/v1")
            table.object("metadata") { _ in }
            table.array("columnDefinitions") { columns in
                for (name, format, text) in Self.columns {
                    columns.object { column in
                        column.member("name", name)
                        column.member("type", "string")
                        column.member("format", format)
                        column.member("description", text)
                        column.member("priority", 0)
                    }
                }
            }
            table.array("rows") { rows in
                for value in values {
                    let labels = value.labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
                    rows.object { row in
                        row.array("cells") { cells in
                            cells.element(metric)
                            cells.element(labels.isEmpty ? "<none>" : labels.joined(separator: ","))
                            cells.element(value.value.quantity.text)
                            cells.element(value.value.windowSeconds.map { "\($0)s" } ?? "<none>")
                            cells.element(UTCTime(value.value.timestamp).rfc3339InSeconds)
                        }
                        row.object("object") { object in
                            object.member("kind", "PartialObjectMetadata")
                            object.member("apiVersion", "meta.k8s.io/v1")
                            object.object("metadata") { metadata in
                                metadata.member("name", metric)
                                metadata.member("namespace", namespace)
                                metadata.null("creationTimestamp")
                            }
                        }
                    }
                }
            }
        }
        json.endLine()
        return json.bytes
    }

    private static let columns = [
        ("Name", "name", "The metric."), ("Labels", "", "What the value is of."), ("Value", "", "A quantity."),
        ("Window", "", "What a rate is measured over."), ("Timestamp", "", "When it was measured."),
    ]

    private static func writeHead(_ version: APIGroupVersion, to json: inout JSONWriter) {
        json.member("kind", version.listKind)
        json.member("apiVersion", version.rawValue)
        json.object("metadata") { _ in }
    }

    /// As `metav1.LabelSelector`; `null` when nothing was asked.
    private static func writeSelector(_ selector: LabelSelector, to json: inout JSONWriter) {
        guard !selector.requirements.isEmpty else { return json.null("selector") }
        json.object("selector") { object in
            var labels: [(String, String)] = []
            var expressions: [(String, String, [String])] = []
            for requirement in selector.requirements.sorted(by: { $0.key < $1.key }) {
                switch requirement.operation {
                case .isIn(let values):
                    if values.count == 1, let value = values.first {
                        labels.append((requirement.key, value))
                    } else {
                        expressions.append((requirement.key, "In", values.sorted()))
                    }
                case .isNotIn(let values): expressions.append((requirement.key, "NotIn", values.sorted()))
                case .exists: expressions.append((requirement.key, "Exists", []))
                case .doesNotExist: expressions.append((requirement.key, "DoesNotExist", []))
                case .isGreaterThan, .isLessThan:
                    // Refused before: metav1.LabelSelector has no such operator.
                    break
                }
            }
            if !labels.isEmpty {
                object.object("matchLabels") { for (key, value) in labels { $0.member(key, value) } }
            }
            guard !expressions.isEmpty else { return }
            object.array("matchExpressions") { array in
                for (key, operation, values) in expressions {
                    array.object { expression in
                        expression.member("key", key)
                        expression.member("operator", operation)
                        if !values.isEmpty { expression.strings("values", values) }
                    }
                }
            }
        }
    }
}
