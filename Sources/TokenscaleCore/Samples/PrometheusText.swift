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
///
/// By bytes, not by characters: for Swift, CR LF is one character, and so is a quote with a combining mark behind it.
///
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
        for line in text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            number += 1
            let line = line.drop(while: Self.isSpace)
            if line.isEmpty || line.first == UInt8(ascii: "#") { continue }
            let name = line.prefix { $0 != UInt8(ascii: "{") && !Self.isSpace($0) }
            guard !name.isEmpty else { throw .malformed(line: number) }
            guard isWanted(Substring(name)) else { continue }
            guard let sample = Self.sample(name: name, rest: line[name.endIndex...]) else {
                throw .malformed(line: number)
            }
            guard samples.count < sampleLimit else { throw .tooManySamples(limit: sampleLimit) }
            samples.append(sample)
        }
        return samples
    }

    private static func sample(name: Substring.UTF8View, rest: Substring.UTF8View) -> PrometheusSample? {
        var rest = rest
        var labels: [String: String] = [:]
        if rest.first == UInt8(ascii: "{") {
            rest.removeFirst()
            guard let parsed = Self.labels(&rest) else { return nil }
            labels = parsed
        }
        let fields = rest.split(whereSeparator: Self.isSpace)
        guard let field = fields.first, let value = Self.value(Substring(field)) else { return nil }
        return PrometheusSample(name: String(Substring(name)), labels: labels, value: value)
    }

    /// Up to and with the closing brace.
    private static func labels(_ rest: inout Substring.UTF8View) -> [String: String]? {
        var labels: [String: String] = [:]
        while true {
            rest = rest.drop { Self.isSpace($0) || $0 == UInt8(ascii: ",") }
            if rest.first == UInt8(ascii: "}") {
                rest.removeFirst()
                return labels
            }
            let name = rest.prefix { $0 != UInt8(ascii: "=") && !Self.isSpace($0) && $0 != UInt8(ascii: "\"") }
            rest = rest[name.endIndex...].drop(while: Self.isSpace)
            guard !name.isEmpty, rest.popFirst() == UInt8(ascii: "=") else { return nil }
            rest = rest.drop(while: Self.isSpace)
            guard rest.popFirst() == UInt8(ascii: "\""), let value = Self.quoted(&rest) else { return nil }
            labels[String(Substring(name))] = value
        }
    }

    /// Up to and with the closing quote; `\\`, `\"` and `\n` are the escapes of the format.
    private static func quoted(_ rest: inout Substring.UTF8View) -> String? {
        var value: [UInt8] = []
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: value, as: UTF8.self)
            case UInt8(ascii: "\\"):
                guard let escaped = rest.popFirst() else { return nil }
                value.append(escaped == UInt8(ascii: "n") ? UInt8(ascii: "\n") : escaped)
            default: value.append(byte)
            }
        }
        return nil
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r")
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
