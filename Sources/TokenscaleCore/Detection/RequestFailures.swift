/// Requests to the model that fail for good: a sum of its own, because the agent cannot help it.
struct RequestFailures {
    private(set) var evidence = EvidenceSum()
    private var status: Int16 = 0
    /// Whose requests failed: those of another agent succeed meanwhile.
    private var isSubagent = false

    /// What the failure is taken for. Remember it with ``add(_:round:_:)``.
    mutating func take(_ error: Observation) -> Judgement {
        let isAgain = self.evidence.score > 0 && self.status == error.statusCode
        self.status = error.statusCode
        self.isSubagent = error.querySource == .subagent
        return Judgement(isAgain ? .apiErrorAgain : .apiErrorFirst)
    }

    mutating func add(_ evidence: Float, round: UInt32, _ configuration: borrowing DetectionConfiguration) {
        self.evidence.add(evidence, round: round, mayBeCritical: true, configuration)
    }

    /// Does a request that succeeds speak against them?
    func areRelieved(by request: Observation) -> Bool {
        self.evidence.score > 0 && self.isSubagent == (request.querySource == .subagent)
    }
}
