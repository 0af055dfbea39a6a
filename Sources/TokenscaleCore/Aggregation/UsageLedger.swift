/// What events and what metrics say of the same usage, and the one total that follows (ADR 0010).
///
/// Each source alone is a lower bound of the truth: an aborted request is in the metrics only, a killed process loses
/// the tail of either. Where both speak, the total is, per type, the greater of the two, at once; it only ever grows.
///
/// **Taking turns.** A source may fall silent for long while the other goes on (logs that stop after a resume, metrics
/// that stop in mid session), and come back. One maximum over everything would then drop tokens: events of the first
/// and third hour and metrics of the second are three hours, not two. So time is cut into *stretches*, and the total is
/// the sum of their maxima. A stretch ends where one source has spoken alone for `switchSeconds`: at the last second
/// that the other spoke of. What the lone one has said of later seconds (``alone``) opens the next stretch.
///
/// **Coming late.** What a source says of an ended stretch fills what it had missed there (``missed``), which was
/// counted from the other source; only what is left is new. Where the order of arrival leaves open what belongs to
/// which stretch, it stays in the older one: the total may then be too small by a part of an interval, never too large.
///
/// All seconds are the sender's, whenever its words arrive. One word counts once: resends are found before.
package struct UsageLedger: Equatable, Sendable {
    /// Everything each source ever said.
    package private(set) var events = TokenCounts()
    package private(set) var metrics = TokenCounts()
    /// The sum over ended stretches, and their last second.
    private var ended = TokenCounts()
    private var endedThrough: Int64 = .min
    /// How much of ``ended`` each source has not said.
    private var missed = Sources()
    /// What each source said in the stretch that goes on.
    private var stretch = Sources()
    /// The part of ``stretch`` that one source said after the other had spoken last.
    private var alone = Sources()
    /// The newest second each source spoke of in the stretch that goes on; `.min`: it did not.
    private var lastEvent: Int64 = .min
    private var lastMetric: Int64 = .min

    private struct Sources: Equatable, Sendable {
        var events = TokenCounts()
        var metrics = TokenCounts()
    }

    package init() {}

    package var total: TokenCounts { self.ended + self.stretch.events.maximum(self.stretch.metrics) }

    /// ``total`` of one type. Inlined: a call from a mutating method would copy all of `self` first.
    @inline(__always)
    func total(of type: TokenType) -> Int64 {
        self.ended[type].addingClamped(Swift.max(self.stretch.events[type], self.stretch.metrics[type]))
    }

    /// Takes in one request that ended in `second`.
    package mutating func recordEvent(_ tokens: TokenCounts, second: Int64, switchSeconds: Int64) {
        self.events += tokens
        let tokens = second <= self.endedThrough ? self.missed.events.absorb(tokens) : tokens
        self.stretch.events += tokens
        if second > self.lastEvent { self.alone.metrics = .zero }
        self.lastEvent = Swift.max(self.lastEvent, second)
        if self.lastMetric != .min, second > self.lastMetric {
            self.alone.events += tokens
            if second - self.lastMetric >= switchSeconds {
                self.endStretch(at: self.lastMetric, carrying: Sources(events: self.alone.events))
                self.lastMetric = .min
            }
        }
        assert(self.isConsistent, "after an event of \(tokens) in second \(second): \(self)")
    }

    /// Takes in an increment of a metric that was used in `seconds`.
    package mutating func recordMetric(
        _ count: Int64,
        of type: TokenType,
        seconds: ClosedRange<Int64>,
        switchSeconds: Int64
    ) {
        var tokens = TokenCounts()
        tokens[type] = count
        self.metrics += tokens
        if seconds.lowerBound <= Self.slackAdded(self.endedThrough) { tokens = self.missed.metrics.absorb(tokens) }
        self.stretch.metrics += tokens
        if seconds.upperBound >= self.lastEvent {
            self.alone.events = .zero
        } else {
            // It comes late: later events are here already and stay.
            self.alone.events[type] -= Swift.min(self.alone.events[type], count)
        }
        self.lastMetric = Swift.max(self.lastMetric, seconds.upperBound)
        if self.lastEvent != .min, seconds.lowerBound > Self.slackAdded(self.lastEvent) {
            self.alone.metrics += tokens
            if seconds.upperBound - self.lastEvent >= switchSeconds {
                self.endStretch(at: self.lastEvent, carrying: Sources(metrics: self.alone.metrics))
                self.lastEvent = .min
            }
        }
        assert(self.isConsistent, "after \(count) \(type) tokens in seconds \(seconds): \(self)")
    }

    /// Ends the stretch; what one source said since `second` opens the next.
    private mutating func endStretch(at second: Int64, carrying rest: Sources) {
        let events = self.stretch.events.subtracting(rest.events)
        let metrics = self.stretch.metrics.subtracting(rest.metrics)
        let greater = events.maximum(metrics)
        self.ended += greater
        self.missed.events += greater.subtracting(events)
        self.missed.metrics += greater.subtracting(metrics)
        self.stretch = rest
        self.alone = Sources()
        self.endedThrough = second
    }

    /// One second more: an event and its measurement are up to 0.1 s apart.
    private static func slackAdded(_ second: Int64) -> Int64 { second == .min ? .min : second + 1 }
}

extension UsageLedger {
    /// |events - metrics| where both sources spoke, without what one said after the other had spoken last: events are
    /// always ahead by up to one export of the metrics. A source that stays silent shows after `switchSeconds`.
    package var driftTokens: Int64 {
        guard self.events.total > 0, self.metrics.total > 0 else { return 0 }
        return TokenType.allCases.reduce(0) { sum, type in
            let events = self.events[type] - self.alone.events[type]
            return sum.addingClamped(abs(events - (self.metrics[type] - self.alone.metrics[type])))
        }
    }

    /// What must hold after every word, for each type:
    /// - Each source's words are in an ended stretch or in the one that goes on, and what ended stretches hold beyond
    ///   is what it missed: `ended + stretch.x == x + missed.x` for both sources. It follows that the total is neither
    ///   less than what one source said nor more than what both said together.
    /// - What a source said alone is a part of what it said in this stretch, and only one of them is alone.
    ///
    /// Absurd counts, which saturate, are let be.
    private var isConsistent: Bool {
        guard self.events.total < .max / 4, self.metrics.total < .max / 4 else { return true }
        return self.ended + self.stretch.events == self.events + self.missed.events
            && self.ended + self.stretch.metrics == self.metrics + self.missed.metrics
            && self.missed.events.isAtLeast(.zero) && self.missed.metrics.isAtLeast(.zero)
            && self.alone.events.isAtLeast(.zero) && self.stretch.events.isAtLeast(self.alone.events)
            && self.alone.metrics.isAtLeast(.zero) && self.stretch.metrics.isAtLeast(self.alone.metrics)
            && (self.alone.events == .zero || self.alone.metrics == .zero)
    }
}

extension UsageLedger {
    func encode(to writer: inout StateWriter) {
        for tokens in [
            self.events, self.metrics, self.ended, self.stretch.events, self.stretch.metrics, self.alone.events,
            self.alone.metrics, self.missed.events, self.missed.metrics,
        ] { writer.write(tokens) }
        for second in [self.endedThrough, self.lastEvent, self.lastMetric] { writer.write(second) }
    }

    init(from reader: inout StateReader) throws(StateError) {
        self.events = try reader.tokens()
        self.metrics = try reader.tokens()
        self.ended = try reader.tokens()
        self.stretch = Sources(events: try reader.tokens(), metrics: try reader.tokens())
        self.alone = Sources(events: try reader.tokens(), metrics: try reader.tokens())
        self.missed = Sources(events: try reader.tokens(), metrics: try reader.tokens())
        self.endedThrough = try reader.signed()
        self.lastEvent = try reader.signed()
        self.lastMetric = try reader.signed()
        guard self.isConsistent else { throw .damaged }
    }
}

extension TokenCounts {
    /// Per type the greater.
    func maximum(_ other: TokenCounts) -> TokenCounts {
        TokenCounts(
            input: Swift.max(self.input, other.input),
            output: Swift.max(self.output, other.output),
            cacheRead: Swift.max(self.cacheRead, other.cacheRead),
            cacheCreation: Swift.max(self.cacheCreation, other.cacheCreation)
        )
    }

    /// For every type.
    func isAtLeast(_ other: TokenCounts) -> Bool {
        self.input >= other.input && self.output >= other.output && self.cacheRead >= other.cacheRead
            && self.cacheCreation >= other.cacheCreation
    }

    /// Per type; the caller knows that nothing falls below zero.
    package func subtracting(_ other: TokenCounts) -> TokenCounts {
        TokenCounts(
            input: self.input - other.input,
            output: self.output - other.output,
            cacheRead: self.cacheRead - other.cacheRead,
            cacheCreation: self.cacheCreation - other.cacheCreation
        )
    }

    /// Fills `self`, a gap, from `tokens`.
    ///
    /// - Returns: What is left of `tokens`.
    fileprivate mutating func absorb(_ tokens: TokenCounts) -> TokenCounts {
        var rest = tokens
        for type in TokenType.allCases {
            let part = Swift.min(self[type], tokens[type])
            self[type] -= part
            rest[type] -= part
        }
        return rest
    }

    /// Per type, for windows of another length.
    package func multiplied(by factor: Int64) -> TokenCounts {
        TokenCounts(
            input: self.input.multipliedClamped(by: factor),
            output: self.output.multipliedClamped(by: factor),
            cacheRead: self.cacheRead.multipliedClamped(by: factor),
            cacheCreation: self.cacheCreation.multipliedClamped(by: factor)
        )
    }
}
