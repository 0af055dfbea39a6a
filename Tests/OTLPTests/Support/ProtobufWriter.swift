/// Writes protobuf messages for tests, well-formed or not.
struct ProtobufWriter {
    private(set) var bytes: [UInt8] = []

    static func message(_ write: (inout ProtobufWriter) -> Void) -> [UInt8] {
        var writer = ProtobufWriter()
        write(&writer)
        return writer.bytes
    }

    mutating func varint(_ value: UInt64) {
        var value = value
        while value >= 0x80 {
            self.bytes.append(UInt8(truncatingIfNeeded: value) | 0x80)
            value >>= 7
        }
        self.bytes.append(UInt8(value))
    }

    mutating func tag(_ number: Int, _ type: Int) { self.varint(UInt64(number << 3 | type)) }

    mutating func varint(_ number: Int, _ value: UInt64) {
        self.tag(number, 0)
        self.varint(value)
    }

    mutating func fixed64(_ number: Int, _ value: UInt64) {
        self.tag(number, 1)
        for shift in stride(from: 0, to: 64, by: 8) { self.bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
    }

    mutating func fixed32(_ number: Int, _ value: UInt32) {
        self.tag(number, 5)
        for shift in stride(from: 0, to: 32, by: 8) { self.bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
    }

    mutating func double(_ number: Int, _ value: Double) { self.fixed64(number, value.bitPattern) }

    mutating func bytes(_ number: Int, _ value: [UInt8]) {
        self.tag(number, 2)
        self.varint(UInt64(value.count))
        self.bytes += value
    }

    mutating func string(_ number: Int, _ value: String) { self.bytes(number, Array(value.utf8)) }

    mutating func message(_ number: Int, _ write: (inout ProtobufWriter) -> Void) {
        self.bytes(number, Self.message(write))
    }

    mutating func raw(_ value: [UInt8]) { self.bytes += value }
}

extension ProtobufWriter {
    /// A `KeyValue` with a string.
    mutating func attribute(_ number: Int, _ key: String, _ value: String) {
        self.attribute(number, key) { $0.string(1, value) }
    }

    mutating func attribute(_ number: Int, _ key: String, int value: Int64) {
        self.attribute(number, key) { $0.varint(3, UInt64(bitPattern: value)) }
    }

    /// A `KeyValue` whose `AnyValue` `write` makes.
    mutating func attribute(_ number: Int, _ key: String, _ write: (inout ProtobufWriter) -> Void) {
        self.message(number) { pair in
            pair.string(1, key)
            pair.message(2, write)
        }
    }

    /// An `ExportMetricsServiceRequest` with one metric; `field` is the number of its data, `points` are messages.
    static func metrics(
        _ name: String,
        field: Int = 7,
        temporality: UInt64 = 1,
        resource: [(String, String)] = [],
        points: [[UInt8]]
    ) -> [UInt8] {
        Self.message { request in
            request.message(1) { block in
                block.message(1) { for (key, value) in resource { $0.attribute(1, key, value) } }
                block.message(2) { scope in
                    scope.message(2) { metric in
                        metric.string(1, name)
                        metric.message(field) { data in
                            for point in points { data.bytes(1, point) }
                            data.varint(2, temporality)
                            data.varint(3, 1)
                        }
                    }
                }
            }
        }
    }

    /// An `ExportLogsServiceRequest` with one resource block; `records` are messages.
    static func logs(resource: [(String, String)] = [], records: [[UInt8]]) -> [UInt8] {
        Self.message { request in
            request.message(1) { block in
                block.message(1) { for (key, value) in resource { $0.attribute(1, key, value) } }
                block.message(2) { scope in for record in records { scope.bytes(2, record) } }
            }
        }
    }

    /// A `LogRecord` with string attributes.
    static func record(_ event: String, time: UInt64 = 0, _ attributes: [(String, String)]) -> [UInt8] {
        Self.message { record in
            if time > 0 { record.fixed64(1, time) }
            record.attribute(6, "event.name", event)
            for (key, value) in attributes { record.attribute(6, key, value) }
        }
    }
}
