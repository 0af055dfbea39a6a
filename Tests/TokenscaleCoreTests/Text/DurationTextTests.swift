import Testing
import TokenscaleCore

@Suite("DurationText")
struct DurationTextTests {
    @Test(
        "a duration has at most two units",
        arguments: [
            (-5, "0 s", "0s", "0s"), (.nan, "0 s", "0s", "0s"), (0.4, "0 s", "0s", "0s"), (35, "35 s", "35s", "35s"),
            (59.4, "59 s", "59s", "59s"), (59.5, "1 min", "1m", "1m00s"), (2472, "41 min", "41m", "41m12s"),
            (3599.4, "59 min", "59m", "59m59s"), (3600, "1 h", "1h00m", "1h00m"),
            (7500, "2 h 5 min", "2h05m", "2h05m"), (86_399, "23 h 59 min", "23h59m", "23h59m"),
            (86_400, "1 d", "1d00h", "1d00h"), (273_600, "3 d 4 h", "3d04h", "3d04h"),
            (.infinity, "106751991167300 d 15 h", "106751991167300d15h", "106751991167300d15h"),
        ] as [(Double, String, String, String)]
    )
    func text(seconds: Double, prose: String, compact: String, withSeconds: String) {
        #expect(DurationText.prose(seconds: seconds) == prose)
        #expect(DurationText.compact(seconds: seconds) == compact)
        #expect(DurationText.compact(seconds: seconds, withSeconds: true) == withSeconds)
    }
}
