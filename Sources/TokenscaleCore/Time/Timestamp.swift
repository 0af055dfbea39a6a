/// A moment: nanoseconds since 1970-01-01T00:00:00Z, as OTLP counts them.
///
/// Core never reads a clock: every moment is an argument. The range (±292 years) is that of `Int64`; a sender's value
/// beyond it is clamped by the decoder.
package struct Timestamp: Hashable, Comparable, Sendable {
    package var nanoseconds: Int64

    @inlinable
    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// Whole milliseconds since the epoch, as log events and JSON carry them.
    package init(milliseconds: Int64) { self.nanoseconds = milliseconds &* 1_000_000 }

    package init(seconds: Int64) { self.nanoseconds = seconds &* 1_000_000_000 }

    /// Clamps an OTLP `fixed64` time into the range of `Int64`.
    @inlinable
    package init(clampingUnixNano nanoseconds: UInt64) {
        self.nanoseconds = Int64(clamping: nanoseconds)
    }

    @inlinable
    package static var zero: Timestamp { Timestamp(nanoseconds: 0) }

    /// Later than every other moment.
    static var distantFuture: Timestamp { Timestamp(nanoseconds: .max) }

    /// The second this moment lies in, rounded towards the past.
    package var second: Int64 {
        let (quotient, remainder) = self.nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        return remainder < 0 ? quotient - 1 : quotient
    }

    package var milliseconds: Int64 { self.nanoseconds / 1_000_000 }

    package static func < (left: Timestamp, right: Timestamp) -> Bool { left.nanoseconds < right.nanoseconds }

    /// `self - other` in seconds; negative when `other` is later.
    package func seconds(since other: Timestamp) -> Double {
        Double(self.nanoseconds &- other.nanoseconds) / 1e9
    }

    /// Becomes `latest` if it is later.
    mutating func limit(to latest: Timestamp) { self = Swift.min(self, latest) }

    package func advanced(bySeconds seconds: Double) -> Timestamp {
        Timestamp(nanoseconds: self.nanoseconds &+ Int64(seconds * 1e9))
    }
}
