package import TokenscaleCore

/// From the bytes of a request to recorded samples: the one synchronous call between a transport and the aggregator.
///
/// One per event loop: it owns decode memory that is reused from request to request, so it is not `Sendable`.
package final class Ingestor {
    private let aggregator: Aggregator
    private let decoder: OTLPDecoder

    /// - Parameters:
    ///   - aggregator: Where samples go.
    ///   - hash: The process's keyed hash; its key is drawn once by the executable.
    ///   - names: The names that an operator can choose.
    ///   - limits: What one request may cost.
    package init(aggregator: Aggregator, hash: KeyedHash, names: SemanticNames, limits: DecodeLimits) {
        self.aggregator = aggregator
        self.decoder = OTLPDecoder(hash: hash, names: names, limits: limits)
    }

    /// Decodes `body` and records its items, all or nothing: a body that is refused has recorded none, so that
    /// sending it again cannot count twice.
    ///
    /// - Parameters:
    ///   - body: The decompressed message, without gRPC framing. Empty is valid.
    ///   - peer: Where the request came from.
    ///   - arrival: Now.
    /// - Throws: ``OTLPDecodeError``, never retryable.
    package func ingest(
        _ body: RawSpan,
        signal: OTLPSignal,
        encoding: OTLPEncoding,
        peer: PeerAddress?,
        arrival: Timestamp
    ) throws(OTLPDecodeError) -> RecordOutcome {
        var outcome = RecordOutcome()
        let limitedCount = try self.decoder.decode(body, signal: signal, encoding: encoding) { batch, text in
            outcome += self.aggregator.record(batch, text: text, peer: peer, arrival: arrival)
        }
        if limitedCount > 0 { self.aggregator.countItems(overLimit: limitedCount) }
        outcome.limitedCount += limitedCount
        return outcome
    }
}
