package import OTLP
package import TokenscaleCore

/// Decodes and records one body; see `Ingestor.ingest`. Called on one event loop only.
package typealias Ingest = (
    _ body: RawSpan,
    _ signal: OTLPSignal,
    _ encoding: OTLPEncoding,
    _ peer: PeerAddress?,
    _ arrival: Timestamp
) throws(OTLPDecodeError) -> RecordOutcome

/// What the receiver hands data to and asks. Closures, because each has another owner.
package struct ReceiverDelegate: Sendable {
    /// Makes what decodes and records; called once per event loop, on it.
    package var makeIngest: @Sendable () -> Ingest
    /// Records one queue depth; `false`: a limit is reached.
    package var recordQueueDepth:
        @Sendable (_ namespace: String, _ queue: String, _ pod: String?, _ depth: Double, _ time: Timestamp) -> Bool
    package var now: @Sendable () -> Timestamp

    package init(
        makeIngest: @escaping @Sendable () -> Ingest,
        recordQueueDepth: @escaping @Sendable (String, String, String?, Double, Timestamp) -> Bool,
        now: @escaping @Sendable () -> Timestamp
    ) {
        self.makeIngest = makeIngest
        self.recordQueueDepth = recordQueueDepth
        self.now = now
    }

    /// The wiring of the real thing.
    ///
    /// - Parameter makeIngestor: Called once per event loop.
    package init(
        aggregator: Aggregator,
        makeIngestor: @escaping @Sendable () -> Ingestor,
        now: @escaping @Sendable () -> Timestamp
    ) {
        self.init(
            makeIngest: {
                let ingestor = makeIngestor()
                return { body, signal, encoding, peer, arrival throws(OTLPDecodeError) in
                    try ingestor.ingest(body, signal: signal, encoding: encoding, peer: peer, arrival: arrival)
                }
            },
            recordQueueDepth: { namespace, queue, pod, depth, time in
                aggregator.recordQueueDepth(
                    namespace: namespace,
                    queue: queue,
                    pod: pod,
                    depth: depth,
                    source: .push,
                    time: time,
                    arrival: time
                )
            },
            now: now
        )
    }
}
