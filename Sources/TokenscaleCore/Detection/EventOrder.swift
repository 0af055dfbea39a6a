/// Restores the order of a session's events and drops duplicates, by `event.sequence`.
struct EventOrder {
}
