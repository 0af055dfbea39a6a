/// Weights and thresholds of the loop detector. An operator rarely changes them; where each number comes from is
/// written beside it and in the documentation's "Detection" page.
package struct DetectionConfiguration: Sendable, Equatable {
    /// Evidence in nats at which a session is reported for detail views, warned about, called critical and cleared.
    package var infoScore: Float = 5
    package var warningScore: Float = 8
    package var criticalScore: Float = 12
    package var clearScore: Float = 2
    /// Evidence stops here, so that recovery is seen after a bounded number of good rounds.
    package var scoreLimit: Float = 16
    /// A warning that stays open for so many rounds becomes critical.
    package var escalationRounds: UInt32 = 100

    /// How long an event that overtook an earlier one is held back.
    package var holdSeconds: Double = 10
    /// A call that sleeps or runs for at least so long waits for something outside.
    package var waitSleepSeconds: Int64 = 5
    package var waitDurationMilliseconds: Int64 = 10_000
    /// A command that runs longer did work: fuzzing and tests print the same line every time.
    package var quickMilliseconds: Int32 = 1000
    /// A context that is full again after so few rounds is being thrashed.
    package var compactionRounds: UInt32 = 8
    /// A request that starts so long after the previous event was woken from outside.
    package var wakeSeconds: Float = 20
    package var wakeFactor: Float = 0.25
    /// A repetition after a pause of so many seconds a round, and what it still counts.
    package var paceSeconds: Float = 15
    package var pacedFactor: Float = 0.6
    /// A repetition whose outcome was seen before, but not last time.
    package var olderOutcomeFactor: Float = 0.5
    /// Share of a repetition's weight that counts however much was learnt since the action was last taken.
    /// A failure keeps more: it is no part of a procedure.
    package var learnedFloor: Float = 0.1
    package var learnedFloorOfFailures: Float = 0.45
    /// By how much the share of rounds that taught something lessens it: half of them are as good as all.
    package var learnedSlope: Float = 2
    /// What a tool of somebody else's (MCP) means is not known: a nearly same result, or without details a call of the
    /// same size, counts so much. Filling in forms and pressing buttons looks like that.
    package var foreignFactor: Float = 0.4
    /// Without details an action is only a tool and a size. Where sizes are equal by chance (longer results, commands
    /// that ran longer than ``quickMilliseconds`` or printed nothing) a repetition counts so much.
    package var collidingResultBytes: Int32 = 4096
    package var collisionFactor: Float = 0.07
    /// The same for a tool whose different calls returned results of one size.
    package var blurredFactor: Float = 0.3
    /// Results of up to so many bytes that are alike for other arguments found nothing.
    package var tinyResultBytes: Int32 = 512

    /// Cost-weighted tokens burnt in stale rounds.
    package var burnWarningTokens: Float = 1_200_000
    package var burnCriticalTokens: Float = 3_000_000
    /// Rounds and cost-weighted tokens without an edit, a commit or a prompt; a finished subagent halves them.
    package var stagnationRounds: Float = 300
    package var stagnationTokens: Float = 5_000_000
    /// Failures of one exact command with edits between, in points: each one like the one before counts
    /// ``verificationSame`` when the outcome is exactly the same, else ``verificationChanged``.
    package var verificationWarning: Float = 8
    package var verificationCritical: Float = 14
    package var verificationSame: Float = 0.75
    package var verificationChanged: Float = 0.25
    /// A failure of the same program with other arguments; twice when it waited for it.
    package var verificationRelated: Float = 0.25
    /// Successful edits of one file in a row since the last prompt or commit (real maximum 24).
    package var churnEdits: UInt16 = 40

    /// The turn-level accumulator of a workload, in nats: what it takes, and what a turn counts that ended badly
    /// (``turnBad``), was abandoned with a prompt as long as one before (``turnAlike``), took as many rounds or failed
    /// at the same (``turnRepeated``), began with the same calls (``turnTwin``), or ended well (``turnGood``).
    package var turnWarning: Float = 4.5
    package var turnCritical: Float = 7
    package var turnRepeated: Float = 1.2
    package var turnBad: Float = 0.5
    package var turnAlike: Float = 0.8
    package var turnTwin: Float = 2.1
    package var turnGood: Float = -2
    /// Metrics alone: the evidence of an export interval exactly like the one before, and what it takes
    /// (``MetricsEvidence``).
    package var metricsSteady: Float = 0.95
    package var metricsWarning: Float = 3
    package var metricsWarningTokens: Float = 125_000
    /// Intervals in a row that undo what they add (at most 3 in real healthy sessions, 5 in written ones).
    package var metricsUndoneIntervals: UInt32 = 8
    /// The model is asked and nothing is heard for so long: ordinary retries end after 179 s, a long answer takes ten
    /// minutes, and no real healthy session of 173 was silent for 15 min after a tool's result.
    package var silenceSeconds: Double = 900
    /// Failures of the provider count as one incident within this time.
    package var incidentSeconds: Double = 900

    private static let tableWeights = EvidenceRow.all.map(\.weight)
    private var weights = Self.tableWeights

    package subscript(kind: EvidenceKind) -> EvidenceWeight {
        get { self.weights[Int(kind.rawValue)] }
        set { self.weights[Int(kind.rawValue)] = newValue }
    }

    package init() {}

    /// Every kind weighs what the table says.
    package mutating func resetWeights() { self.weights = Self.tableWeights }
}
