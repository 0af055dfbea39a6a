/// The kinds of tokens, as Claude Code names them. None contains another: `input` excludes both cache kinds.
package enum TokenType: UInt8, CaseIterable, Sendable {
    case input
    case output
    case cacheRead
    case cacheCreation

    /// Stored, because the synthesised property makes a new array at every use, and the hot path uses it.
    package static let allCases: [TokenType] = [.input, .output, .cacheRead, .cacheCreation]

    /// The value of the `type` label.
    package var name: String {
        switch self {
        case .input: "input"
        case .output: "output"
        case .cacheRead: "cacheRead"
        case .cacheCreation: "cacheCreation"
        }
    }

    package init?(name: String) {
        guard let type = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = type
    }
}

/// Tokens of each type. Counts are non-negative; sums saturate instead of trapping.
package struct TokenCounts: Hashable, Sendable {
    package var input: Int64 = 0
    package var output: Int64 = 0
    package var cacheRead: Int64 = 0
    package var cacheCreation: Int64 = 0

    package init() {}

    package init(input: Int64, output: Int64, cacheRead: Int64, cacheCreation: Int64) {
        self.input = input
        self.output = output
        self.cacheRead = cacheRead
        self.cacheCreation = cacheCreation
    }

    package static let zero = TokenCounts()

    @inline(__always)
    package subscript(type: TokenType) -> Int64 {
        get {
            switch type {
            case .input: self.input
            case .output: self.output
            case .cacheRead: self.cacheRead
            case .cacheCreation: self.cacheCreation
            }
        }
        set {
            switch type {
            case .input: self.input = newValue
            case .output: self.output = newValue
            case .cacheRead: self.cacheRead = newValue
            case .cacheCreation: self.cacheCreation = newValue
            }
        }
    }

    /// All four types.
    package var total: Int64 {
        self.input.addingClamped(self.output).addingClamped(self.cacheRead).addingClamped(self.cacheCreation)
    }

    /// What API rate limits count and what the headline rate shows: everything but cache reads.
    package var scaling: Int64 { self.input.addingClamped(self.output).addingClamped(self.cacheCreation) }

    /// Cost-weighted tokens in units of one input token: prices of current models are input : cache write :
    /// output : cache read = 1 : 1.25 : 5 : 0.1.
    package var weighted: Double {
        Double(self.input) + 1.25 * Double(self.cacheCreation) + 5 * Double(self.output) + 0.1 * Double(self.cacheRead)
    }

    package static func + (left: TokenCounts, right: TokenCounts) -> TokenCounts {
        TokenCounts(
            input: left.input.addingClamped(right.input),
            output: left.output.addingClamped(right.output),
            cacheRead: left.cacheRead.addingClamped(right.cacheRead),
            cacheCreation: left.cacheCreation.addingClamped(right.cacheCreation)
        )
    }

    package static func += (left: inout TokenCounts, right: TokenCounts) { left = left + right }
}

extension Int64 {
    /// The sum, clamped to the range of `Int64`.
    @inline(__always)
    package func addingClamped(_ other: Int64) -> Int64 {
        let (sum, overflow) = self.addingReportingOverflow(other)
        guard overflow else { return sum }
        return other > 0 ? .max : .min
    }

    /// The product, clamped to the range of `Int64`.
    @inline(__always)
    package func multipliedClamped(by other: Int64) -> Int64 {
        let (product, overflow) = self.multipliedReportingOverflow(by: other)
        guard overflow else { return product }
        return (self < 0) == (other < 0) ? .max : .min
    }
}
