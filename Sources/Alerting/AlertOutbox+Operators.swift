import FoundationEssentials
import GRDB
package import TokenscaleCore

/// A delivery that waits or has failed for good, for people.
package struct DeliveryListing: Equatable, Codable, Sendable {
    package var receiver: String
    package var transitionID: String
    package var alertID: String
    package var kind: String
    package var state: String
    package var time: Timestamp
    package var attemptCount: Int
    package var nextAttempt: Timestamp?
    package var problem: String
}

/// What `tokenscale alerts` and `tokenscale silence` do, in a process of their own beside the collector.
extension AlertOutbox {
    /// Silences that are not over, by id.
    package func silences(at now: Timestamp) async throws(AlertingError) -> [AlertSilence] {
        try await self.read { database in
            let rows = try String.fetchAll(
                database,
                sql: "SELECT body FROM silence WHERE ends > ? ORDER BY id",
                arguments: [now.nanoseconds]
            )
            return try rows.map { try OutboxRows.decode(AlertSilence.self, $0, table: "silence") }
        }
    }

    /// Stores a silence; the collector obeys it from its next tick on.
    package func add(_ silence: AlertSilence, at now: Timestamp) async throws(AlertingError) {
        let limit = self.silenceLimit
        _ = try await self.write { database in
            let count = try Int.fetchOne(
                database,
                sql: "SELECT count(*) FROM silence WHERE ends > ?",
                arguments: [now.nanoseconds]
            )
            guard (count ?? 0) < limit else { throw AlertingError.tooManySilences(limit: limit) }
            try database.execute(
                sql: "INSERT OR REPLACE INTO silence (id, ends, body) VALUES (?, ?, ?)",
                arguments: [silence.id, silence.endsAt.nanoseconds, try OutboxRows.encode(silence, JSONEncoder())]
            )
            return true
        }
    }

    /// Ends a silence. Returns false when there is none with this id.
    package func removeSilence(id: String) async throws(AlertingError) -> Bool {
        try await self.write { database in
            try database.execute(sql: "DELETE FROM silence WHERE id = ?", arguments: [id])
            return database.changesCount == 1
        }
    }

    /// Deliveries that are not done, oldest first.
    package func openDeliveries(limit: Int) async throws(AlertingError) -> [DeliveryListing] {
        try await self.read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT d.receiver, t.id, d.alert, d.kind, d.state, d.time, d.attempts, d.next_attempt, d.problem
                    FROM delivery d JOIN "transition" t USING (sequence)
                    WHERE d.state IN ('pending', 'parked') ORDER BY sequence, receiver LIMIT ?
                    """,
                arguments: [limit]
            ).map { row in
                let state: String = row[4]
                return DeliveryListing(
                    receiver: row[0],
                    transitionID: row[1],
                    alertID: row[2],
                    kind: row[3],
                    state: state,
                    time: Timestamp(nanoseconds: row[5]),
                    attemptCount: row[6],
                    nextAttempt: state == "pending" ? Timestamp(nanoseconds: row[7]) : nil,
                    problem: row[8]
                )
            }
        }
    }

    /// The ids of all stored transitions, in order: for tests and for people.
    package func transitionIDs() async throws(AlertingError) -> [String] {
        try await self.read { database in
            try String.fetchAll(database, sql: #"SELECT id FROM "transition" ORDER BY sequence"#)
        }
    }
}
