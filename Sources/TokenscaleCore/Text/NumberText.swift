/// Numbers as people read them.
package enum NumberText {
    /// `950`, `12 k`, `1.9 M`, `2.4 G`
    package static func scaled(_ value: Int64) -> String {
        let magnitude = Double(value)
        switch value {
        case ..<10_000: return String(value)
        case ..<1_000_000: return "\(Self.rounded(magnitude / 1e3)) k"
        case ..<1_000_000_000: return "\(Self.rounded(magnitude / 1e6)) M"
        default: return "\(Self.rounded(magnitude / 1e9)) G"
        }
    }

    /// One decimal place below 10, none from there on and none when it is 0.
    package static func rounded(_ value: Double) -> String {
        guard value.isFinite, abs(value) < 1e15 else { return "0" }
        let tenths = Int64((abs(value) * 10).rounded())
        let sign = value < 0 && tenths > 0 ? "-" : ""
        if tenths >= 100 { return sign + String(Int64(abs(value).rounded())) }
        return sign + (tenths % 10 == 0 ? String(tenths / 10) : "\(tenths / 10).\(tenths % 10)")
    }

    /// `$14`, `$0.31`
    package static func dollars(_ microUSD: Int64) -> String {
        if microUSD >= 10_000_000 { return "$\(microUSD.addingClamped(500_000) / 1_000_000)" }
        return "$" + Self.cents(microUSD)
    }

    package static func dollars(_ usd: Double) -> String {
        Self.dollars(usd > 0 ? Int64(clampingRounded: usd * 1e6) : 0)
    }

    /// Dollars with two decimal places: `0.31`; at least one cent when there is any.
    package static func cents(_ microUSD: Int64) -> String {
        let cents = microUSD > 0 ? max(1, microUSD.addingClamped(5000) / 10_000) : 0
        let rest = cents % 100
        return "\(cents / 100).\(rest < 10 ? "0" : "")\(rest)"
    }

    /// `1 pod`, `2 pods`
    package static func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }
}
