import TokenscaleCore

/// Leaves a receiver alone for a while after several failures in a row, then tries once. A value without a clock.
struct CircuitBreaker: Equatable, Sendable {
    private let failureLimit: Int
    private let openSeconds: Double
    private var failureCount = 0
    private(set) var openUntil: Timestamp?

    init(failureLimit: Int, openSeconds: Double) {
        self.failureLimit = failureLimit
        self.openSeconds = openSeconds
    }

    func isOpen(at now: Timestamp) -> Bool { self.openUntil.map { now < $0 } ?? false }

    /// While it is half open (the time is over, nothing has succeeded yet) one delivery is tried, not a batch.
    var isTrying: Bool { self.openUntil != nil }

    mutating func succeeded() {
        self.failureCount = 0
        self.openUntil = nil
    }

    /// - Parameter retryAfterSeconds: What the receiver asked for; it is left alone at least that long.
    mutating func failed(at now: Timestamp, retryAfterSeconds: Double?) {
        self.failureCount += 1
        if let retryAfterSeconds {
            self.openUntil = now.advanced(bySeconds: retryAfterSeconds)
        } else if self.failureCount >= self.failureLimit {
            self.openUntil = now.advanced(bySeconds: self.openSeconds)
        }
    }
}

extension DeliveryPolicy {
    /// Seconds to wait before the next attempt: exponential with full jitter, at least what the receiver asked for.
    ///
    /// - Parameter attemptCount: Attempts that failed, from 1.
    func delaySeconds(
        attemptCount: Int,
        retryAfterSeconds: Double?,
        using generator: inout some RandomNumberGenerator
    ) -> Double {
        let exponent = Double(min(max(attemptCount - 1, 0), 30))
        var ceiling = self.backoffInitialSeconds
        for _ in 0..<Int(exponent) where ceiling < self.backoffMaximumSeconds { ceiling *= 2 }
        let jittered = Double.random(in: 0...min(ceiling, self.backoffMaximumSeconds), using: &generator)
        guard let retryAfterSeconds else { return jittered }
        return max(jittered, min(retryAfterSeconds, self.retryAfterMaximumSeconds))
    }
}
