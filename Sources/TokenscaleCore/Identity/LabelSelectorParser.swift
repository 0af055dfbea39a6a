/// Why a selector does not parse, in the words of Kubernetes: the text reaches users through `Status.message`.
package struct LabelSelectorError: Error, Equatable, Sendable {
    package var message: String

    package init(message: String) { self.message = message }

    /// The text has to change.
    package var isRetryable: Bool { false }
}

extension LabelSelector {
    /// Parses the text form, as kubectl and the HPA send it.
    ///
    /// Grammar and messages follow `labels.Parse`, with its oddities: `x in ()` holds the empty value, `in` and `notin`
    /// are keys and values too, `x=` means the empty value.
    /// <https://github.com/kubernetes/kubernetes/blob/v1.36.2/staging/src/k8s.io/apimachinery/pkg/labels/selector.go>
    ///
    /// - Throws: ``LabelSelectorError`` with the message of the Go parser; retrying does not help.
    package init(parsing text: String) throws(LabelSelectorError) {
        var parser = LabelSelectorParser(text)
        self.init(requirements: try parser.parse())
    }
}

/// A recursive-descent parser over tokens; it looks one token ahead.
private struct LabelSelectorParser {
    private enum Token: Equatable {
        case error
        case end
        case closedParenthesis
        case comma
        case not
        case doubleEquals
        case equals
        case greaterThan
        case identifier
        case isIn
        case lessThan
        case notEquals
        case isNotIn
        case openParenthesis
    }

    private struct Item {
        var token: Token
        var literal: String

        /// Where a key or value may stand, the keywords are plain words.
        var asValue: Token { self.token == .isIn || self.token == .isNotIn ? .identifier : self.token }
    }

    private var items: [Item]
    private var position = 0

    init(_ text: String) { self.items = Self.scan(Array(text.utf8)) }

    mutating func parse() throws(LabelSelectorError) -> [LabelSelector.Requirement] {
        var requirements: [LabelSelector.Requirement] = []
        while true {
            let item = self.items[self.position]
            switch item.asValue {
            case .identifier, .not:
                do {
                    requirements.append(try self.parseRequirement())
                } catch {
                    throw LabelSelectorError(message: "unable to parse requirement: \(error.message)")
                }
                let next = self.consume()
                if next.token == .end { return requirements }
                guard next.token == .comma else {
                    throw .init(message: "found '\(next.literal)', expected: ',' or 'end of string'")
                }
                let after = self.items[self.position]
                guard after.asValue == .identifier || after.token == .not else {
                    throw .init(message: "found '\(after.literal)', expected: identifier after ','")
                }
            case .end:
                return requirements
            default:
                throw .init(message: "found '\(item.literal)', expected: !, identifier, or 'end of string'")
            }
        }
    }

    private mutating func consume() -> Item {
        let item = self.items[self.position]
        if self.position < self.items.count - 1 { self.position += 1 }
        return item
    }

    private mutating func parseRequirement() throws(LabelSelectorError) -> LabelSelector.Requirement {
        var item = self.consume()
        let isNegated = item.token == .not
        if isNegated { item = self.consume() }
        guard item.asValue == .identifier else {
            throw .init(message: "found '\(item.literal)', expected: identifier")
        }
        let key = item.literal
        if let fault = LabelSyntax.faultOfKey(key) {
            throw .init(message: "<nil>: Invalid value: \(LabelSyntax.quoted(key)): \(fault)")
        }
        let next = self.items[self.position].token
        // A negated key takes no operator: what follows it is refused by the caller.
        if isNegated { return .init(key: key, operation: .doesNotExist) }
        if next == .end || next == .comma { return .init(key: key, operation: .exists) }
        return .init(key: key, operation: try self.parseOperation(key: key))
    }

    private mutating func parseOperation(key: String) throws(LabelSelectorError) -> LabelSelector.Operation {
        let item = self.consume()
        switch item.token {
        case .isIn: return .isIn(try self.checked(self.parseValues(), key: key))
        case .isNotIn: return .isNotIn(try self.checked(self.parseValues(), key: key))
        case .equals, .doubleEquals: return .isIn(try self.checked([self.parseExactValue()], key: key))
        case .notEquals: return .isNotIn(try self.checked([self.parseExactValue()], key: key))
        case .greaterThan: return .isGreaterThan(try self.parseInteger(key: key))
        case .lessThan: return .isLessThan(try self.parseInteger(key: key))
        default: throw .init(message: "found '\(item.literal)', expected: in, notin, =, ==, !=, gt, lt")
        }
    }

    private func checked(_ values: Set<String>, key: String) throws(LabelSelectorError) -> Set<String> {
        for (index, value) in values.sorted().enumerated() {
            guard let fault = LabelSyntax.faultOfValue(value) else { continue }
            throw .init(message: "values[\(index)][\(key)]: Invalid value: \(LabelSyntax.quoted(value)): \(fault)")
        }
        return values
    }

    private mutating func parseInteger(key: String) throws(LabelSelectorError) -> Int64 {
        let value = try self.parseExactValue()
        guard let number = Int64(value) else {
            let fault = "for 'Gt', 'Lt' operators, the value must be an integer"
            throw .init(message: "values[0]: Invalid value: \(LabelSyntax.quoted(value)): \(fault)")
        }
        return number
    }

    private mutating func parseExactValue() throws(LabelSelectorError) -> String {
        let next = self.items[self.position].token
        if next == .end || next == .comma { return "" }
        let item = self.consume()
        guard item.asValue == .identifier else {
            throw .init(message: "found '\(item.literal)', expected: identifier")
        }
        return item.literal
    }

    private mutating func parseValues() throws(LabelSelectorError) -> Set<String> {
        let open = self.consume()
        guard open.token == .openParenthesis else { throw .init(message: "found '\(open.literal)' expected: '('") }
        let first = self.items[self.position]
        switch first.asValue {
        case .identifier, .comma:
            let values = try self.parseList()
            guard self.consume().token == .closedParenthesis else {
                throw .init(message: "found '\(first.literal)', expected: ')'")
            }
            return values
        case .closedParenthesis:
            _ = self.consume()
            return [""]
        default:
            throw .init(message: "found '\(first.literal)', expected: ',', ')' or identifier")
        }
    }

    /// The inside of the parentheses. Missing values between commas are empty ones.
    private mutating func parseList() throws(LabelSelectorError) -> Set<String> {
        var values: Set<String> = []
        while true {
            let item = self.consume()
            switch item.asValue {
            case .identifier:
                values.insert(item.literal)
                let next = self.items[self.position]
                if next.token == .comma { continue }
                if next.token == .closedParenthesis { return values }
                throw .init(message: "found '\(next.literal)', expected: ',' or ')'")
            case .comma:
                if values.isEmpty { values.insert("") }
                let next = self.items[self.position].token
                if next == .closedParenthesis {
                    values.insert("")
                    return values
                }
                if next == .comma {
                    _ = self.consume()
                    values.insert("")
                }
            default:
                throw .init(message: "found '\(item.literal)', expected: ',', or identifier")
            }
        }
    }

    private static func scan(_ bytes: [UInt8]) -> [Item] {
        var items: [Item] = []
        var offset = 0
        while offset < bytes.count {
            if self.isSpace(bytes[offset]) {
                offset += 1
                continue
            }
            let start = offset
            if self.isSpecial(bytes[offset]) {
                // The longest symbol wins: `==` before `=`, `!=` before `!`.
                let pair = offset + 1 < bytes.count ? self.symbol(bytes[offset..<offset + 2]) : nil
                let token = pair ?? self.symbol(bytes[offset..<offset + 1]) ?? .error
                offset += pair == nil ? 1 : 2
                items.append(Item(token: token, literal: self.text(bytes[start..<offset])))
                continue
            }
            while offset < bytes.count, !self.isSpace(bytes[offset]), !self.isSpecial(bytes[offset]) { offset += 1 }
            let word = self.text(bytes[start..<offset])
            let token: Token = word == "in" ? .isIn : word == "notin" ? .isNotIn : .identifier
            items.append(Item(token: token, literal: word))
        }
        items.append(Item(token: .end, literal: ""))
        return items
    }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 || byte == 10 || byte == 13 }

    private static func isSpecial(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "="), UInt8(ascii: "!"), UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: ","),
            UInt8(ascii: ">"), UInt8(ascii: "<"):
            true
        default: false
        }
    }

    private static func symbol(_ bytes: ArraySlice<UInt8>) -> Token? {
        switch self.text(bytes) {
        case "=": .equals
        case "==": .doubleEquals
        case "!": .not
        case "!=": .notEquals
        case "(": .openParenthesis
        case ")": .closedParenthesis
        case ",": .comma
        case ">": .greaterThan
        case "<": .lessThan
        default: nil
        }
    }
}
