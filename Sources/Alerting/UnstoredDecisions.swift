import TokenscaleCore

/// What was decided and could not be stored yet: nothing for the length of a tick, everything since a disk filled up.
///
/// The state machine goes on from what it decided; starting again from what is stored would forget an alert that began
/// and ended in between. So every transition is kept, up to a limit. Of the alerts, the last step's changes are kept;
/// once a step's could not be stored, all alerts as they are now take the place of all that is stored, however many
/// came and went meanwhile.
struct UnstoredDecisions: Sendable {
    /// To be told, in order.
    private(set) var transitions: [AlertTransition] = []
    /// To be stored, by subject: the alerts that changed, or all.
    private(set) var alerts: [Alert] = []
    /// Alerts that are over. Empty when ``alerts`` are all.
    private(set) var removedIDs: [String] = []
    /// No other alert than ``alerts`` may stay in the outbox.
    private(set) var replacesAlerts = false
    private let transitionLimit: Int

    /// - Parameter transitionLimit: Of more, the oldest are dropped, as the outbox itself does.
    init(transitionLimit: Int) {
        self.transitionLimit = transitionLimit
    }

    var isEmpty: Bool {
        self.transitions.isEmpty && self.alerts.isEmpty && self.removedIDs.isEmpty && !self.replacesAlerts
    }

    /// Takes what the last step of `machine` decided.
    ///
    /// - Returns: How many transitions had to be dropped.
    mutating func add(_ transitions: [AlertTransition], of machine: AlertStateMachine) -> Int {
        if !self.isEmpty { self.replacesAlerts = true }
        self.alerts =
            self.replacesAlerts ? machine.alerts.values.sorted { $0.subject < $1.subject } : machine.changedAlerts
        self.removedIDs = self.replacesAlerts ? [] : machine.changes.removedIDs
        self.transitions += transitions
        let excess = Swift.max(0, self.transitions.count - self.transitionLimit)
        self.transitions.removeFirst(excess)
        return excess
    }

    mutating func removeAll() { self = UnstoredDecisions(transitionLimit: self.transitionLimit) }
}
