/// Why an operation of alerting failed. No case carries a URL, a secret or the content of an alert.
package enum AlertingError: Error, Equatable, Sendable {
    /// The directory or file cannot be opened or created; `code` is SQLite's extended result code.
    case outboxUnavailable(path: String, code: Int32, message: String)
    /// A newer version of tokenscale has written the file.
    case outboxTooNew(path: String)
    /// The disk is full, or a quota is reached.
    case diskFull
    /// The file, or its file system, is read-only.
    case readOnly
    /// Another process held the file for longer than we wait.
    case busy
    case corrupt
    case storage(code: Int32, message: String)
    /// A stored row does not decode.
    case unreadableRow(table: String)
    case tooManySilences(limit: Int)

    /// Whether trying again later may help without anybody changing the file.
    package var isRetryable: Bool {
        switch self {
        case .outboxUnavailable, .diskFull, .readOnly, .busy, .storage: true
        case .outboxTooNew, .corrupt, .unreadableRow, .tooManySilences: false
        }
    }
}

extension AlertingError: CustomStringConvertible {
    /// What happened and what to try.
    package var description: String {
        switch self {
        case .outboxUnavailable(let path, let code, let message):
            "the outbox \(path) cannot be opened (SQLite \(code): \(message)); check that the directory exists and is "
                + "writable"
        case .outboxTooNew(let path):
            "the outbox \(path) was written by a newer tokenscale; run that version, or move the file away (alerts "
                + "that were not sent stay in it)"
        case .diskFull: "the disk of the outbox is full; free space: alerts are delayed until then"
        case .readOnly: "the outbox is read-only; make its volume writable: alerts are delayed until then"
        case .busy: "another process holds the outbox; only one collector may use a data directory"
        case .corrupt: "the outbox is damaged; stop the collector, move the file away and start again"
        case .storage(let code, let message): "the outbox failed (SQLite \(code): \(message))"
        case .unreadableRow(let table): "a row of the outbox' table \(table) does not decode"
        case .tooManySilences(let limit): "there are already \(limit) silences; remove some"
        }
    }
}
