extension Timestamp {
    /// A moment such as `2026-11-20T22:21:21.940Z` (RFC 3339 §5.6), for years 1970 to 2200; of a fraction nine digits
    /// count. `nil` for anything else: a day that the month has not, an offset of a day or more.
    package init?(iso8601 text: RawSpan) {
        guard text.byteCount >= 20,
            let year = Self.digits(text, 0, 4), let month = Self.digits(text, 5, 2), let day = Self.digits(text, 8, 2),
            let hour = Self.digits(text, 11, 2), let minute = Self.digits(text, 14, 2),
            let second = Self.digits(text, 17, 2)
        else { return nil }
        guard text.unsafeByte(4) == UInt8(ascii: "-"), text.unsafeByte(7) == UInt8(ascii: "-"),
            text.unsafeByte(10) | 0x20 == UInt8(ascii: "t"), text.unsafeByte(13) == UInt8(ascii: ":"),
            text.unsafeByte(16) == UInt8(ascii: ":")
        else { return nil }
        guard 1970...2200 ~= year, 1...12 ~= month, 1...Self.dayCount(year: year, month: month) ~= day,
            hour < 24, minute < 60, second <= 60
        else { return nil }
        var offset = 19
        guard let fraction = Self.fraction(text, at: &offset), let zone = Self.zone(text, at: offset) else {
            return nil
        }
        let days = Self.daysSinceEpoch(year: year, month: month, day: day)
        let seconds = days * 86_400 + hour * 3_600 + minute * 60 + second - zone
        self.init(nanoseconds: seconds * 1_000_000_000 + fraction)
    }

    package init?(iso8601 text: String) {
        let bytes = Array(text.utf8)
        self.init(iso8601: unsafe bytes.span.bytes)
    }

    /// Days from 1970-01-01 in the Gregorian calendar. Formula: Howard Hinnant, `days_from_civil`,
    /// <https://howardhinnant.github.io/date_algorithms.html>
    static func daysSinceEpoch(year: Int64, month: Int64, day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    /// Days of a month, 1 to 12.
    private static func dayCount(year: Int64, month: Int64) -> Int64 {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    private static func digits(_ text: RawSpan, _ offset: Int, _ count: Int) -> Int64? {
        guard offset + count <= text.byteCount else { return nil }
        var value: Int64 = 0
        for index in offset..<offset + count {
            let digit = text.unsafeByte(index) &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            value = value * 10 + Int64(digit)
        }
        return value
    }

    /// Nanoseconds; digits beyond the ninth are cut off. `nil` for a point without digits.
    private static func fraction(_ text: RawSpan, at offset: inout Int) -> Int64? {
        guard offset < text.byteCount, text.unsafeByte(offset) == UInt8(ascii: ".") else { return 0 }
        offset += 1
        guard offset < text.byteCount, text.unsafeByte(offset).isASCIIDigit else { return nil }
        var value: Int64 = 0
        var unit: Int64 = 100_000_000
        while offset < text.byteCount, text.unsafeByte(offset).isASCIIDigit {
            value += Int64(text.unsafeByte(offset) &- UInt8(ascii: "0")) * unit
            unit /= 10
            offset += 1
        }
        return value
    }

    /// Seconds east of UTC.
    private static func zone(_ text: RawSpan, at offset: Int) -> Int64? {
        guard offset < text.byteCount else { return nil }
        let sign = text.unsafeByte(offset)
        if sign | 0x20 == UInt8(ascii: "z") { return offset + 1 == text.byteCount ? 0 : nil }
        guard sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-"), offset + 6 == text.byteCount,
            text.unsafeByte(offset + 3) == UInt8(ascii: ":"),
            let hours = Self.digits(text, offset + 1, 2), hours < 24,
            let minutes = Self.digits(text, offset + 4, 2), minutes < 60
        else { return nil }
        return (hours * 3_600 + minutes * 60) * (sign == UInt8(ascii: "-") ? -1 : 1)
    }
}
