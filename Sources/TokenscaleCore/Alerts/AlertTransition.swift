/// Why an alert is over.
package enum AlertResolution: String, Codable, Sendable {
    /// The evidence went away: progress was seen.
    case recovered
    /// The session ended or fell silent while it was stuck.
    case ended
}

/// A change that receivers are told of. Stored before it is sent; its ``id`` is the same on every attempt.
package struct AlertTransition: Equatable, Codable, Sendable {
    package enum Kind: String, CaseIterable, Codable, Sendable {
        case fired
        /// `warning` became `critical`.
        case escalated
        /// The group has at least doubled since it was last told.
        case grew
        /// Still firing after the repeat interval.
        case repeated
        case resolved
    }

    package let kind: Kind
    /// The alert as it was when this happened.
    package let alert: Alert
    /// The severity that was told before, if any.
    package let previousSeverity: AlertSeverity?
    /// Only of `resolved`.
    package let resolution: AlertResolution?
    package let time: Timestamp

    package init(
        kind: Kind,
        alert: Alert,
        previousSeverity: AlertSeverity?,
        resolution: AlertResolution?,
        time: Timestamp
    ) {
        self.kind = kind
        self.alert = alert
        self.previousSeverity = previousSeverity
        self.resolution = resolution
        self.time = time
    }

    /// Alert, moment of firing in milliseconds (hexadecimal), number within the episode: unique and reproducible.
    ///
    /// A receiver that keeps the ids it has seen tells each transition once, whatever happened on the way.
    package var id: String {
        let since = (self.alert.firingSince ?? self.time).milliseconds
        return "\(self.alert.id)-\(String(since, radix: 16))-\(self.alert.transitionCount)"
    }

    package var isResolved: Bool { self.kind == .resolved }
}

extension Timestamp: Codable {
    package init(from decoder: any Decoder) throws {
        self.init(nanoseconds: try decoder.singleValueContainer().decode(Int64.self))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(self.nanoseconds)
    }
}
