/// What the OTLP receiver did since the start of the process: plain values, so that who shows them needs no receiver.
package struct IngestStatistics: Equatable, Sendable {
    package enum Transport: String, CaseIterable, Sendable {
        case grpc
        case http
    }

    /// What a request carried.
    package enum Signal: String, CaseIterable, Sendable {
        case metrics
        case logs
        case traces
        case queueDepth = "queue_depth"
        /// The path names nothing that is served.
        case unknown
    }

    /// Why a request or a connection was refused.
    package enum Refusal: String, CaseIterable, Sendable {
        case malformed
        case unauthenticated
        case unknownPath = "unknown_path"
        case wrongMethod = "wrong_method"
        case contentType = "content_type"
        case contentEncoding = "content_encoding"
        /// The body, before or after decompression, or what decoding it would take.
        case tooLarge = "too_large"
        case headersTooLarge = "headers_too_large"
        /// The head or the body did not arrive in time.
        case slowSender = "slow_sender"
        /// Too many request bytes are being received.
        case bytesInFlight = "bytes_in_flight"
        case connectionLimit = "connection_limit"
        /// Too many concurrent requests on one HTTP/2 connection.
        case streamLimit = "stream_limit"
        /// The process is about to end.
        case notServing = "not_serving"
        /// The TLS handshake failed: no or a wrong client certificate, or not TLS at all.
        case tlsHandshake = "tls_handshake"
    }

    package struct RequestKey: Hashable, Sendable {
        package var transport: Transport
        package var signal: Signal
        /// `200` over HTTP, `OK` over gRPC.
        package var code: String

        package init(transport: Transport, signal: Signal, code: String) {
            self.transport = transport
            self.signal = signal
            self.code = code
        }
    }

    /// Answered requests.
    package var requests: [RequestKey: Int64] = [:]
    package var refusals: [Refusal: Int64] = [:]
    /// Body bytes taken from the network, compressed where the client compressed.
    package var receivedByteCount: Int64 = 0
    /// Bytes that came out of decompression.
    package var decompressedByteCount: Int64 = 0
    /// From the head of a request to its answer.
    package var durations = DurationHistogram()
    /// Connections accepted, among them those that were refused.
    package var connectionCount: Int64 = 0

    /// Now: connections, requests whose answer is not written, and their buffered bytes.
    package var openConnectionCount = 0
    package var inFlightRequestCount = 0
    package var inFlightByteCount = 0
    /// What is allowed.
    package var connectionLimit = 0
    package var inFlightByteLimit = 0

    package init() {}

    /// Adds the counters of `right`; what is true "now" is left alone.
    package static func += (left: inout IngestStatistics, right: IngestStatistics) {
        left.requests.merge(right.requests, uniquingKeysWith: +)
        left.refusals.merge(right.refusals, uniquingKeysWith: +)
        left.receivedByteCount += right.receivedByteCount
        left.decompressedByteCount += right.decompressedByteCount
        left.durations += right.durations
        left.connectionCount += right.connectionCount
    }
}

/// A histogram of durations with fixed bounds.
package struct DurationHistogram: Equatable, Sendable {
    /// Upper bounds in seconds, ascending; one more bucket (+Inf) follows.
    package static let upperBounds: [Double] = [
        0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
    ]

    /// Observations per bucket, not cumulative; one longer than ``upperBounds``.
    package private(set) var counts = [Int64](repeating: 0, count: DurationHistogram.upperBounds.count + 1)
    package private(set) var sumSeconds: Double = 0

    package init() {}

    package var count: Int64 { self.counts.reduce(0, +) }

    package mutating func record(nanoseconds: Int64) {
        let seconds = Double(max(0, nanoseconds)) / 1e9
        let index = Self.upperBounds.firstIndex { seconds <= $0 } ?? Self.upperBounds.count
        self.counts[index] += 1
        self.sumSeconds += seconds
    }

    package static func += (left: inout DurationHistogram, right: DurationHistogram) {
        for index in left.counts.indices { left.counts[index] += right.counts[index] }
        left.sumSeconds += right.sumSeconds
    }
}
