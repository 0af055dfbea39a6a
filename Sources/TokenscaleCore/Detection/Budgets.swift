/// What bounds a loop that no symbol shows: rounds and tokens that went by without anything achieved.
///
/// Tokens are weighted by their cost, as tokens of input (``TokenCounts/weighted``). The shares that come back (a half
/// for a good round, three quarters for an edit) were chosen, not fitted.
struct Budgets {
    /// Tokens of rounds that repeated something.
    private(set) var burntTokens: Float = 0
    /// Rounds and tokens without an edit, a commit or a prompt; a finished subagent halves them.
    private(set) var stagnantRounds: Float = 0
    private(set) var stagnantTokens: Float = 0
    /// The same rounds one by one.
    var stagnation = Tally()

    /// - Parameter subagentCount: Rounds of subagents that work at the same time share one round's time.
    mutating func spend(_ round: Round, evidence: Float, subagentCount: UInt8, at time: Timestamp) {
        self.stagnation.add(at: time)
        self.stagnantRounds += 1 / max(1, Float(subagentCount))
        self.stagnantTokens += round.weightedTokens
        if evidence > 0 {
            self.burntTokens += round.weightedTokens * (round.kind == .waitSameOutcome ? 0.5 : 1)
        } else if evidence < 0 {
            self.burntTokens = max(0, self.burntTokens - 0.5 * round.weightedTokens)
        }
    }

    /// A file was changed in a new way.
    mutating func edited() {
        self.beginTurn()
        self.burntTokens *= 0.25
    }

    /// Work was committed, or somebody asked for something else.
    mutating func clear() { self = Budgets() }

    mutating func beginTurn() {
        self.stagnantRounds = 0
        self.stagnantTokens = 0
        self.stagnation = Tally()
    }

    mutating func subagentFinished() {
        self.stagnantRounds *= 0.5
        self.stagnantTokens *= 0.5
    }
}
