import Dispatch
import GRDB
import Synchronization
import TokenscaleCore

/// Opens the database when it is first needed, and again after it could not be opened: a volume that comes late, or
/// is made writable, is taken into use without a restart.
final class OutboxConnection: Sendable {
    private let path: String
    private let queue = Mutex<DatabaseQueue?>(nil)
    /// Opening blocks; it has a thread of its own and happens once at a time.
    private let opener = DispatchQueue(label: "dev.tokenscale.outbox.open")

    init(path: String) { self.path = path }

    /// Runs one access on the database's queue.
    func run<Value: Sendable>(
        _ access:
            @escaping @Sendable (DatabaseQueue, @escaping @Sendable (Result<Value, any Error>) -> Void) -> Void
    ) async throws(AlertingError) -> Value {
        let result: Result<Value, AlertingError> = await withCheckedContinuation { continuation in
            let finish: @Sendable (Result<Value, any Error>) -> Void = { result in
                continuation.resume(returning: result.mapError { AlertingError($0, path: self.path) })
            }
            if let queue = self.queue.withLock({ $0 }) {
                access(queue, finish)
                return
            }
            self.opener.async {
                do {
                    access(try self.open(), finish)
                } catch {
                    finish(.failure(error))
                }
            }
        }
        return try result.get()
    }

    private func open() throws -> DatabaseQueue {
        if let queue = self.queue.withLock({ $0 }) { return queue }
        var configuration = Configuration()
        configuration.label = "dev.tokenscale.outbox"
        configuration.journalMode = .wal
        configuration.busyMode = .timeout(5)
        // GRDB sets NORMAL for WAL, which loses the last commits when the power fails.
        // <https://www.sqlite.org/pragma.html#pragma_synchronous>
        configuration.prepareDatabase { database in
            try database.execute(sql: "PRAGMA synchronous = FULL")
            try database.execute(sql: "PRAGMA foreign_keys = ON")
        }
        let queue: DatabaseQueue
        do {
            queue = try DatabaseQueue(path: self.path, configuration: configuration)
        } catch let error as DatabaseError where error.resultCode == .SQLITE_CANTOPEN {
            throw AlertingError.outboxUnavailable(
                path: self.path,
                code: error.extendedResultCode.rawValue,
                message: error.message ?? ""
            )
        }
        // GRDB switches to WAL after `prepareDatabase`, and so sets NORMAL after us: say it again.
        try queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
        let migrator = OutboxSchema.migrator
        if try queue.read(migrator.hasBeenSuperseded) { throw AlertingError.outboxTooNew(path: self.path) }
        try migrator.migrate(queue)
        self.queue.withLock { $0 = queue }
        return queue
    }
}

extension AlertingError {
    /// Sorts what GRDB throws by what an operator can do about it.
    init(_ error: any Error, path: String) {
        if let error = error as? AlertingError {
            self = error
            return
        }
        guard let error = error as? DatabaseError else {
            self = .storage(code: -1, message: "\(type(of: error))")
            return
        }
        switch error.resultCode {
        case .SQLITE_FULL: self = .diskFull
        case .SQLITE_READONLY: self = .readOnly
        case .SQLITE_BUSY, .SQLITE_LOCKED: self = .busy
        case .SQLITE_CORRUPT, .SQLITE_NOTADB: self = .corrupt
        case .SQLITE_CANTOPEN:
            self = .outboxUnavailable(
                path: path,
                code: error.extendedResultCode.rawValue,
                message: error.message ?? ""
            )
        default:
            // The message is SQLite's own text; it never holds bound values.
            self = .storage(code: error.extendedResultCode.rawValue, message: error.message ?? "")
        }
    }
}
