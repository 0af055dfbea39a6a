import TokenscaleCore

/// The members of OTLP/JSON that we read. "The keys of JSON objects are field names converted to lowerCamelCase":
/// <https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding>
enum JSONKey {
    case other
    case resourceMetrics, resourceLogs, resourceSpans
    case resource, scopeMetrics, scopeLogs, scopeSpans, metrics, logRecords, spans
    case attributes, key, value
    case stringValue, boolValue, intValue, doubleValue, arrayValue, kvlistValue, bytesValue
    case name, gauge, sum, histogram, exponentialHistogram, summary
    case dataPoints, aggregationTemporality
    case startTimeUnixNano, timeUnixNano, asDouble, asInt, flags
    case observedTimeUnixNano, body, eventName

    init(_ name: RawSpan) {
        self =
            switch name.byteCount {
            case 0...7: Self.short(name)
            case 8...12: Self.medium(name)
            default: Self.long(name)
            }
    }

    private static func short(_ name: RawSpan) -> JSONKey {
        switch name.byteCount {
        case 3: name.isASCII("key") ? .key : name.isASCII("sum") ? .sum : .other
        case 4: name.isASCII("name") ? .name : name.isASCII("body") ? .body : .other
        case 5:
            name.isASCII("value")
                ? .value
                : name.isASCII("asInt")
                    ? .asInt
                    : name.isASCII("flags")
                        ? .flags
                        : name.isASCII("gauge")
                            ? .gauge : name.isASCII("spans") ? .spans : .other
        case 7: name.isASCII("metrics") ? .metrics : name.isASCII("summary") ? .summary : .other
        default: .other
        }
    }

    private static func medium(_ name: RawSpan) -> JSONKey {
        switch name.byteCount {
        case 8:
            name.isASCII("asDouble")
                ? .asDouble : name.isASCII("intValue") ? .intValue : name.isASCII("resource") ? .resource : .other
        case 9:
            name.isASCII("boolValue")
                ? .boolValue
                : name.isASCII("histogram")
                    ? .histogram
                    : name.isASCII("scopeLogs")
                        ? .scopeLogs : name.isASCII("eventName") ? .eventName : .other
        case 10:
            name.isASCII("attributes")
                ? .attributes
                : name.isASCII("dataPoints")
                    ? .dataPoints
                    : name.isASCII("arrayValue")
                        ? .arrayValue
                        : name.isASCII("bytesValue")
                            ? .bytesValue
                            : name.isASCII("logRecords")
                                ? .logRecords : name.isASCII("scopeSpans") ? .scopeSpans : .other
        case 11:
            name.isASCII("stringValue")
                ? .stringValue
                : name.isASCII("doubleValue")
                    ? .doubleValue
                    : name.isASCII("kvlistValue")
                        ? .kvlistValue : .other
        case 12:
            name.isASCII("timeUnixNano")
                ? .timeUnixNano
                : name.isASCII("scopeMetrics")
                    ? .scopeMetrics
                    : name.isASCII("resourceLogs")
                        ? .resourceLogs : .other
        default: .other
        }
    }

    private static func long(_ name: RawSpan) -> JSONKey {
        switch name.byteCount {
        case 13: name.isASCII("resourceSpans") ? .resourceSpans : .other
        case 15: name.isASCII("resourceMetrics") ? .resourceMetrics : .other
        case 17: name.isASCII("startTimeUnixNano") ? .startTimeUnixNano : .other
        case 20:
            name.isASCII("observedTimeUnixNano")
                ? .observedTimeUnixNano : name.isASCII("exponentialHistogram") ? .exponentialHistogram : .other
        case 22: name.isASCII("aggregationTemporality") ? .aggregationTemporality : .other
        default: .other
        }
    }
}
