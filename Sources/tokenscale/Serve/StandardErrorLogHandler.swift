import Logging
import TokenscaleCore

/// Log lines on standard error: `time level message key=value…` for people, or one JSON object for machines.
struct StandardErrorLogHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level
    var metadataProvider: Logger.MetadataProvider?
    let format: Configuration.LogFormat
    /// Replaced by tests.
    var write: @Sendable (String) -> Void = { StandardStreams.writeError($0) }
    var now: @Sendable () -> Timestamp = { WallClock.now() }

    init(level: Logger.Level, format: Configuration.LogFormat) {
        self.logLevel = level
        self.format = format
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { self.metadata[key] }
        set { self.metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var fields = self.metadata
        fields.merge(self.metadataProvider?.get() ?? [:]) { _, new in new }
        fields.merge(event.metadata ?? [:]) { _, new in new }
        if let error = event.error { fields["error"] = "\(error)" }
        let pairs = fields.map { (key: $0.key, value: "\($0.value)") }.sorted { $0.key < $1.key }
        let time = UTCTime(self.now()).rfc3339
        switch self.format {
        case .text:
            let tail = pairs.map { " \($0.key)=\(Self.plain($0.value))" }.joined()
            self.write("\(time) \(event.level) \(Self.plainLine("\(event.message)"))\(tail)")
        case .json:
            let head = [("time", time), ("level", "\(event.level)"), ("message", "\(event.message)")]
            let members = (head + pairs.map { ($0.key, $0.value) }).map { key, value in
                "\(key.jsonQuoted):\(value.jsonQuoted)"
            }
            self.write("{\(members.joined(separator: ","))}")
        }
    }

    /// A value without white space stands as it is; others in quotes, so that a line stays one line.
    private static func plain(_ text: String) -> String {
        let isPlain = !text.isEmpty && text.allSatisfy { !$0.isWhitespace && $0 != "\"" && $0 != "=" }
        return isPlain ? text : text.jsonQuoted
    }

    private static func plainLine(_ text: String) -> String {
        text.contains { $0.isNewline } ? text.jsonQuoted : text
    }
}

/// Lets a repeating line through at most once per interval, and says how many were left out.
struct LogThrottle: Sendable {
    let intervalSeconds: Double
    private var last: Timestamp?
    private var suppressedCount = 0

    init(intervalSeconds: Double = 60) { self.intervalSeconds = intervalSeconds }

    /// The number of lines left out since the last one, or `nil` if this one is to be left out too.
    mutating func pass(now: Timestamp) -> Int? {
        if let last = self.last, now.seconds(since: last) < self.intervalSeconds {
            self.suppressedCount += 1
            return nil
        }
        defer { self.suppressedCount = 0 }
        self.last = now
        return self.suppressedCount
    }
}
