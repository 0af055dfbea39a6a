/// Limits and rhythms of the watches.
package struct WatchSettings: Sendable {
    /// Objects asked for in one page of a list.
    package var pageSize = 250
    /// The API server ends a watch after this time; each watch takes between one and two of them.
    package var watchTimeoutSeconds = 240
    package var backoffMinimum = Duration.milliseconds(250)
    package var backoffMaximum = Duration.seconds(30)
    /// Largest object in a watch.
    package var objectByteLimit = 4 << 20
    /// How long changes are gathered before a new directory is published.
    package var publishInterval = Duration.milliseconds(200)
    /// A directory whose watches have been broken for longer says that it is not synced.
    package var brokenBudget = Duration.seconds(30)

    package init() {}
}
