package import TokenscaleCore

/// A moment as UTC calendar fields, proleptic Gregorian.
/// <https://howardhinnant.github.io/date_algorithms.html#civil_from_days>
package struct CalendarTime: Sendable {
    private var year: Int
    private var month: Int
    private var day: Int
    private var weekday: Int
    private var secondOfDay: Int

    package init(_ time: Timestamp) {
        let second = Int(time.second)
        var days = second / 86_400
        var rest = second % 86_400
        if rest < 0 {
            rest += 86_400
            days -= 1
        }
        self.secondOfDay = rest
        self.weekday = ((days + 4) % 7 + 7) % 7
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        self.day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        self.month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        self.year = yearOfEra + era * 400 + (self.month <= 2 ? 1 : 0)
    }

    /// `2026-11-20T22:15:26Z`
    package var rfc3339: String {
        "\(self.year)-\(Self.two(self.month))-\(Self.two(self.day))T\(self.clock)Z"
    }

    /// `Fri, 20 Nov 2026 22:15:27 GMT`
    package var httpDate: String {
        "\(Self.weekdays[self.weekday]), \(Self.two(self.day)) \(Self.months[self.month - 1]) \(self.year) "
            + "\(self.clock) GMT"
    }

    private var clock: String {
        let second = self.secondOfDay
        return "\(Self.two(second / 3600)):\(Self.two(second / 60 % 60)):\(Self.two(second % 60))"
    }

    private static func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }

    private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
}
