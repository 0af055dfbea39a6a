/// The values of cumulative series whose sessions were forgotten. A process that was cut off from the collector for
/// longer than a session lives goes on counting from where it was: without its old value everything would be counted
/// a second time.
///
/// Two generations of a dictionary, so that its size is bounded and an insertion costs O(1). Not in the state file:
/// after a restart nothing is forgotten before every sender had the time to report.
struct RetiredStreams: Sendable {
    private var current: [Hash128: Double] = [:]
    private var previous: [Hash128: Double] = [:]
    private let countMax: Int

    /// - Parameter countMax: Series per generation; when reached, the older generation is dropped.
    init(countMax: Int) {
        precondition(countMax > 0, "a limit of \(countMax) series remembers nothing")
        self.countMax = countMax
    }

    var count: Int { self.current.count + self.previous.count }

    mutating func insert(_ value: Double, for key: Hash128) {
        if self.current.count >= self.countMax {
            self.previous = self.current
            self.current = [:]
        }
        self.current[key] = value
    }

    /// Takes a series out, which lives again.
    mutating func take(_ key: Hash128) -> Double? {
        if self.current.isEmpty, self.previous.isEmpty { return nil }
        let older = self.previous.removeValue(forKey: key)
        return self.current.removeValue(forKey: key) ?? older
    }
}
