/// The ledger of one model in one session, and the window its rate comes from.
///
/// Events and metrics are two copies of the same usage. Each one alone is a lower bound of the truth (an aborted request
/// is in the metrics only; a killed process loses the tail of either), so the total is, per type, the greater of the
/// two. It only ever grows, and neither a resend nor a change of source can count a token twice.
package struct ModelUsage: Sendable {
    /// Index of the model's name in its shard.
    package let model: Int
    package private(set) var events = TokenCounts()
    package private(set) var metrics = TokenCounts()
    /// Tokens that entered the window or were too old for it. Never above ``total``.
    package private(set) var placed = TokenCounts()
    package private(set) var window = TokenWindow()
    /// Tokens that only metrics know so far: since when, and the interval they were used in.
    private var pending: Pending?
    private var held: HeldRate?

    private struct Pending: Sendable {
        var since: Timestamp
        var first: Int64
        var last: Int64
    }

    /// Metrics come in steps: between two exports nothing is known, and a window that moves on would saw between the
    /// full rate and 0. The rate at the last export is kept until the next one is due.
    private struct HeldRate: Sendable {
        var second: Int64
        var until: Timestamp
        var stable: TokenCounts?
        var burst: TokenCounts?
    }

    package init(model: Int) { self.model = model }

    package var total: TokenCounts {
        TokenCounts(
            input: Swift.max(self.events.input, self.metrics.input),
            output: Swift.max(self.events.output, self.metrics.output),
            cacheRead: Swift.max(self.events.cacheRead, self.metrics.cacheRead),
            cacheCreation: Swift.max(self.events.cacheCreation, self.metrics.cacheCreation)
        )
    }

    /// |events - metrics| where both sources spoke.
    package var driftTokens: Int64 {
        guard self.events.total > 0, self.metrics.total > 0 else { return 0 }
        return TokenType.allCases.reduce(0) { $0.addingClamped(abs(self.events[$1] - self.metrics[$1])) }
    }

    /// Counts one request.
    ///
    /// - Parameter second: When it ended.
    /// - Returns: By how much the total grew.
    package mutating func recordEvent(_ tokens: TokenCounts, second: Int64) -> TokenCounts {
        let before = self.total
        self.events += tokens
        let after = self.total
        for type in TokenType.allCases {
            let count = Swift.min(tokens[type], after[type] - self.placed[type])
            guard count > 0 else { continue }
            self.window.add(count, of: type, at: second)
            self.placed[type] += count
        }
        return after.subtracting(before)
    }

    /// Counts the increment of a metric.
    ///
    /// - Parameters:
    ///   - seconds: The interval it was used in.
    ///   - hasEvents: The session sends events: they place the tokens more exactly, so metrics wait for them.
    ///   - nextExport: Until when the rate at the end of the interval is the best that is known.
    /// - Returns: By how much the total grew.
    package mutating func recordMetric(
        _ count: Int64,
        of type: TokenType,
        seconds: ClosedRange<Int64>,
        hasEvents: Bool,
        arrival: Timestamp,
        nextExport: Timestamp
    ) -> Int64 {
        let before = Swift.max(self.events[type], self.metrics[type])
        self.metrics[type] = self.metrics[type].addingClamped(count)
        let after = Swift.max(self.events[type], self.metrics[type])
        if hasEvents {
            if after > self.placed[type] {
                self.pending = Pending(since: arrival, first: seconds.lowerBound, last: seconds.upperBound)
            }
        } else {
            let unplaced = Swift.min(count, after - self.placed[type])
            if unplaced > 0 { self.place(unplaced, of: type, over: seconds) }
            let newest = Swift.max(self.held?.second ?? .min, seconds.upperBound)
            self.held = HeldRate(second: newest, until: nextExport)
        }
        return after - before
    }

    /// Places what only metrics know, once the events have had their time.
    package mutating func settle(now: Timestamp, settleSeconds: Double) {
        guard let pending, now.seconds(since: pending.since) >= settleSeconds else { return }
        self.pending = nil
        let total = self.total
        for type in TokenType.allCases where total[type] > self.placed[type] {
            self.place(total[type] - self.placed[type], of: type, over: pending.first...pending.last)
        }
    }

    /// Tokens of the last 60 s and of the last 15 s at `now`, per type.
    package mutating func sums(now: Timestamp) -> (stable: TokenCounts, burst: TokenCounts) {
        let second = now.second
        if var held, now < held.until, held.second <= second {
            let stable =
                held.stable ?? self.window.sums(seconds: TokenWindow.stableSeconds, endingAt: held.second)
            let burst = held.burst ?? self.window.sums(seconds: TokenWindow.burstSeconds, endingAt: held.second)
            held.stable = stable
            held.burst = burst
            self.held = held
            return (stable, burst)
        }
        self.held = nil
        if self.window.isQuiet(at: second) { return (.zero, .zero) }
        return (
            self.window.sums(seconds: TokenWindow.stableSeconds, endingAt: second),
            self.window.sums(seconds: TokenWindow.burstSeconds, endingAt: second)
        )
    }

    /// Counts tokens that were used before the window.
    private mutating func place(_ count: Int64, of type: TokenType, over seconds: ClosedRange<Int64>) {
        self.window.spread(count, of: type, from: seconds.lowerBound, through: seconds.upperBound)
        self.placed[type] += count
    }
}

extension ModelUsage {
    /// What the state file keeps.
    package struct State: Equatable, Sendable {
        package var events: TokenCounts
        package var metrics: TokenCounts
        package var placed: TokenCounts
        package var newestSecond: Int64
        package var buckets: [UInt32]
    }

    package var state: State {
        let window = self.window.state
        return State(
            events: self.events,
            metrics: self.metrics,
            placed: self.placed,
            newestSecond: window.newest,
            buckets: window.buckets
        )
    }

    /// Restores ``state``; `nil` if it does not fit this version.
    package init?(model: Int, state: State) {
        guard let window = TokenWindow(newest: state.newestSecond, buckets: state.buckets) else { return nil }
        self.init(model: model)
        self.events = state.events
        self.metrics = state.metrics
        self.placed = state.placed
        self.window = window
    }
}

extension TokenCounts {
    /// Per type; the caller knows that nothing falls below zero.
    package func subtracting(_ other: TokenCounts) -> TokenCounts {
        TokenCounts(
            input: self.input - other.input,
            output: self.output - other.output,
            cacheRead: self.cacheRead - other.cacheRead,
            cacheCreation: self.cacheCreation - other.cacheCreation
        )
    }

    /// Per type, for windows of another length.
    package func multiplied(by factor: Int64) -> TokenCounts {
        func product(_ value: Int64) -> Int64 {
            let (result, overflow) = value.multipliedReportingOverflow(by: factor)
            return overflow ? .max : result
        }
        return TokenCounts(
            input: product(self.input),
            output: product(self.output),
            cacheRead: product(self.cacheRead),
            cacheCreation: product(self.cacheCreation)
        )
    }
}
