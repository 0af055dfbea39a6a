import Testing
import TokenscaleCore

@Suite("NumberText")
struct NumberTextTests {
    @Test(
        "large numbers have a unit",
        arguments: [
            (0, "0"), (9999, "9999"), (12_300, "12 k"), (999_999, "1000 k"), (1_900_000, "1.9 M"),
            (2_400_000_000, "2.4 G"), (.max, "9223372037 G"),
        ] as [(Int64, String)]
    )
    func scaled(value: Int64, text: String) { #expect(NumberText.scaled(value) == text) }

    @Test(
        "a decimal place is shown where it says something",
        arguments: [
            (138.4, "138"), (0.22, "0.2"), (6, "6"), (9.96, "10"), (-0.04, "0"), (-1.5, "-1.5"), (.nan, "0"),
            (.infinity, "0"),
        ] as [(Double, String)]
    )
    func rounded(value: Double, text: String) { #expect(NumberText.rounded(value) == text) }

    @Test(
        "what costs anything costs a cent at least",
        arguments: [
            (0, "$0.00"), (1, "$0.01"), (310_000, "$0.31"), (1_050_000, "$1.05"), (9_999_999, "$10.00"),
            (13_600_000, "$14"), (.max, "$9223372036854"),
        ] as [(Int64, String)]
    )
    func dollars(microUSD: Int64, text: String) { #expect(NumberText.dollars(microUSD) == text) }

    @Test("one of a thing is no plural", arguments: [(0, "0 pods"), (1, "1 pod"), (2, "2 pods")])
    func counted(count: Int, text: String) { #expect(NumberText.counted(count, "pod") == text) }
}
