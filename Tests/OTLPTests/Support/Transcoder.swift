import Foundation
import OTLP

/// Rewrites an OTLP/JSON request as protobuf, field by field: the oracle for "both encodings mean the same".
enum Transcoder {
    typealias Object = [String: Any]

    /// JSON as Swift values. `JSONSerialization` of Foundation on Linux rounds some doubles of 16 digits wrongly;
    /// `JSONDecoder` does not.
    private struct Parsed: Decodable {
        var value: Any

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let value = try? container.decode(Bool.self) {
                self.value = value
            } else if let value = try? container.decode(Int64.self) {
                self.value = value
            } else if let value = try? container.decode(Double.self) {
                self.value = value
            } else if let value = try? container.decode(String.self) {
                self.value = value
            } else if let value = try? container.decode([Parsed].self) {
                self.value = value.map(\.value)
            } else {
                self.value = try container.decode([String: Parsed].self).mapValues(\.value)
            }
        }
    }

    static func protobuf(_ json: [UInt8], _ signal: OTLPSignal) throws -> [UInt8] {
        let parsed = try JSONDecoder().decode(Parsed.self, from: Data(json)).value as? Object ?? [:]
        let names: [OTLPSignal: (String, String, String)] = [
            .metrics: ("resourceMetrics", "scopeMetrics", "metrics"),
            .logs: ("resourceLogs", "scopeLogs", "logRecords"),
            .traces: ("resourceSpans", "scopeSpans", "spans"),
        ]
        guard let (blocks, scopes, items) = names[signal] else { return [] }
        return ProtobufWriter.message { request in
            for block in Self.objects(parsed, blocks) {
                request.message(1) { writer in
                    if let resource = block["resource"] as? Object {
                        writer.message(1) { Self.attributes(resource, 1, &$0) }
                    }
                    for scope in Self.objects(block, scopes) {
                        writer.message(2) { writer in
                            for item in Self.objects(scope, items) {
                                writer.message(2) { Self.item(item, signal, &$0) }
                            }
                        }
                    }
                }
            }
        }
    }

    private static func item(_ item: Object, _ signal: OTLPSignal, _ writer: inout ProtobufWriter) {
        switch signal {
        case .metrics: Self.metric(item, &writer)
        case .logs: Self.record(item, &writer)
        case .traces: writer.string(5, item["name"] as? String ?? "")
        }
    }

    private static func metric(_ metric: Object, _ writer: inout ProtobufWriter) {
        for (key, number) in [("name", 1), ("description", 2), ("unit", 3)] {
            if let text = metric[key] as? String { writer.string(number, text) }
        }
        for (key, number) in [("gauge", 5), ("sum", 7)] {
            guard let data = metric[key] as? Object else { continue }
            writer.message(number) { writer in
                for point in Self.objects(data, "dataPoints") {
                    writer.message(1) { Self.point(point, &$0) }
                }
                writer.varint(2, Self.unsigned(data["aggregationTemporality"]))
                writer.varint(3, (data["isMonotonic"] as? Bool ?? false) ? 1 : 0)
            }
        }
    }

    private static func point(_ point: Object, _ writer: inout ProtobufWriter) {
        Self.attributes(point, 7, &writer)
        writer.fixed64(2, Self.unsigned(point["startTimeUnixNano"]))
        writer.fixed64(3, Self.unsigned(point["timeUnixNano"]))
        if let value = Self.double(point["asDouble"]) { writer.double(4, value) }
        if let value = point["asInt"] { writer.fixed64(6, Self.unsigned(value)) }
    }

    private static func record(_ record: Object, _ writer: inout ProtobufWriter) {
        writer.fixed64(1, Self.unsigned(record["timeUnixNano"]))
        writer.fixed64(11, Self.unsigned(record["observedTimeUnixNano"]))
        if let body = record["body"] as? Object { writer.message(5) { Self.value(body, &$0) } }
        Self.attributes(record, 6, &writer)
        writer.fixed32(8, UInt32(truncatingIfNeeded: Self.unsigned(record["flags"])))
    }

    private static func attributes(_ owner: Object, _ number: Int, _ writer: inout ProtobufWriter) {
        for pair in Self.objects(owner, "attributes") {
            writer.message(number) { writer in
                writer.string(1, pair["key"] as? String ?? "")
                if let value = pair["value"] as? Object { writer.message(2) { Self.value(value, &$0) } }
            }
        }
    }

    private static func value(_ value: Object, _ writer: inout ProtobufWriter) {
        if let text = value["stringValue"] as? String { writer.string(1, text) }
        if let flag = value["boolValue"] as? Bool { writer.varint(2, flag ? 1 : 0) }
        if let number = value["intValue"] { writer.varint(3, Self.unsigned(number)) }
        if let number = Self.double(value["doubleValue"]) { writer.double(4, number) }
        if let array = value["arrayValue"] as? Object {
            writer.message(5) { writer in
                for element in Self.objects(array, "values") { writer.message(1) { Self.value(element, &$0) } }
            }
        }
    }

    private static func objects(_ owner: Object, _ key: String) -> [Object] { owner[key] as? [Object] ?? [] }

    /// The bits of an integer that may be a string.
    private static func unsigned(_ value: Any?) -> UInt64 {
        if let text = value as? String { return UInt64(text) ?? UInt64(bitPattern: Int64(text) ?? 0) }
        return UInt64(bitPattern: value as? Int64 ?? 0)
    }

    /// A double that may look like an integer.
    private static func double(_ value: Any?) -> Double? {
        value as? Double ?? (value as? Int64).map { Double($0) }
    }
}
