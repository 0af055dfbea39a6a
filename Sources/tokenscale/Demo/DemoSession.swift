import TokenscaleCore

/// A session that plays a recording: which events are due, under which identities. A value; time is an argument.
struct DemoSession: Sendable {
    /// An event at its moment, with the identities of this session.
    struct Occurrence: Sendable {
        var event: DemoRecording.Event
        var time: Timestamp
        /// `event.sequence`
        var sequence: Int64
        /// Distinct for every model request of the session.
        var requestNumber: Int
    }

    let recording: DemoRecording
    let id: String
    let start: Timestamp
    /// 2: half as fast as recorded.
    let stretch: Double
    /// A stuck session never ends: its rounds go on in the same session.
    let isEndless: Bool

    private var index = 0
    private var round = 0
    private var sequence: Int64 = 0
    /// Tokens by model so far: input, output, cache read, cache creation.
    private(set) var totals: [String: [Int64]] = [:]
    private(set) var firstRequestTime: Timestamp?

    init(recording: DemoRecording, id: String, start: Timestamp, stretch: Double, isEndless: Bool) {
        self.recording = recording
        self.id = id
        self.start = start
        self.stretch = stretch
        self.isEndless = isEndless
    }

    var hasEnded: Bool { self.index >= self.recording.events.count }

    /// The events whose moment has come, in order; each once.
    mutating func due(now: Timestamp) -> [Occurrence] {
        var occurrences: [Occurrence] = []
        while self.index < self.recording.events.count {
            let event = self.recording.events[self.index]
            let milliseconds = event.milliseconds + self.round * (self.recording.milliseconds + 1_000)
            let time = self.start.advanced(bySeconds: Double(milliseconds) / 1_000 * self.stretch)
            guard time <= now else { break }
            occurrences.append(self.occurrence(event, time: time))
            self.index += 1
            guard self.isEndless, self.index == self.recording.events.count else { continue }
            // Round again behind the prompt: nobody asked a second time.
            self.round += 1
            self.index = self.recording.events.firstIndex { $0.request > 0 } ?? 0
        }
        return occurrences
    }

    private mutating func occurrence(_ event: DemoRecording.Event, time: Timestamp) -> Occurrence {
        if case .request(let request) = event.content {
            let sum = self.totals[request.model] ?? [0, 0, 0, 0]
            self.totals[request.model] = zip(sum, request.tokens).map { $0 + $1 }
            if self.firstRequestTime == nil { self.firstRequestTime = time }
        }
        defer { self.sequence += 1 }
        return Occurrence(
            event: event,
            time: time,
            sequence: self.sequence,
            requestNumber: event.request + self.round * 1_000
        )
    }
}
