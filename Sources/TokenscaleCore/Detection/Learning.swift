/// The detector's clock: the rounds that passed, and how much they taught.
///
/// A repetition is stale when little was learnt since the action was last taken: that is the one measure behind most of
/// the evidence.
struct Learning {
    /// A moment on this clock, kept beside what happened then.
    struct Mark {
        var round: UInt32 = 0
        var taught: Float = 0
    }

    /// Rounds so far.
    private(set) var round: UInt32 = 0
    private var taught: Float = 0

    mutating func passRound() { self.round &+= 1 }

    mutating func add(_ learning: Float) { self.taught += learning }

    /// - Parameter learning: What is learnt at this very moment: it does not count as learnt since.
    func mark(with learning: Float = 0) -> Mark { Mark(round: self.round, taught: self.taught + learning) }

    func rounds(since mark: Mark) -> UInt32 { self.round &- mark.round }

    /// What a round since `mark` taught on average; `nil` when no round lies between. From 0 to 1, or a little more
    /// where the mark's own round taught more than is in the mark.
    func perRound(since mark: Mark) -> Float? {
        let between = Float(self.rounds(since: mark)) - 1
        return between > 0 ? max(0, self.taught - mark.taught) / between : nil
    }

    /// How much of a repetition's weight counts: little when much was learnt since the action was last taken. What
    /// fails again is no procedure: it keeps more of its weight.
    func staleness(
        since mark: Mark,
        isFailure: Bool,
        _ configuration: borrowing DetectionConfiguration
    ) -> Float {
        guard let learnt = self.perRound(since: mark) else { return 1 }
        if isFailure { return max(configuration.learnedFloorOfFailures, 1 - learnt) }
        return max(configuration.learnedFloor, 1 - configuration.learnedSlope * learnt)
    }
}
