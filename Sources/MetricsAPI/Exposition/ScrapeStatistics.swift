import Synchronization

/// What `/metrics` itself costs.
final class ScrapeStatistics: Sendable {
    struct Values: Equatable, Sendable {
        var count: Int64 = 0
        var seconds = 0.0
        var byteCount: Int64 = 0
        var scraperCount = 0
    }

    private let values = Mutex(Values())

    var current: Values { self.values.withLock { $0 } }

    func record(seconds: Double, byteCount: Int, scraperCount: Int) {
        self.values.withLock { values in
            values.count += 1
            values.seconds += seconds
            values.byteCount = Int64(byteCount)
            values.scraperCount = scraperCount
        }
    }
}
