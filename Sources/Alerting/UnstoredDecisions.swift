import TokenscaleCore

/// What was decided and could not be stored yet: nothing for the length of a tick, everything since a disk filled up.
///
/// The state machine goes on from what it decided; starting again from what is stored would forget an alert that began
/// and ended in between.
struct UnstoredDecisions: Sendable {
    /// To be told, in order.
    private(set) var transitions: [AlertTransition] = []
    /// The newest value of each alert that changed, by its id.
    private var updated: [String: Alert] = [:]
    /// Alerts that are over.
    private(set) var removedIDs: [String] = []
    private let transitionLimit: Int

    /// - Parameter transitionLimit: Of more, the oldest are dropped, as the outbox itself does.
    init(transitionLimit: Int) {
        self.transitionLimit = transitionLimit
    }

    var isEmpty: Bool { self.transitions.isEmpty && self.updated.isEmpty && self.removedIDs.isEmpty }

    var changedAlerts: [Alert] { self.updated.values.sorted { $0.subject < $1.subject } }

    /// Takes what the last step of `machine` decided.
    ///
    /// - Returns: How many transitions had to be dropped.
    mutating func add(_ transitions: [AlertTransition], of machine: AlertStateMachine) -> Int {
        self.transitions += transitions
        for alert in machine.changedAlerts { self.updated[alert.id] = alert }
        for id in machine.changes.removedIDs { self.updated[id] = nil }
        self.removedIDs += machine.changes.removedIDs
        let excess = Swift.max(0, self.transitions.count - self.transitionLimit)
        self.transitions.removeFirst(excess)
        return excess
    }

    mutating func removeAll() { self = UnstoredDecisions(transitionLimit: self.transitionLimit) }
}
