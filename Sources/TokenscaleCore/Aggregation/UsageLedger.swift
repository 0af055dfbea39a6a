/// What events and what metrics say of the same usage, and the one total that follows.
///
/// Each source alone is a lower bound of the truth: an aborted request is in the metrics only, a killed process loses
/// the tail of either. Where both speak, the total is, per type, the greater of the two; it only ever grows, and no
/// resend or change of source counts a token twice.
///
/// A source may fall silent for long while the other goes on (logs that stop after a resume, metrics that stop in mid
/// session), and come back. One maximum over everything would then drop tokens: events of the first and third hour
/// and metrics of the second are three hours, not two. So a *stretch* ends where one source has spoken alone for
/// `switchSeconds`; the total is the sum of the stretches' maxima. What a source says late about an ended stretch first
/// fills what it had missed there.
package struct UsageLedger: Equatable, Sendable {
    /// Everything each source ever said.
    package private(set) var events = TokenCounts()
    package private(set) var metrics = TokenCounts()
    /// The sum over ended stretches.
    private var ended = TokenCounts()
    /// The stretch that goes on.
    private var open = Sources()
    /// The part of ``open`` that one source said after the other had spoken last.
    private var tail = Sources()
    /// What a source missed in ended stretches.
    private var missed = Sources()
    /// The last second of the ended stretches.
    private var boundary: Int64 = .min
    /// The newest second each source spoke of within the open stretch; `.min`: it did not.
    private var lastEvent: Int64 = .min
    private var lastMetric: Int64 = .min

    private struct Sources: Equatable, Sendable {
        var events = TokenCounts()
        var metrics = TokenCounts()
    }

    package init() {}

    package var total: TokenCounts { self.ended + self.open.events.maximum(self.open.metrics) }

    /// ``total`` of one type. Inlined: a call from a mutating method would copy all of `self` first.
    @inline(__always)
    func total(of type: TokenType) -> Int64 {
        self.ended[type].addingClamped(Swift.max(self.open.events[type], self.open.metrics[type]))
    }

    /// |events - metrics| where both sources spoke, without what one said after the other had spoken last: events are
    /// always ahead by up to one export of the metrics. A source that stays silent shows after `switchSeconds`.
    package var driftTokens: Int64 {
        guard self.events.total > 0, self.metrics.total > 0 else { return 0 }
        return TokenType.allCases.reduce(0) { sum, type in
            let events = self.events[type] - self.tail.events[type]
            return sum.addingClamped(abs(events - (self.metrics[type] - self.tail.metrics[type])))
        }
    }

    /// Takes in one request that ended in `second`.
    package mutating func recordEvent(_ tokens: TokenCounts, second: Int64, switchSeconds: Int64) {
        self.events += tokens
        var tokens = tokens
        if second <= self.boundary { tokens = self.missed.events.absorb(tokens) }
        self.open.events += tokens
        if second > self.lastEvent { self.tail.metrics = .zero }
        self.lastEvent = Swift.max(self.lastEvent, second)
        guard self.lastMetric != .min, second > self.lastMetric else { return }
        self.tail.events += tokens
        guard second - self.lastMetric >= switchSeconds else { return }
        self.endStretch(at: self.lastMetric, carrying: Sources(events: self.tail.events))
        self.lastMetric = .min
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
        // One second of slack: an event and its measurement are up to 0.1 s apart.
        if seconds.lowerBound <= Self.slackAdded(self.boundary) { tokens = self.missed.metrics.absorb(tokens) }
        self.open.metrics += tokens
        if seconds.upperBound >= self.lastEvent {
            self.tail.events = .zero
        } else {
            // It comes late: later events are here already and stay.
            self.tail.events[type] -= Swift.min(self.tail.events[type], count)
        }
        self.lastMetric = Swift.max(self.lastMetric, seconds.upperBound)
        guard self.lastEvent != .min, seconds.lowerBound > Self.slackAdded(self.lastEvent) else { return }
        self.tail.metrics += tokens
        guard seconds.upperBound - self.lastEvent >= switchSeconds else { return }
        self.endStretch(at: self.lastEvent, carrying: Sources(metrics: self.tail.metrics))
        self.lastEvent = .min
    }

    /// Ends the open stretch; what one source said since `second` opens the next.
    private mutating func endStretch(at second: Int64, carrying rest: Sources) {
        let events = self.open.events.subtracting(rest.events)
        let metrics = self.open.metrics.subtracting(rest.metrics)
        let greater = events.maximum(metrics)
        self.ended += greater
        self.missed.events += greater.subtracting(events)
        self.missed.metrics += greater.subtracting(metrics)
        self.open = rest
        self.tail = Sources()
        self.boundary = second
    }

    private static func slackAdded(_ second: Int64) -> Int64 { second == .min ? .min : second + 1 }
}

extension UsageLedger {
    func encode(to writer: inout StateWriter) {
        for tokens in [
            self.events, self.metrics, self.ended, self.open.events, self.open.metrics, self.tail.events,
            self.tail.metrics, self.missed.events, self.missed.metrics,
        ] { writer.write(tokens) }
        for second in [self.boundary, self.lastEvent, self.lastMetric] { writer.write(second) }
    }

    init(from reader: inout StateReader) throws(StateError) {
        self.events = try reader.tokens()
        self.metrics = try reader.tokens()
        self.ended = try reader.tokens()
        self.open = Sources(events: try reader.tokens(), metrics: try reader.tokens())
        self.tail = Sources(events: try reader.tokens(), metrics: try reader.tokens())
        self.missed = Sources(events: try reader.tokens(), metrics: try reader.tokens())
        self.boundary = try reader.signed()
        self.lastEvent = try reader.signed()
        self.lastMetric = try reader.signed()
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
