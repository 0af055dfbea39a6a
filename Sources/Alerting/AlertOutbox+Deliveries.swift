import GRDB
package import TokenscaleCore

/// A transition on its way to one receiver.
package struct Delivery: Equatable, Sendable {
    package var sequence: Int64
    package var attemptCount: Int
    package var transition: AlertTransition
}

/// The sender's side.
extension AlertOutbox {
    /// True for a delivery `d` that no other pending one of its alert precedes.
    private static let isFirst = """
        NOT EXISTS (
            SELECT 1 FROM delivery e WHERE e.receiver = d.receiver AND e.alert = d.alert
            AND e.state = 'pending' AND e.sequence < d.sequence
        )
        """

    /// What is due for `receiver`, oldest first, at most one for each alert: the next transition of an alert waits
    /// until the one before it is finished.
    package func dueDeliveries(
        for receiver: String,
        at now: Timestamp,
        limit: Int
    ) async throws(AlertingError) -> [Delivery] {
        try await self.read { database in
            let rows = try Row.fetchAll(
                database.cachedStatement(
                    sql: """
                        SELECT d.sequence, d.attempts, t.body FROM delivery d JOIN "transition" t USING (sequence)
                        WHERE d.receiver = ? AND d.state = 'pending' AND d.next_attempt <= ? AND \(Self.isFirst)
                        ORDER BY d.sequence LIMIT ?
                        """
                ),
                arguments: [receiver, now.nanoseconds, limit]
            )
            return try rows.map { row in
                Delivery(
                    sequence: row[0],
                    attemptCount: row[1],
                    transition: try OutboxRows.decode(AlertTransition.self, row[2], table: "transition")
                )
            }
        }
    }

    /// When the next delivery for `receiver` becomes due; `nil` when none waits. What follows an undelivered transition
    /// of the same alert does not count: it becomes due no sooner than that one.
    package func nextAttempt(for receiver: String) async throws(AlertingError) -> Timestamp? {
        try await self.read { database in
            try Int64.fetchOne(
                database,
                sql: """
                    SELECT min(d.next_attempt) FROM delivery d
                    WHERE d.receiver = ? AND d.state = 'pending' AND \(Self.isFirst)
                    """,
                arguments: [receiver]
            ).map { Timestamp(nanoseconds: $0) }
        }
    }

    package enum DeliveryEnd: Equatable, Sendable {
        case delivered
        /// Failed for good; `problem` is shown to people.
        case parked(problem: String)
        case retry(at: Timestamp, problem: String)
    }

    /// Notes how attempts ended, in one transaction.
    package func finish(
        _ sequences: [Int64],
        for receiver: String,
        _ end: DeliveryEnd,
        at now: Timestamp
    ) async throws(AlertingError) {
        _ = try await self.write { database in
            for sequence in sequences {
                switch end {
                case .delivered:
                    try database.cachedStatement(
                        sql: """
                            UPDATE delivery SET state = 'delivered', attempts = attempts + 1, finished = ?, problem = ''
                            WHERE receiver = ? AND sequence = ?
                            """
                    ).execute(arguments: [now.nanoseconds, receiver, sequence])
                case .parked(let problem):
                    try database.cachedStatement(
                        sql: """
                            UPDATE delivery SET state = 'parked', attempts = attempts + 1, finished = ?, problem = ?
                            WHERE receiver = ? AND sequence = ?
                            """
                    ).execute(arguments: [now.nanoseconds, problem, receiver, sequence])
                case .retry(let next, let problem):
                    try database.cachedStatement(
                        sql: """
                            UPDATE delivery SET attempts = attempts + 1, next_attempt = ?, problem = ?
                            WHERE receiver = ? AND sequence = ? AND state = 'pending'
                            """
                    ).execute(arguments: [next.nanoseconds, problem, receiver, sequence])
                }
            }
            return true
        }
    }

    /// Parks what waits for receivers that are no longer configured. Returns how many, by receiver.
    package func parkUnknownReceivers(
        known: [String],
        at now: Timestamp
    ) async throws(AlertingError) -> [String: Int] {
        try await self.write { database in
            var parked: [String: Int] = [:]
            let waiting = try String.fetchAll(
                database,
                sql: "SELECT DISTINCT receiver FROM delivery WHERE state = 'pending'"
            )
            for receiver in waiting where !known.contains(receiver) {
                try database.execute(
                    sql: """
                        UPDATE delivery SET state = 'parked', finished = ?, problem = 'the receiver is not configured'
                        WHERE receiver = ? AND state = 'pending'
                        """,
                    arguments: [now.nanoseconds, receiver]
                )
                parked[receiver] = database.changesCount
            }
            return parked
        }
    }

    /// Lets parked deliveries be tried again, of one receiver or of all. Returns how many.
    package func retryParked(receiver: String?, at now: Timestamp) async throws(AlertingError) -> Int {
        try await self.write { database in
            // `time` moves on, so that the age limit begins anew.
            try database.execute(
                sql: """
                    UPDATE delivery SET state = 'pending', attempts = 0, next_attempt = 0, finished = NULL, time = ?
                    WHERE state = 'parked' AND (? IS NULL OR receiver = ?)
                    """,
                arguments: [now.nanoseconds, receiver, receiver]
            )
            return database.changesCount
        }
    }

    /// What Alertmanager must be told again and again: alerts that fire and were told, and ends of the last minutes.
    package func resends(
        for receiver: String,
        endedAfter: Timestamp
    ) async throws(AlertingError) -> (firing: [Alert], ended: [AlertTransition]) {
        try await self.read { database in
            let firing = try String.fetchAll(
                database,
                sql: """
                    SELECT body FROM alert WHERE phase = 'firing' AND EXISTS (
                        SELECT 1 FROM delivery d WHERE d.alert = alert.id AND d.receiver = ? AND d.state = 'delivered'
                    ) ORDER BY id
                    """,
                arguments: [receiver]
            )
            let ended = try String.fetchAll(
                database,
                sql: """
                    SELECT t.body FROM delivery d JOIN "transition" t USING (sequence)
                    WHERE d.receiver = ? AND d.state = 'delivered' AND d.kind = 'resolved' AND d.time >= ?
                    AND NOT EXISTS (SELECT 1 FROM alert a WHERE a.id = d.alert AND a.phase = 'firing')
                    ORDER BY sequence LIMIT 1000
                    """,
                arguments: [receiver, endedAfter.nanoseconds]
            )
            return (
                try firing.map { try OutboxRows.decode(Alert.self, $0, table: "alert") },
                try ended.map { try OutboxRows.decode(AlertTransition.self, $0, table: "transition") }
            )
        }
    }
}
