/// Why an alert fires, in numbers: what text is made of and what is stored. Holds no text of a sender but names.
package struct AlertEvidence: Equatable, Codable, Sendable {
    /// One of the worst sessions of a group.
    package struct Example: Equatable, Codable, Sendable {
        package var pod: String
        package var session: String
        package var pattern: String
        package var tokens: Int64
        package var costMicroUSD: Int64
        package var repeatCount: Int
    }

    /// A ``LoopPattern/name``.
    package var pattern: String
    package var isPossible: Bool
    package var score: Double
    package var threshold: Double
    /// Nanoseconds since the epoch, as ``Timestamp`` counts them; `lastProgress` is `nil` when none was seen.
    package var onset: Int64
    package var lastEvidence: Int64
    package var lastProgress: Int64?
    /// Until when the counts run; `nil` in what an earlier version stored.
    package var lastActivity: Int64?
    package var roundCount: Int
    package var repeatCount: Int
    package var failureCount: Int
    package var editCount: Int
    package var commitCount: Int
    /// All types, since onset.
    package var tokens: Int64
    package var costMicroUSD: Int64
    package var requestsPerMinute: Double
    /// All types, now.
    package var tokensPerMinute: Int64
    /// A ``ToolKind/displayName``.
    package var tool: String
    /// 16 hexadecimal digits of the keyed hash of the arguments; empty when unknown.
    package var actionHash: String
    package var sessionCount: Int
    package var podCount: Int
    /// Worst first; empty for a session's own alert.
    package var examples: [Example] = []

    package init(_ finding: LoopFinding, tokensPerMinute: Int64) {
        self.pattern = finding.pattern.name
        self.isPossible = finding.isPossible
        self.score = finding.score.isFinite ? finding.score : 0
        self.threshold = finding.threshold.isFinite ? finding.threshold : 0
        self.onset = finding.onset.nanoseconds
        self.lastEvidence = finding.lastEvidence.nanoseconds
        self.lastProgress = finding.lastProgress?.nanoseconds
        self.lastActivity = finding.lastActivity.nanoseconds
        self.roundCount = finding.roundCount
        self.repeatCount = finding.repeatCount
        self.failureCount = finding.failureCount
        self.editCount = finding.editCount
        self.commitCount = finding.commitCount
        self.tokens = finding.tokens.total
        self.costMicroUSD = finding.costMicroUSD
        self.requestsPerMinute = finding.requestsPerMinute.isFinite ? finding.requestsPerMinute : 0
        self.tokensPerMinute = tokensPerMinute
        self.tool = finding.tool.displayName
        self.actionHash = finding.fingerprint == 0 ? "" : AlertLabel.hexadecimal(finding.fingerprint)
        self.sessionCount = finding.sessionCount
        self.podCount = 1
    }

    /// The evidence of a group: sums, the earliest onset, and what the worst member says of the loop itself.
    ///
    /// - Parameter members: Not empty; worst first.
    init(members: [Alert], exampleCount: Int) {
        precondition(!members.isEmpty, "a group without members has no evidence")
        self = members[0].evidence
        self.onset = members.reduce(Int64.max) { min($0, $1.evidence.onset) }
        self.lastEvidence = members.reduce(Int64.min) { max($0, $1.evidence.lastEvidence) }
        self.lastProgress = members.compactMap(\.evidence.lastProgress).max()
        self.lastActivity = members.compactMap(\.evidence.lastActivity).max()
        // What only some have in common is not said of all.
        if members.contains(where: { $0.evidence.tool != self.tool }) { self.tool = "several tools" }
        if members.contains(where: { $0.evidence.actionHash != self.actionHash }) { self.actionHash = "" }
        for member in members.dropFirst() { self.add(member.evidence) }
        self.sessionCount = members.count
        self.podCount = Set(members.map(\.subject.pod)).count
        self.isPossible = members.allSatisfy(\.evidence.isPossible)
        self.pattern = Self.commonest(members.map(\.evidence.pattern))
        self.examples = members.prefix(exampleCount).map { member in
            Example(
                pod: member.subject.pod?.name ?? "",
                session: member.subject.session ?? "",
                pattern: member.evidence.pattern,
                tokens: member.evidence.tokens,
                costMicroUSD: member.evidence.costMicroUSD,
                repeatCount: member.evidence.repeatCount
            )
        }
    }

    /// Adds the counters of another session.
    private mutating func add(_ other: AlertEvidence) {
        self.roundCount &+= other.roundCount
        self.repeatCount &+= other.repeatCount
        self.failureCount &+= other.failureCount
        self.editCount &+= other.editCount
        self.commitCount &+= other.commitCount
        self.tokens = self.tokens.addingClamped(other.tokens)
        self.costMicroUSD = self.costMicroUSD.addingClamped(other.costMicroUSD)
        self.tokensPerMinute = self.tokensPerMinute.addingClamped(other.tokensPerMinute)
        self.requestsPerMinute += other.requestsPerMinute
    }

    /// The value that occurs most often; of equals the first in alphabetical order.
    private static func commonest(_ values: [String]) -> String {
        var counts: [String: Int] = [:]
        for value in values { counts[value, default: 0] += 1 }
        return counts.min { ($1.value, $0.key) < ($0.value, $1.key) }?.key ?? ""
    }

    /// Orders the members of a group, worst first: dearest, then most tokens; ties by subject, so that it is stable.
    static func isWorse(_ left: Alert, _ right: Alert) -> Bool {
        if left.evidence.costMicroUSD != right.evidence.costMicroUSD {
            return left.evidence.costMicroUSD > right.evidence.costMicroUSD
        }
        if left.evidence.tokens != right.evidence.tokens { return left.evidence.tokens > right.evidence.tokens }
        return left.subject < right.subject
    }
}
