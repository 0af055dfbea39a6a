extension Timestamp {
    /// The moment of an IMF-fixdate such as `Sat, 21 Nov 2026 10:02:03 GMT` (RFC 9110 §5.6.7), for years 1970 to 2200.
    /// `nil` for anything else: a wrong weekday, a day that the month has not, a leap second, and the two forms that
    /// the RFC calls obsolete (one of them has a year of two digits, which needs a clock to be read).
    package init?(httpDate text: String) {
        let fields = text.split(separator: " ")
        guard fields.count == 6, let day = Int64(fields[1]), 1...31 ~= day,
            let month = UTCTime.monthNames.firstIndex(of: String(fields[2])),
            let year = Int64(fields[3]), 1970...2200 ~= year
        else { return nil }
        let clock = fields[4].split(separator: ":")
        guard clock.count == 3, let hour = Int64(clock[0]), 0...23 ~= hour, let minute = Int64(clock[1]),
            0...59 ~= minute, let second = Int64(clock[2]), 0...59 ~= second
        else { return nil }
        let days = Self.daysSinceEpoch(year: year, month: Int64(month) + 1, day: day)
        self.init(seconds: days * 86_400 + hour * 3600 + minute * 60 + second)
        // The text of a moment is unique: what differs from it has a field that is not as the grammar demands.
        guard UTCTime(self).httpDate == text else { return nil }
    }
}
