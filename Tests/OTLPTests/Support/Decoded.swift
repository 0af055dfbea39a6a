import OTLP
import TokenscaleCore

/// Everything that one body decodes to, with the texts looked up: comparable between encodings.
struct Decoded: Equatable {
    struct Point: Equatable {
        var kind: MetricKind
        var temporality: Temporality
        var stream: Hash128
        var start: Timestamp
        var time: Timestamp
        var value: Double
        var session: String
        var model: String
        var queue: String
        var pod: [String]
        var querySource: QuerySource
    }

    struct Event {
        var session: String
        var model: String
        var pod: [String]
        /// Ranges taken out.
        var event: AgentEvent
    }

    struct Block: Equatable {
        var resource: Hash128
        var instance: Hash128
        var pod: [String]
        var labels: [String: String]
        var points: [Point]
        var events: [Event]
        var ignoredCount: Int
    }

    var blocks: [Block] = []
    var limitedCount = 0

    var points: [Point] { self.blocks.flatMap(\.points) }
    var events: [Event] { self.blocks.flatMap(\.events) }
    var ignoredCount: Int { self.blocks.reduce(0) { $0 + $1.ignoredCount } }
    var itemCount: Int { self.points.count + self.events.count + self.ignoredCount + self.limitedCount }
}

extension Decoded.Event: Equatable {
    static func == (left: Self, right: Self) -> Bool {
        left.session == right.session && left.model == right.model && left.pod == right.pod
            && "\(left.event)" == "\(right.event)"
    }
}

extension OTLPDecoder {
    /// Decodes and copies everything out.
    func decoded(
        _ body: [UInt8],
        _ signal: OTLPSignal,
        _ encoding: OTLPEncoding
    ) throws(OTLPDecodeError) -> Decoded {
        var result = Decoded()
        result.limitedCount = try unsafe self.decode(body.span.bytes, signal: signal, encoding: encoding) {
            batch,
            text in
            result.blocks.append(Decoded.Block(batch, text))
        }
        return result
    }

    convenience init(limits: DecodeLimits = DecodeLimits(), names: SemanticNames = SemanticNames()) {
        self.init(hash: KeyedHash(key: 0x1234_5678_9abc_def0), names: names, limits: limits)
    }
}

extension Decoded.Block {
    init(_ batch: borrowing ResourceBatch, _ text: RawSpan) {
        self.resource = batch.resource
        self.instance = batch.instance
        self.pod = batch.pod.strings(text)
        self.labels = [:]
        for label in batch.labels { self.labels[label.key.string(in: text)] = label.value.string(in: text) }
        self.points = []
        self.events = []
        self.ignoredCount = batch.ignoredCount
        for point in batch.points { self.points.append(Decoded.Point(point, text)) }
        for event in batch.events { self.events.append(Decoded.Event(event, text)) }
    }
}

extension Decoded.Point {
    init(_ point: MetricPoint, _ text: RawSpan) {
        self.kind = point.kind
        self.temporality = point.temporality
        self.stream = point.stream
        self.start = point.start.uncorrected
        self.time = point.sent.uncorrected
        self.value = point.value
        self.session = point.session.string(in: text)
        self.model = point.model.string(in: text)
        self.queue = point.queue.string(in: text)
        self.pod = point.pod.strings(text)
        self.querySource = point.querySource
    }
}

extension Decoded.Event {
    init(_ event: AgentEvent, _ text: RawSpan) {
        self.session = event.session.string(in: text)
        self.model = event.model.string(in: text)
        self.pod = event.pod.strings(text)
        self.event = event
        self.event.session = .absent
        self.event.model = .absent
        self.event.pod = PodAttributes()
    }
}

extension PodAttributes {
    /// Namespace, name, uid, node, workload.
    func strings(_ text: RawSpan) -> [String] {
        [
            self.namespace.string(in: text), self.name.string(in: text), self.uid.string(in: text),
            self.node.string(in: text), self.workload.string(in: text),
        ]
    }
}
