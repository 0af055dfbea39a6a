/// A moment as calendar fields of Coordinated Universal Time (proleptic Gregorian), and its texts.
package struct UTCTime: Equatable, Sendable {
    package var year: Int64
    /// 1 to 12
    package var month: Int64
    /// 1 to 31
    package var day: Int64
    /// 0 to 86,399
    package var secondOfDay: Int64
    package var millisecond: Int64
    /// 0 is Sunday.
    private var weekday: Int

    /// Howard Hinnant's `civil_from_days`. <https://howardhinnant.github.io/date_algorithms.html#civil_from_days>
    package init(_ time: Timestamp) {
        let second = time.second
        var days = second / 86_400
        if second % 86_400 < 0 { days -= 1 }
        self.secondOfDay = second - days * 86_400
        self.millisecond = (time.nanoseconds - second * 1_000_000_000) / 1_000_000
        self.weekday = Int(((days + 4) % 7 + 7) % 7)
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

    /// `2026-11-21T10:02:03.456Z`: RFC 3339 with milliseconds.
    package var rfc3339: String {
        "\(self.date)T\(self.timeOfDay).\(Self.padded(self.millisecond, width: 3))Z"
    }

    /// `2026-11-21T10:02:03Z`: RFC 3339 in whole seconds, as Kubernetes writes `metav1.Time`.
    package var rfc3339InSeconds: String { "\(self.date)T\(self.timeOfDay)Z" }

    /// `Sat, 21 Nov 2026 10:02:03 GMT`: the IMF-fixdate of RFC 9110 §5.6.7.
    package var httpDate: String {
        let month = Self.monthNames[Int(self.month) - 1]
        let year = Self.padded(self.year, width: 4)
        return "\(Self.weekdayNames[self.weekday]), \(Self.padded(self.day)) \(month) \(year) \(self.timeOfDay) GMT"
    }

    /// `2026-11-21`
    package var date: String {
        "\(Self.padded(self.year, width: 4))-\(Self.padded(self.month))-\(Self.padded(self.day))"
    }

    /// `10:02:03`
    package var timeOfDay: String { "\(self.hourAndMinute):\(Self.padded(self.secondOfDay % 60))" }

    /// `10:02`
    package var hourAndMinute: String {
        "\(Self.padded(self.secondOfDay / 3600)):\(Self.padded(self.secondOfDay / 60 % 60))"
    }

    /// `10:02 UTC`, with the date when it is another day than `now`.
    package func clock(seenAt now: UTCTime) -> String {
        self.date == now.date ? "\(self.hourAndMinute) UTC" : "\(self.date) \(self.hourAndMinute) UTC"
    }

    static let weekdayNames = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    static let monthNames = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    private static func padded(_ value: Int64, width: Int = 2) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
