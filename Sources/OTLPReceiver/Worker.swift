import Gzip
import NIOCore
import OTLP
import TokenscaleCore

/// What one event loop needs to answer requests. Confined to that loop: from body to answer nothing suspends.
final class Worker {
    /// A decompression buffer beyond this is given back after use.
    private static let keptScratchByteCount = 1 << 20

    let shared: ReceiverShared
    let counters: ReceiverCounters.Slot
    private let ingest: Ingest
    private var decoder = GzipDecoder()
    private var scratch: [UInt8] = []
    var connections: [ObjectIdentifier: ConnectionHandler] = [:]
    var isDraining = false
    /// Succeeds when the last connection of a draining worker is gone.
    var drained: EventLoopPromise<Void>?

    init(shared: ReceiverShared) {
        self.shared = shared
        self.counters = shared.counters.makeSlot()
        self.ingest = shared.delegate.makeIngest()
    }

    /// Takes a complete body. Over gRPC, `isCompressed` is the flag of the message, else it follows from the plan.
    func process(
        _ body: ByteBuffer,
        isCompressed: Bool,
        plan: RequestPlan,
        peer: PeerAddress?
    ) -> Result<PartialSuccess?, RefusedRequest> {
        guard isCompressed else { return self.process(body.readableBytesSpan, plan: plan, peer: peer) }
        defer {
            if self.scratch.capacity > Self.keptScratchByteCount { self.scratch = [] }
        }
        self.scratch.removeAll(keepingCapacity: true)
        do {
            try self.decoder.decompress(body.readableBytesSpan, limit: plan.byteLimit, into: &self.scratch)
        } catch .tooLarge(let limit) {
            let message =
                "the body has more than \(limit) bytes when decompressed, which is the limit; send smaller batches"
            return .failure(RefusedRequest(signal: plan.signal, refusal: Refusal(.tooLarge, message)))
        } catch {
            return .failure(RefusedRequest(signal: plan.signal, refusal: Refusal(.malformed, error.description)))
        }
        let count = self.scratch.count
        self.counters.update { $0.decompressedByteCount += Int64(count) }
        return unsafe self.process(self.scratch.span.bytes, plan: plan, peer: peer)
    }

    private func process(
        _ body: RawSpan,
        plan: RequestPlan,
        peer: PeerAddress?
    ) -> Result<PartialSuccess?, RefusedRequest> {
        let arrival = self.shared.delegate.now()
        do {
            switch plan.kind {
            case .export(let signal):
                return .success(PartialSuccess(try self.ingest(body, signal, plan.encoding, peer, arrival)))
            case .queueDepth:
                return self.recordQueueDepth(body, arrival: arrival)
            }
        } catch {
            let reason: IngestStatistics.Refusal =
                switch error {
                case .malformed: .malformed
                case .tooLarge: .tooLarge
                }
            return .failure(RefusedRequest(signal: plan.signal, refusal: Refusal(reason, error.description)))
        }
    }

    /// All entries of a report are valid, or none is recorded.
    private func recordQueueDepth(
        _ body: RawSpan,
        arrival: Timestamp
    ) -> Result<PartialSuccess?, RefusedRequest> {
        let report: QueueDepthReport
        do {
            report = try QueueDepthReport(json: unsafe body.withUnsafeBytes { unsafe Array($0) })
        } catch {
            return .failure(RefusedRequest(signal: .queueDepth, refusal: Refusal(.malformed, error.message)))
        }
        var rejectedCount = 0
        for entry in report.entries {
            let isTaken = self.shared.delegate.recordQueueDepth(
                entry.namespace,
                entry.queue,
                entry.pod,
                entry.depth,
                arrival
            )
            if !isTaken { rejectedCount += 1 }
        }
        guard rejectedCount > 0 else { return .success(nil) }
        let message = "\(rejectedCount) entries not taken: the limit for queues is reached"
        return .success(PartialSuccess(rejectedCount: rejectedCount, message: message))
    }
}
