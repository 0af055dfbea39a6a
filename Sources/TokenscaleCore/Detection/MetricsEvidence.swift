/// The rule for sessions that send metrics only: an even ratio of output to cache reads, minute after minute, without
/// lines or commits.
struct MetricsEvidence {
    var hasEvents = false
}
extension SessionDetector {
    /// Takes one data point of the session: used while the session sends no events.
    package mutating func observe(_ point: borrowing MetricPoint, configuration: borrowing DetectionConfiguration) {}
}
