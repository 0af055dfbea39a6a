import OTLP
import TokenscaleCore

/// Turns OTLP request bodies into recorded items: the collector's decoder, then names of session and pod.
struct RecordingDecoder {
    private let decoder: OTLPDecoder
    private let hash: KeyedHash

    init() {
        // Fingerprints are compared within one run only.
        self.hash = KeyedHash(key: 0x7463_616c_6544_6574)
        self.decoder = OTLPDecoder(hash: self.hash, names: SemanticNames(), limits: DecodeLimits())
    }

    /// - Parameter indices: What the items are called, in order; without it they are counted.
    mutating func append(
        _ body: [UInt8],
        _ signal: OTLPSignal,
        _ encoding: OTLPEncoding,
        indices: [Int]? = nil,
        to recording: inout Recording
    ) throws(OTLPDecodeError) {
        var items: [RecordedItem] = []
        let hash = self.hash
        let base = recording.items.count
        _ = try unsafe self.decoder.decode(body.span.bytes, signal: signal, encoding: encoding) { batch, text in
            for number in batch.events.indices {
                var event = batch.events[number]
                // What a file says is all there is to know of the time.
                event.time = event.sent.uncorrected
                let pod = event.pod.isEmpty ? batch.pod : event.pod
                var item = Self.item(.event(event), session: event.session, pod: pod.name, text, hash)
                item.index = base + items.count
                items.append(item)
            }
            for number in batch.points.indices {
                var point = batch.points[number]
                point.time = point.sent.uncorrected
                let pod = point.pod.isEmpty ? batch.pod : point.pod
                var item = Self.item(.point(point), session: point.session, pod: pod.name, text, hash)
                item.index = base + items.count
                items.append(item)
            }
        }
        if let indices {
            for number in items.indices where number < indices.count { items[number].index = indices[number] }
        }
        recording.items += items
    }

    private static func item(
        _ content: RecordedItem.Content,
        session: IdentityText,
        pod: TextRange,
        _ text: RawSpan,
        _ hash: KeyedHash
    ) -> RecordedItem {
        // Without `session.id` the pod stands for its one session.
        let workload = hash.hash64(text.extracting(pod.offsets))
        let key = session.isAbsent ? workload : session.fingerprint.low
        let name = session.isAbsent ? pod : session.range
        return RecordedItem(
            content: content,
            session: key,
            workload: workload,
            sessionName: name.isAbsent ? "" : name.string(in: text),
            index: 0
        )
    }
}
