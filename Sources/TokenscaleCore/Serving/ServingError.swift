/// Why no value can be served. ``message`` reaches users word for word through the condition of the HPA, so it says
/// what was asked, what is known and what to do.
package enum ServingError: Error, Equatable, Sendable {
    case unknownMetric(name: String, resource: String)
    /// A key or value of the metric selector that the metric does not have.
    case badSelector(String)
    case notFound(String)
    /// The value exists but is not known now: the HPA holds.
    case notKnown(String)

    package var message: String {
        switch self {
        case .unknownMetric(let name, let resource):
            let names = ServedMetric.allCases.map(\.name).joined(separator: ", ")
            return "the server could not find the metric \(name) for \(resource); it serves \(names)"
        case .badSelector(let message), .notFound(let message), .notKnown(let message): return message
        }
    }

    /// Whether asking again later, unchanged, may succeed.
    package var isRetryable: Bool {
        switch self {
        case .notKnown: true
        case .unknownMetric, .badSelector, .notFound: false
        }
    }
}

/// Why a pod is not among the answers.
package enum LeftOutReason: Error, Hashable, Sendable {
    case unknown(PodState.UnknownReason)
    /// Runs, but never sent telemetry.
    case noTelemetry
    /// Runs, and has not had the time to report since the collector started.
    case notYetHeard
    case noQueueDepth
    case staleQueueDepth(ageSeconds: Int)
    /// Known from telemetry, but the API server says that it is gone, pending, or on its way out.
    case notLive

    /// A short word for a label or JSON.
    package var name: String {
        switch self {
        case .unknown(let reason): reason.rawValue
        case .noTelemetry: "no_telemetry"
        case .notYetHeard: "not_yet_heard"
        case .noQueueDepth: "no_queue_depth"
        case .staleQueueDepth: "stale_queue_depth"
        case .notLive: "not_live"
        }
    }

    /// For people.
    package var text: String {
        switch self {
        case .unknown(.sessionSilent): "a session has an open turn and fell silent"
        case .unknown(.windowNotCovered): "its window is not covered since the collector started"
        case .noTelemetry: "no telemetry from it"
        case .notYetHeard: "not heard of since the collector started"
        case .noQueueDepth: "it reports no queue depth"
        case .staleQueueDepth(let age): "its queue depth is \(age) s old"
        case .notLive: "the API server does not list it as running"
        }
    }
}

/// One answer.
package struct ServedValue: Equatable, Sendable {
    package var quantity: Quantity
    /// The rate's window; `nil` for a value of one moment.
    package var windowSeconds: Int?
    /// What the value describes: the snapshot's time for rates, the measurement's for queues.
    package var timestamp: Timestamp

    package init(quantity: Quantity, windowSeconds: Int? = nil, timestamp: Timestamp) {
        self.quantity = quantity
        self.windowSeconds = windowSeconds
        self.timestamp = timestamp
    }
}

package struct PodValue: Equatable, Sendable {
    package var pod: PodID
    package var value: ServedValue

    package init(pod: PodID, value: ServedValue) {
        self.pod = pod
        self.value = value
    }
}

/// One item of an external metric.
package struct ExternalValue: Equatable, Sendable {
    package var labels: [String: String]
    package var value: ServedValue

    package init(labels: [String: String], value: ServedValue) {
        self.labels = labels
        self.value = value
    }
}
