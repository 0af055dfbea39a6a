/// Which names mean what, as far as an operator can choose them.
///
/// The names of Claude Code, of the Kubernetes resource and of the GenAI conventions are fixed: ``KnownNames``.
package struct SemanticNames: Equatable, Sendable {
    /// Metrics whose points count waiting tasks. Claude Code has none: they come from the task queue or a dispatcher.
    package var queueDepthMetrics: [String] = [
        "claude.queue.depth", "claude_queue_depth", "tokenscale.queue.depth", "queue.depth", "queue_depth",
    ]
    /// Attributes that name the queue of such a point.
    package var queueNameAttributes: [String] = ["queue", "queue.name", "messaging.destination.name"]

    package init() {}
}
