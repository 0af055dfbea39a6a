import TokenscaleCore

/// Writes OTLP/JSON export requests: what recorded sessions are turned into, so that they take the collector's own way
/// through its decoder.
struct OTLPText {
    enum Value {
        case text(String)
        case integer(Int64)
        case number(Double)
        case truth(Bool)
    }

    typealias Attributes = [(name: String, value: Value?)]

    private(set) var text = ""
    private var isFirst = true
    private let end: String

    /// A request with one resource and one scope.
    init(logsOf resource: Attributes) {
        self.text =
            "{\"resourceLogs\":[{\"resource\":{\"attributes\":\(Self.json(resource))},\"scopeLogs\":[{\"logRecords\":["
        self.end = "]}]}]}"
    }

    init(metricsOf resource: Attributes) {
        self.text = "{\"resourceMetrics\":[{\"resource\":{\"attributes\":\(Self.json(resource))}"
        self.text += ",\"scopeMetrics\":[{\"metrics\":["
        self.end = "]}]}]}"
    }

    mutating func addRecord(named name: String, milliseconds: Int64, _ attributes: Attributes) {
        self.separate()
        let all: Attributes = [("event.name", .text(name))] + attributes
        self.text += "{\"timeUnixNano\":\"\(milliseconds)000000\",\"attributes\":\(Self.json(all))}"
    }

    /// A delta sum of one export interval.
    mutating func addSum(
        named name: String,
        from start: Int64,
        to time: Int64,
        _ value: Double,
        _ attributes: Attributes
    ) {
        self.separate()
        self.text += "{\"name\":\(name.jsonQuoted),\"sum\":{\"aggregationTemporality\":1,\"isMonotonic\":true"
        self.text += ",\"dataPoints\":[{\"startTimeUnixNano\":\"\(start)000000\",\"timeUnixNano\":\"\(time)000000\""
        self.text += ",\"asDouble\":\(value),\"attributes\":\(Self.json(attributes))}]}}"
    }

    var request: [UInt8] { Array((self.text + self.end).utf8) }

    private mutating func separate() {
        if !self.isFirst { self.text += "," }
        self.isFirst = false
    }

    private static func json(_ attributes: Attributes) -> String {
        var text = "["
        for (name, value) in attributes {
            guard let value else { continue }
            if text.utf8.count > 1 { text += "," }
            text += "{\"key\":\"\(name)\",\"value\":\(self.json(value))}"
        }
        return text + "]"
    }

    private static func json(_ value: Value) -> String {
        switch value {
        case .text(let text): "{\"stringValue\":\(text.jsonQuoted)}"
        case .integer(let number): "{\"intValue\":\"\(number)\"}"
        case .number(let number): "{\"doubleValue\":\(number)}"
        case .truth(let truth): "{\"boolValue\":\(truth)}"
        }
    }
}
