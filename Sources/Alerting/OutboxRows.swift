import FoundationEssentials
import GRDB
import TokenscaleCore

/// Deliveries that wait, by receiver.
package struct OutboxDepths: Equatable, Sendable {
    package struct Receiver: Equatable, Sendable {
        package var depth = 0
        package var oldestAgeSeconds: Double = 0
        package var parkedCount = 0
    }

    package var receivers: [String: Receiver] = [:]
    package var byteCount: Int64 = 0
}

/// Statements of the outbox.
enum OutboxRows {
    static func encode(_ value: some Encodable, _ encoder: JSONEncoder) throws -> String {
        String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    static func decode<Value: Decodable>(_ type: Value.Type, _ body: String, table: String) throws -> Value {
        do {
            return try JSONDecoder().decode(type, from: Data(body.utf8))
        } catch {
            throw AlertingError.unreadableRow(table: table)
        }
    }

    static func insert(
        _ transition: AlertTransition,
        receivers: [String],
        _ encoder: JSONEncoder,
        _ database: Database
    ) throws {
        let (id, alert, kind) = (transition.id, transition.alert.id, transition.kind.rawValue)
        let time = transition.time.nanoseconds
        try database.cachedStatement(
            sql: #"INSERT OR IGNORE INTO "transition" (id, alert, kind, time, body) VALUES (?, ?, ?, ?, ?)"#
        ).execute(arguments: [id, alert, kind, time, try self.encode(transition, encoder)])
        guard database.changesCount == 1 else { return }
        let sequence = database.lastInsertedRowID
        // A repetition that still waits says nothing that this does not say better.
        try database.cachedStatement(
            sql: """
                UPDATE delivery SET state = 'superseded', finished = ?
                WHERE alert = ? AND state = 'pending' AND kind = 'repeated'
                """
        ).execute(arguments: [time, alert])
        for receiver in receivers {
            try database.cachedStatement(
                sql: """
                    INSERT INTO delivery (receiver, sequence, alert, kind, time, state)
                    VALUES (?, ?, ?, ?, ?, 'pending')
                    """
            ).execute(arguments: [receiver, sequence, alert, kind, time])
        }
    }

    static func upsert(_ alert: Alert, _ encoder: JSONEncoder, _ database: Database) throws {
        try database.cachedStatement(
            sql: """
                INSERT INTO alert (id, phase, body) VALUES (?, ?, ?)
                ON CONFLICT (id) DO UPDATE SET phase = excluded.phase, body = excluded.body
                """
        ).execute(arguments: [alert.id, alert.phase.rawValue, try self.encode(alert, encoder)])
    }

    /// Keeps the newest `limit` transitions: what is finished goes first, then the oldest.
    static func enforceLimit(_ limit: Int, _ database: Database) throws -> Int {
        let count = try Int.fetchOne(database, sql: #"SELECT count(*) FROM "transition""#) ?? 0
        guard count > limit else { return 0 }
        try database.execute(
            sql: """
                DELETE FROM "transition" WHERE sequence IN (
                    SELECT t.sequence FROM "transition" t WHERE NOT EXISTS (
                        SELECT 1 FROM delivery d WHERE d.sequence = t.sequence AND d.state = 'pending'
                    ) ORDER BY t.sequence LIMIT ?
                )
                """,
            arguments: [count - limit]
        )
        let rest = count - database.changesCount - limit
        guard rest > 0 else { return 0 }
        let oldest = #"SELECT sequence FROM "transition" ORDER BY sequence LIMIT ?"#
        let dropped = try Int.fetchOne(
            database,
            sql: "SELECT count(*) FROM delivery WHERE state = 'pending' AND sequence IN (\(oldest))",
            arguments: [rest]
        )
        try database.execute(sql: #"DELETE FROM "transition" WHERE sequence IN (\#(oldest))"#, arguments: [rest])
        return dropped ?? 0
    }

    static func prune(
        now: Timestamp,
        retained: Timestamp,
        expired: Timestamp,
        _ database: Database
    ) throws -> [String: Int] {
        let rows = try Row.fetchAll(
            database,
            sql: """
                UPDATE delivery SET state = 'parked', finished = ?, problem = 'not accepted in time: ' || problem
                WHERE state = 'pending' AND time < ? RETURNING receiver
                """,
            arguments: [now.nanoseconds, expired.nanoseconds]
        )
        var parked: [String: Int] = [:]
        for row in rows { parked[row[0] as String, default: 0] += 1 }
        try database.execute(
            sql: """
                DELETE FROM "transition" WHERE time < ? AND NOT EXISTS (
                    SELECT 1 FROM delivery d WHERE d.sequence = "transition".sequence
                    AND (d.state = 'pending' OR d.finished >= ?)
                )
                """,
            arguments: [retained.nanoseconds, retained.nanoseconds]
        )
        try database.execute(sql: "DELETE FROM silence WHERE ends < ?", arguments: [retained.nanoseconds])
        return parked
    }
}
