/// A number that an operator may write with a fraction.
protocol DecimalNumber: Sendable {
    init(decimal: Double)
    /// As it is written: without a fraction when there is none.
    var decimalText: String { get }
}

extension DecimalNumber where Self: BinaryFloatingPoint & LosslessStringConvertible {
    init(decimal: Double) { self.init(decimal) }

    var decimalText: String {
        self == self.rounded() && self.magnitude < 1e15 ? String(Int64(self)) : String(self)
    }
}

extension Double: DecimalNumber {}
extension Float: DecimalNumber {}

/// In seconds.
extension Duration: DecimalNumber {
    init(decimal: Double) { self = .seconds(decimal) }

    var decimalText: String { (self / .seconds(1)).decimalText }
}
