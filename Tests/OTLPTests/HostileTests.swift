import OTLP
import Testing
import TokenscaleCore

/// Bodies that somebody made to hurt. They may be refused or mean nothing; they must not crash, take long or take
/// memory.
@Suite("Hostile bodies")
struct HostileTests {
    let decoder = OTLPDecoder()

    /// `payload` inside of messages with these field numbers, innermost first.
    private func wrapped(_ payload: [UInt8], _ numbers: [Int]) -> [UInt8] {
        numbers.reduce(payload) { inner, number in ProtobufWriter.message { $0.bytes(number, inner) } }
    }

    private func repeated(_ unit: [UInt8], byteCount: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(byteCount)
        while bytes.count + unit.count <= byteCount { bytes += unit }
        return bytes
    }

    @Test("nesting of a million levels is opaque in protobuf")
    func deepProtobuf() throws {
        // AnyValue{array_value{values[AnyValue{…}]}}, from the inside out, backwards.
        var reversed: [UInt8] = []
        var length = 0
        func open(_ tag: UInt8) {
            var value = length
            var varint: [UInt8] = []
            repeat {
                varint.append(UInt8(value & 0x7f) | (value > 0x7f ? 0x80 : 0))
                value >>= 7
            } while value > 0
            reversed += varint.reversed()
            reversed.append(tag)
            length += varint.count + 1
        }
        for _ in 0..<250_000 {
            open(0x0a)
            open(0x2a)
        }
        let any = Array(reversed.reversed())
        let body = self.wrapped(any, [5, 2, 2, 1])
        let decoded = try self.decoder.decoded(body, .logs, .protobuf)
        #expect(decoded.ignoredCount == 1)
        let attribute = ProtobufWriter.message { pair in
            pair.string(1, "session.id")
            pair.bytes(2, any)
        }
        #expect(try self.decoder.decoded(self.wrapped(attribute, [1, 1, 1]), .logs, .protobuf).events.isEmpty)
    }

    @Test("nesting beyond the limit is refused in JSON", arguments: [#"{"a":"#, "[", #"{"a":["#])
    func deepJSON(unit: String) {
        let body = Array((#"{"x":"# + String(repeating: unit, count: 200_000)).utf8)
        #expect(throws: OTLPDecodeError.tooLarge(.nestingDepth, seen: 33, allowed: 32)) {
            try self.decoder.decoded(body, .metrics, .json)
        }
    }

    @Test(
        "four megabytes of empty messages run into the decode budget",
        arguments: [
            (OTLPSignal.metrics, [UInt8](), [0x0a, 0x00]), (.metrics, [1, 2], [0x12, 0x00]),
            (.metrics, [1], [0x12, 0x00]), (.metrics, [1, 2, 2, 7], [0x0a, 0x00]), (.logs, [1, 2], [0x12, 0x00]),
            (.logs, [], [0x0a, 0x00]), (.traces, [1, 2], [0x12, 0x00]), (.metrics, [], [0x68, 0x00]),
            (.logs, [1], [0x68, 0x00]),
        ]
    )
    func amplification(signal: OTLPSignal, path: [UInt8], unit: [UInt8]) {
        let body = self.wrapped(self.repeated(unit, byteCount: 4 << 20), path.reversed().map(Int.init))
        let error = #expect(throws: OTLPDecodeError.self) { try self.decoder.decoded(body, signal, .protobuf) }
        guard case .tooLarge(_, let seen, let allowed)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(seen > allowed)
    }

    @Test("a singular message repeated a hundred thousand times does not take quadratic time")
    func quadratic() throws {
        let resources = self.wrapped(self.repeated([0x0a, 2, 0x0a, 0], byteCount: 400_000), [1])
        let sums = self.wrapped(self.repeated([0x3a, 2, 0x0a, 0], byteCount: 400_000), [2, 2, 1])
        let clock = ContinuousClock()
        let time = clock.measure {
            for body in [resources, sums] { _ = try? self.decoder.decoded(body, .metrics, .protobuf) }
        }
        #expect(time < .seconds(2))
    }

    @Test("two million empty sums of one metric are one empty sum")
    func emptySums() throws {
        let body = self.wrapped(self.repeated([0x3a, 0x00], byteCount: 4 << 20), [2, 2, 1])
        #expect(try self.decoder.decoded(body, .metrics, .protobuf).itemCount == 0)
    }

    @Test("the number of items is limited, across blocks and scopes", arguments: OTLPEncoding.allCases)
    func itemCount(encoding: OTLPEncoding) {
        var limits = DecodeLimits()
        limits.itemCountMax = 9
        limits.arenaBytesPerBodyByte = 100
        let decoder = OTLPDecoder(limits: limits)
        let json =
            #"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{},{}]},{"logRecords":[{},{},{}]}]},"#
            + #"{"scopeLogs":[{"logRecords":[{},{},{},{},{}]}]}]}"#
        let protobuf = ProtobufWriter.message { request in
            for counts in [[2, 3], [5]] {
                request.message(1) { block in
                    for count in counts {
                        block.message(2) { scope in for _ in 0..<count { scope.bytes(2, []) } }
                    }
                }
            }
        }
        #expect(throws: OTLPDecodeError.tooLarge(.itemCount, seen: 10, allowed: 9)) {
            try decoder.decoded(encoding == .json ? Array(json.utf8) : protobuf, .logs, encoding)
        }
    }

    @Test("the number of blocks is limited", arguments: OTLPEncoding.allCases)
    func blockCount(encoding: OTLPEncoding) {
        var limits = DecodeLimits()
        limits.blockCountMax = 2
        let decoder = OTLPDecoder(limits: limits)
        let body = encoding == .json ? Array(#"{"resourceMetrics":[{},{},{}]}"#.utf8) : [10, 0, 10, 0, 10, 0]
        #expect(throws: OTLPDecodeError.tooLarge(.blockCount, seen: 3, allowed: 2)) {
            try decoder.decoded(body, .metrics, encoding)
        }
    }

    @Test("an item or resource with too many or too long attributes is not recorded, and counted")
    func itemLimits() throws {
        var limits = DecodeLimits()
        limits.attributeCountMax = 4
        limits.attributeByteCountMax = 100
        limits.identityByteCountMax = 10
        let decoder = OTLPDecoder(limits: limits)
        let many = (0..<4).map { ("k\($0)", "v") }
        let records = [
            ProtobufWriter.record("auth", [("session.id", "s")]),
            ProtobufWriter.record("auth", many),
            ProtobufWriter.record("auth", [("x", String(repeating: "y", count: 101))]),
            ProtobufWriter.record("auth", [(String(repeating: "y", count: 101), "x")]),
            ProtobufWriter.record("auth", [("session.id", "12345678901")]),
            ProtobufWriter.record("auth", [("k8s.pod.name", "12345678901")]),
            ProtobufWriter.record("auth", [("x", String(repeating: "y", count: 100))]),
        ]
        let decoded = try decoder.decoded(ProtobufWriter.logs(records: records), .logs, .protobuf)
        #expect(decoded.events.count == 2)
        #expect(decoded.limitedCount == 5)
        let point = ProtobufWriter.message { point in
            point.attribute(7, "model", "12345678901")
            point.double(4, 1)
        }
        let metrics = try decoder.decoded(ProtobufWriter.metrics("m", points: [point]), .metrics, .protobuf)
        #expect(metrics.points.isEmpty)
        #expect(metrics.limitedCount == 1)
        for resource in [many + [("a", "b")], [("k8s.pod.name", "12345678901")], [("k8s.pod.label.12345678901", "x")]] {
            let block = try decoder.decoded(ProtobufWriter.logs(resource: resource, records: records), .logs, .protobuf)
            #expect(block.events.isEmpty)
            #expect(block.limitedCount == 7)
        }
    }

    @Test("items that are refused for their size are in the collector's own counters")
    func itemLimitsAreCounted() throws {
        var limits = DecodeLimits()
        limits.attributeCountMax = 1
        let hash = KeyedHash(key: 7)
        let aggregator = Aggregator(configuration: AggregatorConfiguration(), hash: hash, startTime: .zero)
        let ingestor = Ingestor(aggregator: aggregator, hash: hash, names: SemanticNames(), limits: limits)
        let record = ProtobufWriter.record("auth", [("session.id", "s"), ("k", "v")])
        let body = ProtobufWriter.logs(records: [record, record])
        let outcome = try unsafe ingestor.ingest(
            body.span.bytes,
            signal: .logs,
            encoding: .protobuf,
            peer: nil,
            arrival: Timestamp(seconds: 9)
        )
        let statistics = aggregator.snapshot(now: Timestamp(seconds: 10)).statistics
        #expect(outcome.limitedCount == 2)
        #expect(statistics.outcome.limitedCount == 2)
        #expect(statistics.limitedItemCount == 2)
    }

    private static let brokenFields: [(field: [UInt8], what: Comment)] = [
        ([0x08], "a varint that ends"),
        ([0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], "a varint of 11 bytes"),
        ([0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02], "a varint beyond 64 bits"),
        ([0x09, 1, 2, 3], "a fixed64 that ends"),
        ([0x0d, 1], "a fixed32 that ends"),
        ([0x3a, 0x05, 0], "a message that ends"),
        ([0x00, 0x00], "field number 0"),
        ([0x0b], "a group"),
        ([0x0e], "wire type 6"),
        ([0x3a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], "a huge length"),
        ([0x3a, 0x02, 0x0a, 0x05], "a key that ends"),
        ([0x3a, 0x04, 0x12, 0x02, 0x0a, 0x09], "a string that ends"),
    ]

    @Test("a field that breaks the wire format refuses the whole body", arguments: Self.brokenFields)
    func brokenLeaf(field: [UInt8], what: Comment) {
        let good = ProtobufWriter.message { point in
            point.attribute(7, "type", "input")
            point.double(4, 1)
        }
        let body = ProtobufWriter.metrics("claude_code.token.usage", points: [good, good + field])
        #expect(throws: OTLPDecodeError.self, what) { try self.decoder.decoded(body, .metrics, .protobuf) }
        let record = ProtobufWriter.record("auth", []) + field.map { $0 == 0x3a ? 0x32 : $0 }
        #expect(throws: OTLPDecodeError.self, what) {
            try self.decoder.decoded(ProtobufWriter.logs(records: [record]), .logs, .protobuf)
        }
    }

    @Test("unknown fields and known fields of another wire type are passed over in a point")
    func unknownFields() throws {
        let point = ProtobufWriter.message { point in
            point.varint(7, 1)
            point.fixed32(2, 1)
            point.string(4, "x")
            point.varint(99_999, 5)
            point.attribute(7, "type", "input")
            point.double(4, 1)
            point.varint(3, 9)
        }
        let body = ProtobufWriter.metrics("claude_code.token.usage", points: [point])
        #expect(try self.decoder.decoded(body, .metrics, .protobuf).points.map(\.value) == [1])
    }

    @Test(
        "NUL, invalid UTF-8 and control characters in names and values are bytes like others",
        arguments: OTLPEncoding.allCases
    )
    func oddText(encoding: OTLPEncoding) throws {
        let odd: [UInt8] = [0x61, 0x00, 0xff, 0xc0, 0x1b]
        let record = ProtobufWriter.message { record in
            record.attribute(6, "event.name", "auth")
            record.message(6) { pair in
                pair.bytes(1, odd)
                pair.message(2) { $0.bytes(1, odd) }
            }
            record.message(6) { pair in
                pair.string(1, "session.id")
                pair.message(2) { $0.bytes(1, odd) }
            }
        }
        let start = #"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"attributes":["#
        var json = Array((start + #"{"key":"event.name","value":{"stringValue":"auth"}},"#).utf8)
        for key in [odd, Array("session.id".utf8)] {
            json +=
                Array(#"{"key":""#.utf8) + key + Array(#"","value":{"stringValue":""#.utf8) + odd + Array(#""}},"#.utf8)
        }
        json.removeLast()
        json += Array("]}]}]}]}".utf8)
        let body = encoding == .json ? json : ProtobufWriter.logs(records: [record])
        let session = try self.decoder.decoded(body, .logs, encoding).events.first?.session
        #expect(session == "a\0\u{fffd}\u{fffd}\u{1b}")
    }

    @Test("a refused body hands out nothing, and the next one is decoded as if it had not been")
    func recovery() throws {
        let good = ProtobufWriter.logs(records: [ProtobufWriter.record("auth", [])])
        let broken = ProtobufWriter.logs(records: [ProtobufWriter.record("auth", []), [0x09]])
        var blockCount = 0
        #expect(throws: OTLPDecodeError.malformed(.truncated, offset: nil)) {
            _ = try unsafe self.decoder.decode(broken.span.bytes, signal: .logs, encoding: .protobuf) { _, _ in
                blockCount += 1
            }
        }
        #expect(blockCount == 0)
        let decoded = try self.decoder.decoded(good, .logs, .protobuf)
        #expect(decoded.events.count == 1)
        #expect(decoded.blocks.count == 1)
    }
}
