import GRDB

/// The tables, step by step. A step that has shipped is never changed: a new one is added.
enum OutboxSchema {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1 alerts, transitions, deliveries") { try $0.execute(sql: Self.version1) }
        migrator.registerMigration("2 silences") { try $0.execute(sql: Self.version2) }
        return migrator
    }

    /// Times are nanoseconds since the epoch. `body` is JSON.
    ///
    /// `alert` holds what fires or is pending; `transition` what was decided, in order; `delivery` one row for each
    /// receiver of a transition: pending, delivered, parked or superseded.
    private static let version1 = """
        CREATE TABLE alert (
            id TEXT PRIMARY KEY NOT NULL,
            phase TEXT NOT NULL,
            body TEXT NOT NULL
        ) WITHOUT ROWID;

        CREATE TABLE "transition" (
            sequence INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            alert TEXT NOT NULL,
            kind TEXT NOT NULL,
            time INTEGER NOT NULL,
            body TEXT NOT NULL
        );

        CREATE TABLE delivery (
            receiver TEXT NOT NULL,
            sequence INTEGER NOT NULL REFERENCES "transition" (sequence) ON DELETE CASCADE,
            alert TEXT NOT NULL,
            kind TEXT NOT NULL,
            time INTEGER NOT NULL,
            state TEXT NOT NULL,
            attempts INTEGER NOT NULL DEFAULT 0,
            next_attempt INTEGER NOT NULL DEFAULT 0,
            finished INTEGER,
            problem TEXT NOT NULL DEFAULT '',
            PRIMARY KEY (receiver, sequence)
        ) WITHOUT ROWID;

        CREATE INDEX delivery_by_transition ON delivery (sequence, state);
        CREATE INDEX delivery_by_state ON delivery (state, receiver, time);
        CREATE INDEX delivery_order ON delivery (receiver, alert, sequence) WHERE state = 'pending';
        """

    private static let version2 = """
        CREATE TABLE silence (
            id TEXT PRIMARY KEY NOT NULL,
            ends INTEGER NOT NULL,
            body TEXT NOT NULL
        ) WITHOUT ROWID;
        """
}
