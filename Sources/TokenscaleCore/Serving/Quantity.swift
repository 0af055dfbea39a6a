/// A Kubernetes quantity with the precision of the metrics APIs: thousandths.
/// <https://github.com/kubernetes/kubernetes/blob/v1.36.2/staging/src/k8s.io/apimachinery/pkg/api/resource/quantity.go>
package struct Quantity: Hashable, Comparable, Sendable {
    package var milli: Int64

    package init(milli: Int64) { self.milli = milli }

    /// The largest rate that is ever served: 9.2e12 tokens per minute.
    ///
    /// The HPA adds thousandths in an `Int64`, and what overflows scales *down to the minimum* (recorded against
    /// 1.36.2). A thousandth of the range leaves room for a thousand pods at this value.
    package static let maximum = Quantity(milli: 9_200_000_000_000_000)

    /// The largest count (tasks, sessions) that is ever served: with a target of 1 the replica count stays below the
    /// `int32` in which the HPA keeps it.
    package static let countMaximum = Quantity(milli: 1_000_000_000_000)

    /// Clamps into 0…``maximum``; what is not a number becomes 0. Rounded to the nearest thousandth.
    package init(clamping value: Double) {
        guard value > 0 else {
            self.milli = 0
            return
        }
        let milli = (value * 1000).rounded()
        self.milli = milli < Double(Self.maximum.milli) ? Int64(milli) : Self.maximum.milli
    }

    package init(clamping value: Int64) {
        self.milli = min(max(0, value), Self.maximum.milli / 1000) * 1000
    }

    package var value: Double { Double(self.milli) / 1000 }

    package static func < (left: Quantity, right: Quantity) -> Bool { left.milli < right.milli }

    /// The sum, clamped to ``maximum``.
    package static func + (left: Quantity, right: Quantity) -> Quantity {
        Quantity(milli: min(Self.maximum.milli, left.milli.addingClamped(right.milli)))
    }

    /// The canonical form: no fraction, no precision lost, the largest suffix that divides. `250500m`, `300k`, `42`.
    package var text: String {
        guard self.milli % 1000 == 0 else { return "\(self.milli)m" }
        var units = self.milli / 1000
        var suffix = 0
        while units != 0, units % 1000 == 0, suffix < Self.suffixes.count - 1 {
            units /= 1000
            suffix += 1
        }
        return "\(units)\(Self.suffixes[suffix])"
    }

    private static let suffixes = ["", "k", "M", "G", "T", "P", "E"]

    /// Parses what users write as a target: `200000`, `200k`, `1.5M`, `250500m`, `2Ki`, `3e5`.
    ///
    /// - Returns: `nil` when the text is not a quantity, is negative, or is above ``maximum``. What is finer than a
    ///   thousandth is rounded up, as Kubernetes does.
    package init?(parsing text: String) {
        let bytes = Array(text.utf8)
        let digits = bytes.prefix { (48...57).contains($0) || $0 == 46 || $0 == 43 }
        guard let number = Double(String(decoding: digits, as: UTF8.self)), !digits.isEmpty else { return nil }
        guard let scale = Self.scale(of: String(decoding: bytes.dropFirst(digits.count), as: UTF8.self)) else {
            return nil
        }
        let milli = number * scale * 1000
        guard milli.isFinite, milli <= Double(Self.maximum.milli) else { return nil }
        self.milli = Int64((milli - 1e-6).rounded(.up))
    }

    private static func scale(of suffix: String) -> Double? {
        switch suffix {
        case "": return 1
        case "n": return 1e-9
        case "u": return 1e-6
        case "m": return 1e-3
        case "Ki": return 1024
        case "Mi": return 1_048_576
        case "Gi": return 1_073_741_824
        case "Ti": return 1_099_511_627_776
        default: break
        }
        if let index = self.suffixes.firstIndex(of: suffix) {
            return (0..<index).reduce(1.0) { product, _ in product * 1000 }
        }
        guard let first = suffix.utf8.first, first == 101 || first == 69 else { return nil }
        guard let exponent = Int(suffix.dropFirst()), (-9...18).contains(exponent) else { return nil }
        return (0..<abs(exponent)).reduce(1.0) { product, _ in exponent < 0 ? product / 10 : product * 10 }
    }
}
