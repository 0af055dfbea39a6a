import Testing
import TokenscaleCore

@Suite("Quantity")
struct QuantityTests {
    @Test(
        "prints the canonical form of Kubernetes",
        arguments: [
            (0, "0"), (1, "1m"), (500, "500m"), (1000, "1"), (42_000, "42"), (250_500, "250500m"),
            (300_000_000, "300k"),
            (1_500_000, "1500"), (1_500_000_000, "1500k"), (2_000_000_000, "2M"), (1_000_000_000_000, "1G"),
            (9_200_000_000_000_000, "9200G"), (999_000, "999"), (1_000_000, "1k"), (1_000_001, "1000001m"),
        ] as [(Int64, String)]
    )
    func prints(milli: Int64, text: String) {
        #expect(Quantity(milli: milli).text == text)
    }

    @Test(
        "parses what users write",
        arguments: [
            ("200000", 200_000_000), ("200k", 200_000_000), ("1.5M", 1_500_000_000), ("250500m", 250_500),
            ("2Ki", 2_048_000), ("3e5", 300_000_000), ("3E5", 300_000_000), ("0.5", 500), ("0", 0), ("100u", 1),
            ("1n", 1), ("0.1", 100),
        ] as [(String, Int64)]
    )
    func parses(text: String, milli: Int64) {
        #expect(Quantity(parsing: text)?.milli == milli)
    }

    @Test("refuses what is no quantity", arguments: ["", "k", "-1", "1x", "1e", "1e99", "NaN", "inf", "1 k", "1kk"])
    func refuses(text: String) {
        #expect(Quantity(parsing: text) == nil)
    }

    @Test("never serves what is negative, not a number, or overflows the HPA")
    func clamps() {
        #expect(Quantity(clamping: -5.0).milli == 0)
        #expect(Quantity(clamping: Double.nan).milli == 0)
        #expect(Quantity(clamping: Double.infinity) == .maximum)
        #expect(Quantity(clamping: Int64.max) == .maximum)
        #expect(Quantity(clamping: Int64.min).milli == 0)
        #expect(Quantity.maximum + .maximum == .maximum)
        #expect(Quantity(clamping: 0.0004).milli == 0)
        #expect(Quantity(clamping: 0.0006).milli == 1)
    }

    @Test("a thousand pods at the maximum do not overflow the HPA's sum")
    func leavesRoom() {
        #expect(!Quantity.maximum.milli.multipliedReportingOverflow(by: 1000).overflow)
    }
}
