/// Tokens by type in one-second buckets of event time: the last 64 seconds.
///
/// The idea of time buckets with a moving newest second is Knative's
/// <https://github.com/knative/serving/blob/main/pkg/autoscaler/aggregation/bucketing.go>.
package struct TokenWindow: Sendable {
    /// Buckets kept; a power of two above the 60 s that are asked for.
    package static let secondCount = 64
    /// *The* rate's window, in seconds.
    package static let stableSeconds = 60
    /// The burst window, in seconds.
    package static let burstSeconds = 15

    /// Type-major: the buckets of one type lie together.
    private var buckets: [UInt32]
    /// The newest second the ring holds.
    private var newest: Int64

    package init() {
        self.buckets = [UInt32](repeating: 0, count: Self.secondCount * TokenType.allCases.count)
        self.newest = 0
    }

    /// Adds tokens that were used in `second`.
    ///
    /// - Returns: `false` if the second has left the ring: the tokens are too old to be part of any rate.
    @inline(__always)
    @discardableResult
    package mutating func add(_ count: Int64, of type: TokenType, at second: Int64) -> Bool {
        if second > self.newest { self.advance(to: second) }
        guard second > self.newest - Int64(Self.secondCount) else { return false }
        let index = Self.index(type, second)
        let sum = Int64(self.buckets[index]).addingClamped(count)
        self.buckets[index] = UInt32(clamping: sum)
        return true
    }

    /// Spreads tokens evenly over the seconds `first...last`; the parts add up to `count` exactly.
    ///
    /// - Returns: The tokens that fell into seconds still in the ring.
    @discardableResult
    package mutating func spread(_ count: Int64, of type: TokenType, from first: Int64, through last: Int64) -> Int64 {
        precondition(first <= last, "a spread from second \(first) to \(last) has no seconds")
        if last > self.newest { self.advance(to: last) }
        let seconds = last - first + 1
        let oldest = self.newest - Int64(Self.secondCount) + 1
        var placed: Int64 = 0
        // Part k of n is ⌊count·(k+1)/n⌋ - ⌊count·k/n⌋: the parts sum to count whatever the rounding.
        var second = Swift.max(first, oldest)
        while second <= last {
            let step = second - first
            let upper = Self.share(count, step + 1, of: seconds)
            let part = upper - Self.share(count, step, of: seconds)
            let index = Self.index(type, second)
            self.buckets[index] = UInt32(clamping: Int64(self.buckets[index]).addingClamped(part))
            placed += part
            second += 1
        }
        return placed
    }

    /// Tokens in the `seconds` seconds up to and including `end`. Reads only, whatever the ring's newest second is.
    package func sum(_ type: TokenType, seconds: Int, endingAt end: Int64) -> Int64 {
        let last = Swift.min(end, self.newest)
        let first = Swift.max(end - Int64(seconds) + 1, self.newest - Int64(Self.secondCount) + 1)
        guard first <= last else { return 0 }
        var total: Int64 = 0
        for second in first...last { total += Int64(self.buckets[Self.index(type, second)]) }
        return total
    }

    package func sums(seconds: Int, endingAt end: Int64) -> TokenCounts {
        TokenCounts(
            input: self.sum(.input, seconds: seconds, endingAt: end),
            output: self.sum(.output, seconds: seconds, endingAt: end),
            cacheRead: self.sum(.cacheRead, seconds: seconds, endingAt: end),
            cacheCreation: self.sum(.cacheCreation, seconds: seconds, endingAt: end)
        )
    }

    /// Whether the ring holds seconds that are yet to come. Nothing is ever placed there: our own clock was set back.
    /// Such a ring takes everything for too old until that time comes, and the rate would be 0 for as long as that.
    func isAhead(of second: Int64) -> Bool { self.newest > second + Self.aheadSeconds }

    /// Recording goes on while a snapshot is made.
    private static let aheadSeconds: Int64 = 5

    /// A bit for each of the `seconds` seconds up to `end` that holds tokens; bit 0 is `end`.
    package func occupancy(seconds: Int, endingAt end: Int64) -> UInt64 {
        var bits: UInt64 = 0
        for age in 0..<seconds {
            let second = end - Int64(age)
            guard second <= self.newest, second > self.newest - Int64(Self.secondCount) else { continue }
            for type in TokenType.allCases where self.buckets[Self.index(type, second)] > 0 {
                bits |= 1 << UInt64(age)
                break
            }
        }
        return bits
    }

    /// Whether all tokens left the stable window before `end`: nothing to compute.
    package func isQuiet(at end: Int64) -> Bool { end - self.newest >= Int64(Self.stableSeconds) }

    private mutating func advance(to second: Int64) {
        let steps = second - self.newest
        if steps >= Int64(Self.secondCount) {
            for index in self.buckets.indices { self.buckets[index] = 0 }
        } else {
            while self.newest < second {
                self.newest += 1
                self.clear(self.newest)
            }
        }
        self.newest = second
    }

    private mutating func clear(_ second: Int64) {
        self.buckets[Self.index(.input, second)] = 0
        self.buckets[Self.index(.output, second)] = 0
        self.buckets[Self.index(.cacheRead, second)] = 0
        self.buckets[Self.index(.cacheCreation, second)] = 0
    }

    @inline(__always)
    private static func index(_ type: TokenType, _ second: Int64) -> Int {
        Int(type.rawValue) * Self.secondCount + Int(second & Int64(Self.secondCount - 1))
    }

    /// ⌊count · numerator / denominator⌋ without overflow.
    private static func share(_ count: Int64, _ numerator: Int64, of denominator: Int64) -> Int64 {
        let (narrow, isWide) = count.multipliedReportingOverflow(by: numerator)
        guard isWide else { return narrow / denominator }
        let product = count.multipliedFullWidth(by: numerator)
        return denominator.dividingFullWidth(product).quotient
    }
}

extension TokenWindow {
    /// The ring's content, for the state file: the newest second and all buckets.
    package var state: (newest: Int64, buckets: [UInt32]) { (self.newest, self.buckets) }

    /// Restores ``state``; `nil` if the bucket count does not fit.
    package init?(newest: Int64, buckets: [UInt32]) {
        guard buckets.count == Self.secondCount * TokenType.allCases.count else { return nil }
        self.newest = newest
        self.buckets = buckets
    }
}
