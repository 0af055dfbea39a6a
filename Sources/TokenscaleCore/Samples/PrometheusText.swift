/// One line of a Prometheus text exposition.
package struct PrometheusSample: Equatable, Sendable {
    package var name: String
    package var labels: [String: String]
    package var value: Double

    package init(name: String, labels: [String: String] = [:], value: Double) {
        self.name = name
        self.labels = labels
        self.value = value
    }
}

/// Why an exposition cannot be read. Scraping again later may help: the program behind it may have changed.
package enum PrometheusTextError: Error, Equatable, Sendable {
    /// The line (from 1) is no sample and no comment.
    case malformed(line: Int)
    case tooManySamples(limit: Int)

    package var isRetryable: Bool { true }
}

/// Reads the text format 0.0.4 and what OpenMetrics 1.0 adds to a line: exemplars and timestamps are skipped.
/// <https://github.com/prometheus/docs/blob/main/docs/instrumenting/exposition_formats.md>
package enum PrometheusText {
    /// - Parameters:
    ///   - text: The whole body.
    ///   - isWanted: Whether samples of this name are to be kept; others are checked only for their name.
    ///   - sampleLimit: Kept samples; one more is an error.
    package static func samples(
        _ text: String,
        sampleLimit: Int,
        isWanted: (Substring) -> Bool = { _ in true }
    ) throws(PrometheusTextError) -> [PrometheusSample] {
        var samples: [PrometheusSample] = []
        var number = 0
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            number += 1
            let line = line.drop { $0 == " " || $0 == "\t" }
            if line.isEmpty || line.first == "#" || line.first == "\r" { continue }
            let name = line.prefix { $0 != "{" && $0 != " " && $0 != "\t" }
            guard !name.isEmpty else { throw .malformed(line: number) }
            guard isWanted(name) else { continue }
            guard let sample = Self.sample(name: name, rest: line[name.endIndex...]) else {
                throw .malformed(line: number)
            }
            guard samples.count < sampleLimit else { throw .tooManySamples(limit: sampleLimit) }
            samples.append(sample)
        }
        return samples
    }

    private static func sample(name: Substring, rest: Substring) -> PrometheusSample? {
        var rest = rest
        var labels: [String: String] = [:]
        if rest.first == "{" {
            rest = rest.dropFirst()
            guard let parsed = Self.labels(&rest) else { return nil }
            labels = parsed
        }
        let fields = rest.split { $0 == " " || $0 == "\t" || $0 == "\r" }
        guard let field = fields.first, let value = Self.value(field) else { return nil }
        return PrometheusSample(name: String(name), labels: labels, value: value)
    }

    /// Up to and with the closing brace.
    private static func labels(_ rest: inout Substring) -> [String: String]? {
        var labels: [String: String] = [:]
        while true {
            rest = rest.drop { $0 == " " || $0 == "," }
            if rest.first == "}" {
                rest = rest.dropFirst()
                return labels
            }
            let name = rest.prefix { $0 != "=" && $0 != " " && $0 != "\"" }
            rest = rest[name.endIndex...].drop { $0 == " " }
            guard !name.isEmpty, rest.first == "=" else { return nil }
            rest = rest.dropFirst().drop { $0 == " " }
            guard rest.first == "\"" else { return nil }
            rest = rest.dropFirst()
            guard let value = Self.quoted(&rest) else { return nil }
            labels[String(name)] = value
        }
    }

    /// Up to and with the closing quote; `\\`, `\"` and `\n` are the escapes of the format.
    private static func quoted(_ rest: inout Substring) -> String? {
        var value = ""
        while let character = rest.popFirst() {
            switch character {
            case "\"": return value
            case "\\":
                guard let escaped = rest.popFirst() else { return nil }
                value.append(escaped == "n" ? "\n" : escaped)
            default: value.append(character)
            }
        }
        return nil
    }

    private static func value(_ text: Substring) -> Double? {
        switch text {
        case "+Inf", "Inf": .infinity
        case "-Inf": -.infinity
        case "NaN": .nan
        default: Double(text)
        }
    }
}
