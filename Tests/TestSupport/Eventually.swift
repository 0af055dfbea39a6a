package import Testing

/// Waits until `condition` holds, which another task or process makes true; fails the test after `seconds`.
///
/// The limit is for what never happens: a slow machine under load must not reach it. Tests that compute may keep every
/// thread of the pool for most of a minute, so the condition is also asked at least `attemptsMin` times.
package func eventually(
    _ what: @autoclosure () -> String,
    seconds: Double = 120,
    sourceLocation: SourceLocation = #_sourceLocation,
    _ condition: () async throws -> Bool
) async throws {
    _ = try await eventualValue(what(), seconds: seconds, sourceLocation: sourceLocation) {
        try await condition() ? true : nil
    }
}

/// Takes about seven seconds.
private let attemptsMin = 50

/// Waits until there is a value; fails the test after `seconds`.
package func eventualValue<Value>(
    _ what: @autoclosure () -> String,
    seconds: Double = 120,
    sourceLocation: SourceLocation = #_sourceLocation,
    _ value: () async throws -> Value?
) async throws -> Value {
    let end = ContinuousClock.now + .seconds(seconds)
    // Asked less and less often: a condition may cost a process.
    var pause = Duration.milliseconds(5)
    var attempts = 0
    while true {
        if let value = try await value() { return value }
        // What another task or process does can only be asked again.
        attempts += 1
        let isInTime = ContinuousClock.now < end || attempts < attemptsMin
        try #require(isInTime, "not within \(seconds) s: \(what())", sourceLocation: sourceLocation)
        try await Task.sleep(for: pause)
        pause = min(pause * 1.2, .milliseconds(200))
    }
}
