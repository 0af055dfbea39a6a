/// A bounded cache whose entries all live equally long, so that the oldest is always the first to expire. A value
/// without a clock.
struct ExpiringCache<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    let lifetime: Duration
    let countLimit: Int
    private var entries: [Key: (value: Value, expires: ContinuousClock.Instant)] = [:]
    /// Keys in the order of their insertion; one that was inserted again is stale at its older place.
    private var order: [(key: Key, expires: ContinuousClock.Instant)] = []
    private var head = 0

    init(lifetime: Duration, countLimit: Int) {
        precondition(countLimit > 0, "a cache for \(countLimit) entries")
        self.lifetime = lifetime
        self.countLimit = countLimit
    }

    var count: Int { self.entries.count }

    func value(of key: Key, now: ContinuousClock.Instant) -> Value? {
        guard let entry = self.entries[key], now < entry.expires else { return nil }
        return entry.value
    }

    mutating func insert(_ value: Value, for key: Key, now: ContinuousClock.Instant) {
        let expires = now + self.lifetime
        self.entries[key] = (value, expires)
        self.order.append((key, expires))
        self.evict(now: now)
    }

    /// Amortised O(1): each place in `order` is passed once.
    private mutating func evict(now: ContinuousClock.Instant) {
        while self.head < self.order.count {
            let oldest = self.order[self.head]
            guard oldest.expires <= now || self.entries.count > self.countLimit || self.isStale(oldest) else { break }
            if !self.isStale(oldest) { self.entries[oldest.key] = nil }
            self.head += 1
        }
        if self.head > 64, self.head * 2 > self.order.count {
            self.order.removeFirst(self.head)
            self.head = 0
        }
    }

    private func isStale(_ place: (key: Key, expires: ContinuousClock.Instant)) -> Bool {
        self.entries[place.key]?.expires != place.expires
    }
}
