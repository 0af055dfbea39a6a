/// Exponential growth with jitter, so that clients of a restarted API server do not come back all at once.
struct Backoff {
    let minimum: Duration
    let maximum: Duration
    /// Failures since the last success.
    private(set) var failureCount = 0

    init(minimum: Duration, maximum: Duration) {
        self.minimum = minimum
        self.maximum = maximum
    }

    mutating func reset() { self.failureCount = 0 }

    mutating func next() -> Duration {
        var generator = SystemRandomNumberGenerator()
        return self.next(using: &generator)
    }

    /// Between half of and the whole of `minimum * 2^failures`, at most `maximum`.
    mutating func next(using generator: inout some RandomNumberGenerator) -> Duration {
        let doublings = min(self.failureCount, 20)
        self.failureCount += 1
        let full = min(self.minimum * (1 << doublings), self.maximum)
        return full * Double.random(in: 0.5...1, using: &generator)
    }
}
