/// Weights and thresholds of the loop detector. An operator rarely changes them; where each number comes from is
/// written beside it and in the documentation's "Detection" page.
package struct DetectionConfiguration: Sendable, Equatable {
    /// Evidence in nats at which a session is reported for detail views, warned about, called critical and cleared.
    package var infoScore: Float = 5
    package var warningScore: Float = 8
    package var criticalScore: Float = 12
    package var clearScore: Float = 2
    /// How long an event that overtook an earlier one is held back.
    package var holdSeconds: Double = 10

    package init() {}
}
