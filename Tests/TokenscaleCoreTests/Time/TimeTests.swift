import Testing

@testable import TokenscaleCore

@Suite("Time")
struct TimeTests {
    @Test(
        "moments of ISO 8601",
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("2026-11-20T22:21:21.940Z", 1_795_213_281_940_000_000),
            ("2024-02-29t12:00:00.123456789z", 1_709_208_000_123_456_789),
            ("2000-03-01T00:00:00Z", 951_868_800_000_000_000),
            ("2100-03-01T00:00:00Z", 4_107_542_400_000_000_000),
            ("2026-11-20T22:21:21.9401234567Z", 1_795_213_281_940_123_456),
            ("2026-11-20T23:51:21.940+01:30", 1_795_213_281_940_000_000),
            ("2026-11-20T17:21:21-05:00", 1_795_213_281_000_000_000),
        ] as [(String, Int64)]
    )
    func moments(text: String, nanoseconds: Int64) {
        #expect(Timestamp(iso8601: text) == Timestamp(nanoseconds: nanoseconds))
    }

    @Test(
        "what is no moment",
        arguments: [
            "", "now", "2026-11-20", "2026-11-20T22:21:21", "2026-13-20T22:21:21Z", "2026-11-20T24:21:21Z",
            "2026-11-20T22:21:21Zx", "2026-11-20T22:21:21+1:00", "1969-12-31T23:59:59Z", "9999-11-20T22:21:21Z",
            "2026/11/20T22:21:21Z", "２026-11-20T22:21:21Z", "2026-02-31T12:00:00Z", "2026-04-31T12:00:00Z",
            "2026-02-29T12:00:00Z", "2100-02-29T12:00:00Z", "2026-01-32T12:00:00Z", "2026-11-00T12:00:00Z",
            "2026-00-20T12:00:00Z", "2026-11-20T22:21:21+99:99", "2026-11-20T22:21:21+24:00",
            "2026-11-20T22:21:21-01:60", "2026-11-20T22:21:21.Z", "2026-11-20T22:21:61Z",
        ]
    )
    func noMoments(text: String) {
        #expect(Timestamp(iso8601: text) == nil)
    }

    @Test("every day of the range reads back, and the day after each month's last is none")
    func everyDayOfISO8601() {
        for day in Int64(0)..<84_370 {
            let time = Timestamp(seconds: day * 86_400 + day % 86_400)
            let text = UTCTime(time).rfc3339InSeconds
            #expect(Timestamp(iso8601: text) == time)
            let next = UTCTime(time.advanced(bySeconds: 86_400))
            guard next.day == 1 else { continue }
            let beyond = text.prefix(8) + String(UTCTime(time).day + 1) + text.dropFirst(10)
            #expect(Timestamp(iso8601: String(beyond)) == nil)
        }
    }

    @Test(
        "moments as RFC 3339",
        arguments: [
            (Int64(0), "1970-01-01T00:00:00.000Z"), (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_795_255_320_123, "2026-11-21T10:02:00.123Z"), (-1, "1969-12-31T23:59:59.999Z"),
            (4_102_444_799_000, "2099-12-31T23:59:59.000Z"),
        ]
    )
    func texts(milliseconds: Int64, wanted: String) {
        let time = UTCTime(Timestamp(milliseconds: milliseconds))
        #expect(time.rfc3339 == wanted)
        #expect(time.rfc3339InSeconds == wanted.prefix(19) + "Z")
        #expect(time.timeOfDay == wanted.dropFirst(11).prefix(8))
    }

    @Test(
        "moments as an HTTP date, and back",
        arguments: [
            // The example of RFC 9110 §5.6.7.
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"), (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (951_868_799, "Tue, 29 Feb 2000 23:59:59 GMT"), (1_795_212_927, "Fri, 20 Nov 2026 22:15:27 GMT"),
            (7_289_654_399, "Wed, 31 Dec 2200 23:59:59 GMT"),
        ] as [(Int64, String)]
    )
    func httpDates(seconds: Int64, text: String) {
        #expect(UTCTime(Timestamp(seconds: seconds)).httpDate == text)
        #expect(Timestamp(httpDate: text) == Timestamp(seconds: seconds))
    }

    @Test("every day of four centuries has an HTTP date that reads back")
    func everyDay() {
        for day in Int64(0)..<84_000 {
            let time = Timestamp(seconds: day * 86_400 + day % 86_400)
            #expect(Timestamp(httpDate: UTCTime(time).httpDate) == time)
        }
    }

    @Test(
        "what is no HTTP date",
        arguments: [
            "", "120", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",  // the two obsolete forms
            "Mon, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 06 Nov 1994 08:49:37 +0000",
            "Sun, 6 Nov 1994 08:49:37 GMT", "sun, 06 nov 1994 08:49:37 gmt", "Sun, 06  Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 8:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 06 Nov 1994 08:60:37 GMT",
            "Sun, 06 Nov 1994 08:49:60 GMT", "Sun, 06 Nov 1994 08:49 GMT", "Sun, +6 Nov 1994 08:49:37 GMT",
            "Thu, 29 Feb 2001 00:00:00 GMT", "Wed, 31 Dec 1969 23:59:59 GMT", "Fri, 31 Dec 9999 23:59:59 GMT",
            "Sun, 06 Nov 9223372036854775807 08:49:37 GMT", " Sun, 06 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:37 GMT, 1", "Sun, 06 Nov 1994 -1:49:37 GMT",
        ]
    )
    func noHTTPDates(text: String) { #expect(Timestamp(httpDate: text) == nil) }
}
