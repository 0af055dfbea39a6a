/// When alerts begin, end, repeat and join. Every duration is in seconds.
package struct AlertPolicy: Equatable, Sendable {
    /// Evidence must hold for this long before a session's alert fires. 0: at once, for the detector has already
    /// accumulated evidence over many rounds.
    package var firingDelaySeconds: Double = 0
    /// How long a firing alert's subject must be without evidence before it is resolved.
    package var clearSeconds: Double = 30
    /// How long a subject may be missing before its alert is resolved as ended: slow loops pause for ten minutes.
    package var absentSeconds: Double = 900
    /// After a restart an alert that was loaded is not resolved for lack of evidence before this has passed.
    package var restartGraceSeconds: Double = 300
    /// A firing alert is told again after this.
    package var repeatSeconds: Double = 14_400

    /// So many stuck sessions of one pod or workload are told as one alert.
    package var groupMinimum: Int = 3
    /// A new group waits this long for more members before it is told.
    package var groupWaitSeconds: Double = 5
    /// A group that has doubled is told again, at most this often.
    package var groupIntervalSeconds: Double = 300
    /// The worst sessions that a group's text names.
    package var exampleCount: Int = 3

    /// Alerts kept at the same time, pending and firing; what is beyond is counted and not told.
    package var alertLimit: Int = 10_000
    /// How often the stored evidence of firing alerts is brought up to date.
    package var refreshSeconds: Double = 60
    /// Put on every alert, for example `cluster`.
    package var externalLabels: [String: String] = [:]

    package init() {}
}
