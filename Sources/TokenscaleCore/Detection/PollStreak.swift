/// One thing that is waited for and does not change, whatever is looked at meanwhile.
///
/// A sum of its own beside the session's, because searching in between clears that one; it falls when the outcome
/// changes, files are changed, work is committed, or a person asks for something else.
struct PollStreak {
    private var action: UInt32 = 0
    private(set) var score: Float = 0
    /// The looks that found nothing changed.
    var tally = Tally()

    mutating func clear() {
        self.score = 0
        self.tally = Tally()
    }

    mutating func take(_ call: Observation, _ kind: EvidenceKind, _ evidence: Float) {
        if kind == .waitSameOutcome {
            if call.actionMark != self.action { self.clear() }
            self.action = call.actionMark
            self.score += evidence
            self.tally.add(call.tool, at: call.time)
        } else if call.actionMark == self.action {
            self.clear()
        }
    }
}
