import FoundationEssentials
import GRDB
package import TokenscaleCore

/// The file that transitions survive in, from the decision until every receiver has accepted them.
///
/// One SQLite database in WAL mode with `synchronous=FULL`: what a call has stored survives `kill -9` and power loss.
/// The evaluator appends, the sender's lanes take and finish deliveries, the command line reads and adds silences from
/// another process. All work happens on GRDB's own queue, never on the cooperative pool, and is not cut short by
/// cancellation: a delivery that was accepted is noted even while the process shuts down.
package final class AlertOutbox: Sendable {
    package let path: String
    private let limits: OutboxLimits
    private let connection: OutboxConnection

    /// - Parameter path: The database file; made at the first use. Its directory must exist.
    package init(path: String, limits: OutboxLimits = OutboxLimits()) {
        self.path = path
        self.limits = limits
        self.connection = OutboxConnection(path: path)
    }

    /// Opens the file and brings its schema up to date, if that has not happened yet.
    package func open() async throws(AlertingError) {
        _ = try await self.write { _ in true }
    }

    // MARK: - The evaluator's side

    /// Stores transitions, the deliveries they ask for, and the changed alerts, all or nothing.
    ///
    /// A transition that is already there is left alone, so that appending again after an unclear failure is harmless.
    ///
    /// - Parameters:
    ///   - replacesAlerts: `changed` are all alerts there are: others that are stored are over.
    ///   - receivers: The names of the receivers of a transition.
    /// - Returns: The number of deliveries given up because of the row limit.
    package func append(
        _ transitions: [AlertTransition],
        changed: [Alert] = [],
        removedIDs: [String] = [],
        replacesAlerts: Bool = false,
        receivers: @escaping @Sendable (AlertTransition) -> [String]
    ) async throws(AlertingError) -> Int {
        let limit = self.limits.rowLimit
        return try await self.write { database in
            let encoder = JSONEncoder()
            for transition in transitions {
                try OutboxRows.insert(transition, receivers: receivers(transition), encoder, database)
            }
            if replacesAlerts { try database.execute(sql: "DELETE FROM alert") }
            for id in removedIDs {
                try database.cachedStatement(sql: "DELETE FROM alert WHERE id = ?").execute(arguments: [id])
            }
            for alert in changed { try OutboxRows.upsert(alert, encoder, database) }
            return transitions.isEmpty ? 0 : try OutboxRows.enforceLimit(limit, database)
        }
    }

    /// The alerts as they were last stored: what fires, what is pending.
    package func alerts() async throws(AlertingError) -> [Alert] {
        try await self.read { database in
            let rows = try String.fetchAll(database, sql: "SELECT body FROM alert ORDER BY id")
            return try rows.map { try OutboxRows.decode(Alert.self, $0, table: "alert") }
        }
    }

    /// Forgets what was finished long ago, and silences that are over. Deliveries that are too old are parked.
    ///
    /// - Returns: How many deliveries were parked, by receiver.
    package func prune(at now: Timestamp, ageLimitSeconds: Double) async throws(AlertingError) -> [String: Int] {
        let retained = now.advanced(bySeconds: -self.limits.retentionSeconds)
        let expired = now.advanced(bySeconds: -ageLimitSeconds)
        return try await self.write { database in
            try OutboxRows.prune(now: now, retained: retained, expired: expired, database)
        }
    }

    /// Deliveries that wait and that are parked, by receiver, and the file's size.
    package func depths(at now: Timestamp) async throws(AlertingError) -> OutboxDepths {
        try await self.read { database in
            var depths = OutboxDepths()
            let rows = try Row.fetchAll(
                database,
                sql: """
                    SELECT receiver, state, count(*), min(time) FROM delivery
                    WHERE state IN ('pending', 'parked') GROUP BY receiver, state
                    """
            )
            for row in rows {
                let receiver: String = row[0]
                let count: Int = row[2]
                if row[1] == "parked" {
                    depths.receivers[receiver, default: .init()].parkedCount = count
                } else {
                    let oldest = Timestamp(nanoseconds: row[3])
                    depths.receivers[receiver, default: .init()].depth = count
                    depths.receivers[receiver, default: .init()].oldestAgeSeconds = max(0, now.seconds(since: oldest))
                }
            }
            let pageCount = try Int64.fetchOne(database, sql: "PRAGMA page_count") ?? 0
            let pageByteCount = try Int64.fetchOne(database, sql: "PRAGMA page_size") ?? 0
            depths.byteCount = pageCount * pageByteCount
            return depths
        }
    }

    /// Writes a page that nobody reads: throws what a real write would throw.
    package func probe(at now: Timestamp) async throws(AlertingError) {
        let value = Int32(truncatingIfNeeded: now.second)
        _ = try await self.write { database in
            try database.execute(sql: "PRAGMA user_version = \(value)")
            return true
        }
    }

    // MARK: - Access

    func write<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(AlertingError) -> Value {
        try await self.connection.run { queue, completion in
            queue.asyncWrite(body) { _, result in completion(result) }
        }
    }

    func read<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(AlertingError) -> Value {
        try await self.connection.run { queue, completion in
            queue.asyncRead { database in
                completion(Result { try body(database.get()) })
            }
        }
    }

    var silenceLimit: Int { self.limits.silenceLimit }
}
