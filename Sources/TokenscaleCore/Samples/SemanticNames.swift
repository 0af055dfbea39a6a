/// Which names of metrics and attributes mean what, as far as an operator can choose them.
///
/// The names of Claude Code and of the GenAI semantic conventions are fixed: see ``KnownNames``.
package struct SemanticNames: Equatable, Sendable {
    /// Gauges (or sums) whose points count waiting tasks. Claude Code has none: they come from the task queue or the
    /// dispatcher. At most 64 names.
    package var queueDepthMetrics: [String] = [
        "claude.queue.depth", "claude_queue_depth", "tokenscale.queue.depth", "queue.depth", "queue_depth",
    ]
    /// Attributes that name the queue of such a point; the first one present in this order is not guaranteed to win
    /// when a point carries several.
    package var queueNameAttributes: [String] = ["queue", "queue.name", "messaging.destination.name"]

    package init() {}
}
