import TokenscaleCore

/// What `/api/v1/snapshot` tells, as far as the terminal shows it.
struct TopSnapshot: Decodable, Equatable, Sendable {
    struct Counts: Decodable, Equatable, Sendable {
        var input: Int64 = 0
        var output: Int64 = 0
        var cacheRead: Int64 = 0
        var cacheCreation: Int64 = 0

        var scaling: Int64 { self.input.addingClamped(self.output).addingClamped(self.cacheCreation) }
        var total: Int64 { self.scaling.addingClamped(self.cacheRead) }
    }

    struct Pod: Decodable, Equatable, Sendable {
        var namespace: String
        var name: String
        var workload: String?
        var state: String
        var reason: String?
        /// `nil`: unknown, left out of answers.
        var servedTokensPerMinute: Double?
        var tokensPerMinute: Counts
        var stuckTokensPerMinute: Counts
        var activeSessions: Int
        var openTurns: Int
        var stuckSessions: Int
        var queueDepth: Double?
        var lastArrivalAgeSeconds: Double
    }

    struct Queue: Decodable, Equatable, Sendable {
        var namespace: String
        var queue: String
        var pod: String?
        var depth: Double
        var source: String
        var isStale: Bool
        var ageSeconds: Double
    }

    struct WorkloadFinding: Decodable, Equatable, Sendable {
        var namespace: String
        var workload: String
        var finding: TopFinding
    }

    var version: String
    var time: String
    var timeUnixSeconds: Double
    var ageSeconds: Double
    var startTime: String
    var pods: [Pod]
    var queues: [Queue]
    var workloadFindings: [WorkloadFinding]
}

struct TopFinding: Decodable, Equatable, Sendable {
    var severity: String
    var pattern: String
    var isPossible: Bool
    var onset: String
    var rounds: Int
    var repeats: Int
    var failures: Int
    var edits: Int
    var commits: Int
    var requestsPerMinute: Double
    var costUSD: Double
    var tool: String
    var tokens: TopSnapshot.Counts
}

/// What `/api/v1/sessions` tells.
struct TopSessions: Decodable, Equatable, Sendable {
    struct Session: Decodable, Equatable, Sendable {
        var namespace: String
        var pod: String
        var session: String
        var model: String?
        var isLive: Bool
        var hasOpenTurn: Bool
        var isStuck: Bool
        var tokensPerMinute: TopSnapshot.Counts
        var total: TopSnapshot.Counts
        var costUSD: Double
        var requests: Int64
        var lastActivityAgeSeconds: Double
        var finding: TopFinding?
    }

    var sessions: [Session]
}
