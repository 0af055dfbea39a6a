/// A duration as people read it: whole units, the larger first, at most two of them.
package enum DurationText {
    /// For sentences: `35 s`, `41 min`, `2 h 5 min`, `3 d 4 h`.
    package static func prose(seconds: Double) -> String {
        let parts = Parts(seconds)
        guard parts.hasRest, parts.rest > 0 else { return "\(parts.count) \(parts.unit.word)" }
        return "\(parts.count) \(parts.unit.word) \(parts.rest) \(parts.restUnit.word)"
    }

    /// For columns and lists: `35s`, `41m`, `2h05m`, `3d04h`.
    ///
    /// - Parameter withSeconds: `41m12s`: where one moment is told from the next.
    package static func compact(seconds: Double, withSeconds: Bool = false) -> String {
        let parts = Parts(seconds)
        let text = "\(parts.count)\(parts.unit.letter)"
        guard parts.hasRest || (withSeconds && parts.unit == .minute) else { return text }
        return text + (parts.rest < 10 ? "0" : "") + "\(parts.rest)\(parts.restUnit.letter)"
    }

    private enum Unit: Int64 {
        case second = 1
        case minute = 60
        case hour = 3600
        case day = 86_400

        var word: String {
            switch self {
            case .second: "s"
            case .minute: "min"
            case .hour: "h"
            case .day: "d"
            }
        }

        var letter: String { self == .minute ? "m" : self.word }
    }

    /// How many of the largest unit that fits, and how many of the next smaller one remain.
    private struct Parts {
        let unit: Unit
        let restUnit: Unit
        let count: Int64
        let rest: Int64

        /// Of minutes on their own the seconds do not matter.
        var hasRest: Bool { self.restUnit != .second }

        /// What is negative, or no number, is 0.
        init(_ seconds: Double) {
            let whole = seconds > 0 ? Int64(clampingRounded: seconds) : 0
            let units: (Unit, Unit) =
                switch whole {
                case ..<60: (.second, .second)
                case ..<3600: (.minute, .second)
                case ..<86_400: (.hour, .minute)
                default: (.day, .hour)
                }
            (self.unit, self.restUnit) = units
            self.count = whole / self.unit.rawValue
            self.rest = whole % self.unit.rawValue / self.restUnit.rawValue
        }
    }
}
