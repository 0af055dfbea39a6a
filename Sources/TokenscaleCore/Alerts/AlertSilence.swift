/// `name=pattern` or `name!=pattern`; `*` in the pattern stands for any text, also none. A missing label is empty.
///
/// Deliberately not a regular expression: label values are names, and a pattern that an operator types at night must
/// neither need escaping nor be able to take long.
package struct LabelMatcher: Hashable, Codable, Sendable, CustomStringConvertible {
    package var name: String
    package var isNegated: Bool
    package var pattern: String

    package init(name: String, isNegated: Bool = false, pattern: String) {
        self.name = name
        self.isNegated = isNegated
        self.pattern = pattern
    }

    /// `nil` when there is no `=`, or the name is not a label name.
    package init?(parsing text: String) {
        guard let equals = text.firstIndex(of: "=") else { return nil }
        var name = text[..<equals]
        let isNegated = name.hasSuffix("!")
        if isNegated { name.removeLast() }
        let isName = name.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte) || byte == 0x5f
        }
        let pattern = text[text.index(after: equals)...]
        // "=~" is Alertmanager's operator for regular expressions: refuse it instead of matching a literal "~".
        guard !name.isEmpty, isName, !pattern.hasPrefix("~"), name.utf8.first.map({ $0 > 0x39 }) ?? false else {
            return nil
        }
        self.init(name: String(name), isNegated: isNegated, pattern: String(pattern))
    }

    /// Why no alert can match: a label that none has, or a value that the label never takes. A silence that matches
    /// nothing would be taken for quiet.
    ///
    /// - Parameter external: Names of labels that the configuration puts on every alert.
    package func fault(external: some Collection<String> = []) -> String? {
        let labels = AlertLabel.names.sorted() + external.sorted()
        guard labels.contains(self.name) else {
            let near = NameSuggestion.nearest(to: self.name, in: labels).map { "; did you mean \($0)?" } ?? ""
            return "no alert has a label \(self.name)\(near) (labels are \(labels.joined(separator: ", ")))"
        }
        guard let values = AlertLabel.values[self.name], !values.contains(where: { self.isMatch($0) }) else {
            return nil
        }
        let near = NameSuggestion.nearest(to: self.pattern, in: values).map { "; did you mean \($0)?" } ?? ""
        return "\(self.name) is never \(self.pattern)\(near) (it is one of \(values.joined(separator: ", ")))"
    }

    package var description: String { "\(self.name)\(self.isNegated ? "!=" : "=")\(self.pattern)" }

    package func matches(_ labels: [String: String]) -> Bool {
        self.isMatch(labels[self.name] ?? "") != self.isNegated
    }

    private func isMatch(_ text: String) -> Bool { Self.matches(Array(text.utf8), Array(self.pattern.utf8)) }

    /// Greedy matching with one point of return: O(text × pattern) at worst, no recursion.
    private static func matches(_ text: [UInt8], _ pattern: [UInt8]) -> Bool {
        let star = UInt8(ascii: "*")
        var textIndex = 0
        var patternIndex = 0
        var resume: (text: Int, pattern: Int)?
        while textIndex < text.count {
            if patternIndex < pattern.count, pattern[patternIndex] == star {
                patternIndex += 1
                resume = (textIndex, patternIndex)
            } else if patternIndex < pattern.count, pattern[patternIndex] == text[textIndex] {
                textIndex += 1
                patternIndex += 1
            } else if let point = resume {
                textIndex = point.text + 1
                patternIndex = point.pattern
                resume = (textIndex, patternIndex)
            } else {
                return false
            }
        }
        return pattern[patternIndex...].allSatisfy { $0 == star }
    }
}

extension [LabelMatcher] {
    /// All must match. No matcher matches everything.
    package func matchAll(_ labels: [String: String]) -> Bool { self.allSatisfy { $0.matches(labels) } }
}

/// Alerts that nobody is to be told of, for a time.
package struct AlertSilence: Equatable, Codable, Sendable {
    package var id: String
    package var matchers: [LabelMatcher]
    package var startsAt: Timestamp
    package var endsAt: Timestamp
    package var createdBy: String
    package var comment: String

    package init(
        id: String,
        matchers: [LabelMatcher],
        startsAt: Timestamp,
        endsAt: Timestamp,
        createdBy: String,
        comment: String
    ) {
        self.id = id
        self.matchers = matchers
        self.startsAt = startsAt
        self.endsAt = endsAt
        self.createdBy = createdBy
        self.comment = comment
    }

    package func isActive(at now: Timestamp) -> Bool { self.startsAt <= now && now < self.endsAt }

    /// A silence without matchers would hide everything by mistake: it hides nothing.
    package func hides(_ labels: [String: String], at now: Timestamp) -> Bool {
        self.isActive(at: now) && !self.matchers.isEmpty && self.matchers.matchAll(labels)
    }
}
