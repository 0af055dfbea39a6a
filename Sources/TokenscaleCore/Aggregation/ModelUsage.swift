/// One model in one session: its ledger, and the window its rate comes from (ADR 0011).
///
/// The total is right at once; the rate follows. Every token of the total is *placed* once: into the second it was
/// used in, or nowhere when that second has left the window or is not known. An event's tokens are placed as it
/// arrives. What only metrics know is placed over their interval: at once in a session that sends no events, else when
/// the events have had their time to tell the seconds. Placed tokens are never more than the total, so no source places
/// what the other has placed; tokens that a take-over brings to light (``UsageLedger``) are old and placed nowhere.
package struct ModelUsage: Sendable {
    /// Index of the model's name in its shard.
    package let model: Int
    package private(set) var ledger = UsageLedger()
    /// Tokens that have their place. From 0 to ``total``, per type.
    package private(set) var placed = TokenCounts()
    package private(set) var window = TokenWindow()
    /// There are tokens that only metrics know and that wait for events.
    private var pending: Pending?
    private var held: HeldRate?

    private struct Pending: Sendable {
        /// Arrival of the first of them.
        var since: Timestamp
        /// The seconds they were used in.
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

    package var total: TokenCounts { self.ledger.total }

    /// Counts one request.
    ///
    /// - Parameters:
    ///   - second: When it ended.
    ///   - ledgerSecond: The same in the ledger's times.
    /// - Returns: By how much the total grew.
    package mutating func recordEvent(
        _ tokens: TokenCounts,
        second: Int64,
        ledgerSecond: Int64,
        switchSeconds: Int64
    ) -> TokenCounts {
        let before = self.total
        self.ledger.recordEvent(tokens, second: ledgerSecond, switchSeconds: switchSeconds)
        let after = self.total
        let growth = after.subtracting(before)
        for index in TokenType.allCases.indices {
            let type = TokenType.allCases[index]
            self.skip(growth[type] - tokens[type], of: type)
            let count = Swift.min(tokens[type], after[type] - self.placed[type])
            guard count > 0 else { continue }
            self.window.add(count, of: type, at: second)
            self.placed[type] += count
        }
        assert(self.isPlacedWithin(after), "placed \(self.placed) of \(after)")
        return growth
    }

    /// Counts the increment of a metric.
    ///
    /// - Parameters:
    ///   - seconds: The interval it was used in.
    ///   - ledgerSeconds: The same in the ledger's times.
    ///   - hasEvents: The session sends events: they place the tokens more exactly, so metrics wait for them.
    ///   - nextExport: Until when the rate at the end of the interval is the best that is known.
    /// - Returns: By how much the total grew.
    package mutating func recordMetric(
        _ count: Int64,
        of type: TokenType,
        seconds: ClosedRange<Int64>,
        ledgerSeconds: ClosedRange<Int64>,
        hasEvents: Bool,
        arrival: Timestamp,
        nextExport: Timestamp,
        switchSeconds: Int64
    ) -> Int64 {
        let before = self.ledger.total(of: type)
        self.ledger.recordMetric(count, of: type, seconds: ledgerSeconds, switchSeconds: switchSeconds)
        let after = self.ledger.total(of: type)
        self.skip(after - before - count, of: type)
        if hasEvents {
            if after > self.placed[type] { self.hold(seconds, since: arrival) }
        } else {
            let unplaced = Swift.min(count, after - self.placed[type])
            if unplaced > 0 { self.place(unplaced, of: type, over: seconds) }
            let newest = Swift.max(self.held?.second ?? .min, seconds.upperBound)
            self.held = HeldRate(second: newest, until: nextExport)
        }
        assert(self.isPlacedWithin(self.total), "placed \(self.placed) of \(self.total)")
        return after - before
    }

    /// Places what only metrics know, once the events have had their time.
    package mutating func settle(now: Timestamp, settleSeconds: Double) {
        // Before `since`: our clock was set back.
        guard let pending, now < pending.since || now.seconds(since: pending.since) >= settleSeconds else { return }
        self.pending = nil
        let total = self.total
        for type in TokenType.allCases where total[type] > self.placed[type] {
            self.place(total[type] - self.placed[type], of: type, over: pending.first...pending.last)
        }
        assert(self.isPlacedWithin(total), "placed \(self.placed) of \(total)")
    }

    /// Tokens of the last 60 s and of the last 15 s at `now`, per type.
    package mutating func sums(now: Timestamp) -> (stable: TokenCounts, burst: TokenCounts) {
        let second = now.second
        if self.window.isAhead(of: second) {
            self.window = TokenWindow()
            self.held = nil
        }
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

    /// Lets tokens of `seconds` wait, with those that wait already: the longest wait counts, or metrics that come more
    /// often than the events have time would wait for ever.
    private mutating func hold(_ seconds: ClosedRange<Int64>, since arrival: Timestamp) {
        var pending = self.pending ?? Pending(since: arrival, first: seconds.lowerBound, last: seconds.upperBound)
        pending.first = Swift.min(pending.first, seconds.lowerBound)
        pending.last = Swift.max(pending.last, seconds.upperBound)
        self.pending = pending
    }

    private func isPlacedWithin(_ total: TokenCounts) -> Bool {
        self.placed.isAtLeast(.zero) && total.isAtLeast(self.placed)
    }

    /// Tokens that a change of source brought to light were used long ago: no part of any rate.
    private mutating func skip(_ count: Int64, of type: TokenType) {
        if count > 0 { self.placed[type] += count }
    }

    private mutating func place(_ count: Int64, of type: TokenType, over seconds: ClosedRange<Int64>) {
        self.window.spread(count, of: type, from: seconds.lowerBound, through: seconds.upperBound)
        self.placed[type] += count
    }
}

extension ModelUsage {
    func encode(to writer: inout StateWriter) {
        self.ledger.encode(to: &writer)
        writer.write(self.placed)
        let window = self.window.state
        writer.write(window.newest)
        // Most seconds hold no tokens: only the others are written, each with its place.
        writer.write(window.buckets.count { $0 > 0 })
        for index in window.buckets.indices where window.buckets[index] > 0 {
            writer.write(index)
            writer.write(UInt64(window.buckets[index]))
        }
    }

    init(model: Int, from reader: inout StateReader) throws(StateError) {
        self.init(model: model)
        self.ledger = try UsageLedger(from: &reader)
        self.placed = try reader.tokens()
        guard self.isPlacedWithin(self.total) else { throw .damaged }
        let newest = try reader.signed()
        var buckets = self.window.state.buckets
        for _ in 0..<(try reader.count()) {
            let index = try reader.signed()
            guard buckets.indices.contains(Int(index)) else { throw .damaged }
            buckets[Int(index)] = UInt32(clamping: try reader.unsigned())
        }
        guard let window = TokenWindow(newest: newest, buckets: buckets) else { throw .damaged }
        self.window = window
    }
}
