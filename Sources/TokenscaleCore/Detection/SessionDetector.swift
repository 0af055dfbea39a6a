/// Decides whether one session is stuck. A value of at most 2 KiB; O(1) per event.
///
/// Events may come late, twice, or out of order within ``DetectionConfiguration/holdSeconds``.
package struct SessionDetector: Sendable {
    package init() {}

    /// Takes one event of the session.
    ///
    /// - Parameters:
    ///   - session: Keyed hash of `session.id`, to tell sessions of a workload apart.
    ///   - arrival: Now; bounds how long an event that overtook another is held back.
    ///   - workload: The accumulator of the pod (or workload) the session runs in.
    package mutating func observe(
        _ event: borrowing AgentEvent,
        session: UInt64,
        arrival: Timestamp,
        workload: inout WorkloadDetector,
        configuration: borrowing DetectionConfiguration
    ) {}

    /// Takes one data point of the session: used while the session sends no events.
    package mutating func observe(_ point: borrowing MetricPoint, configuration: borrowing DetectionConfiguration) {}

    /// Lets time pass: releases events that were held back too long. Call before a snapshot, about once a second.
    package mutating func advance(
        to now: Timestamp,
        session: UInt64,
        workload: inout WorkloadDetector,
        configuration: borrowing DetectionConfiguration
    ) {}

    /// What is concluded now; `nil` when nothing is.
    ///
    /// - Parameter isIncident: The provider is failing for everybody (``ProviderHealth``): API errors are not this
    ///   session's fault.
    package func finding(
        at now: Timestamp,
        isIncident: Bool,
        configuration: borrowing DetectionConfiguration
    ) -> LoopFinding? { nil }
}
