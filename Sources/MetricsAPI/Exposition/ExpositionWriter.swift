/// What a scraper asked for.
package enum ExpositionFormat: Sendable {
    /// Prometheus text 0.0.4. <https://prometheus.io/docs/instrumenting/exposition_formats/>
    case text
    /// OpenMetrics 1.0. <https://github.com/prometheus/OpenMetrics/blob/main/specification/OpenMetrics.md>
    case openMetrics

    /// The format with the highest quality; text when nothing is known to be acceptable.
    static func negotiate(_ accept: AcceptHeader) -> (format: ExpositionFormat, escaping: String?) {
        var best: (format: ExpositionFormat, escaping: String?) = (.text, nil)
        var quality = 0.0
        for entry in accept.entries where entry.quality > quality {
            let version = entry.parameters["version"]
            switch entry.value {
            case "application/openmetrics-text" where version == nil || version == "1.0.0":
                best = (.openMetrics, entry.parameters["escaping"])
            case "text/plain" where version == nil || version == "0.0.4", "text/*", "*/*":
                best = (.text, nil)
            default: continue
            }
            quality = entry.quality
        }
        return best
    }

    func contentType(escaping: String?) -> String {
        let known = ["allow-utf-8", "underscores", "dots", "values"]
        let suffix = escaping.flatMap { known.contains($0) ? "; escaping=\($0)" : nil } ?? ""
        return switch self {
        case .text: "text/plain; version=0.0.4; charset=utf-8"
        case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8\(suffix)"
        }
    }
}

/// Writes metric families. A family's samples follow its head without others between.
struct ExpositionWriter: Sendable {
    enum Kind: String, Sendable {
        case counter
        case gauge
        /// Its samples have suffixes: `_bucket`, `_sum`, `_count`.
        case histogram
    }

    private(set) var bytes: [UInt8] = []
    let format: ExpositionFormat
    /// Of the current family's samples.
    private var sampleName: [UInt8] = []
    private var createdName: [UInt8] = []

    private static let units = ["seconds", "bytes", "ratio"]

    init(format: ExpositionFormat, reservedByteCount: Int = 0) {
        self.format = format
        self.bytes.reserveCapacity(reservedByteCount)
    }

    /// Begins a family.
    ///
    /// - Parameter name: Without `_total`: counters get it here.
    mutating func family(_ name: String, _ kind: Kind, _ help: String) {
        let sample = kind == .counter ? name + "_total" : name
        let head = self.format == .openMetrics ? name : sample
        self.append("# TYPE \(head) \(kind.rawValue)\n")
        if self.format == .openMetrics, let unit = Self.units.first(where: { name.hasSuffix("_" + $0) }) {
            self.append("# UNIT \(name) \(unit)\n")
        }
        self.append("# HELP \(head) ")
        self.appendEscaped(help, quote: false)
        self.bytes.append(10)
        self.sampleName = Array(sample.utf8)
        self.createdName = Array((name + "_created").utf8)
    }

    /// A sample whose labels are written already: `{…}` or nothing.
    mutating func sample(labels: borrowing LabelBlock, _ value: Int64) {
        self.bytes.append(contentsOf: self.sampleName)
        self.bytes.append(contentsOf: labels.bytes)
        self.bytes.append(32)
        self.append(value)
        self.bytes.append(10)
    }

    mutating func sample(labels: borrowing LabelBlock, _ value: Double) {
        // Whole numbers, which nearly all are, print faster and shorter without the fraction.
        if let whole = Int64(exactly: value) { return self.sample(labels: labels, whole) }
        self.bytes.append(contentsOf: self.sampleName)
        self.bytes.append(contentsOf: labels.bytes)
        self.bytes.append(32)
        self.append(value.isNaN ? "NaN" : value == .infinity ? "+Inf" : value == -.infinity ? "-Inf" : "\(value)")
        self.bytes.append(10)
    }

    /// A sample of a histogram: the family's name with `suffix`.
    mutating func sample(suffix: String, labels: borrowing LabelBlock, _ value: Double) {
        let name = self.sampleName
        self.sampleName += Array(suffix.utf8)
        self.sample(labels: labels, value)
        self.sampleName = name
    }

    mutating func sample(_ labels: [(String, String)] = [], _ value: Double) {
        self.sample(labels: LabelBlock(labels), value)
    }

    mutating func sample(_ labels: [(String, String)] = [], _ value: Int64) {
        self.sample(labels: LabelBlock(labels), value)
    }

    /// When a counter began to count, in seconds since 1970; OpenMetrics only.
    mutating func created(labels: borrowing LabelBlock, seconds: Double) {
        guard self.format == .openMetrics else { return }
        self.bytes.append(contentsOf: self.createdName)
        self.bytes.append(contentsOf: labels.bytes)
        self.append(" \(seconds)\n")
    }

    mutating func end() {
        if self.format == .openMetrics { self.append("# EOF\n") }
    }

    private mutating func append(_ text: String) { self.bytes.append(contentsOf: text.utf8) }

    private mutating func appendEscaped(_ text: String, quote: Bool) {
        LabelBlock.appendEscaped(text, quote: quote, to: &self.bytes)
    }

    private mutating func append(_ value: Int64) {
        guard value < 0 || value > 9 else { return self.bytes.append(48 + UInt8(value)) }
        var magnitude = value.magnitude
        if value < 0 { self.bytes.append(45) }
        var digitCount = 0
        var rest = magnitude
        while rest > 0 {
            rest /= 10
            digitCount += 1
        }
        let start = self.bytes.count
        self.bytes.append(contentsOf: repeatElement(48, count: digitCount))
        var index = start + digitCount
        while magnitude > 0 {
            index -= 1
            self.bytes[index] = 48 + UInt8(magnitude % 10)
            magnitude /= 10
        }
    }
}

/// The labels of a sample, escaped once and used for several families.
struct LabelBlock: Sendable {
    private(set) var bytes: [UInt8]

    static let none = LabelBlock([])

    init(_ labels: [(String, String)]) {
        self.bytes = []
        guard !labels.isEmpty else { return }
        self.bytes.reserveCapacity(64)
        self.bytes.append(123)
        for (index, label) in labels.enumerated() {
            if index > 0 { self.bytes.append(44) }
            Self.append(label.0, label.1, to: &self.bytes)
        }
        self.bytes.append(125)
    }

    /// These labels and more. The block must not be empty.
    func adding(_ name: StaticString, _ value: String) -> LabelBlock {
        var block = self
        block.bytes[block.bytes.count - 1] = 44
        Self.append(name.description, value, to: &block.bytes)
        block.bytes.append(125)
        return block
    }

    private static func append(_ name: String, _ value: String, to bytes: inout [UInt8]) {
        bytes.append(contentsOf: name.utf8)
        bytes.append(61)
        bytes.append(34)
        self.appendEscaped(value, quote: true, to: &bytes)
        bytes.append(34)
    }

    /// `\`, line feed and, in label values, `"` are escaped.
    static func appendEscaped(_ text: String, quote: Bool, to bytes: inout [UInt8]) {
        let utf8 = text.utf8
        if utf8.allSatisfy({ $0 != 92 && $0 != 10 && $0 != 34 }) {
            bytes.append(contentsOf: utf8)
            return
        }
        for byte in utf8 {
            switch byte {
            case 92: bytes.append(contentsOf: [92, 92])
            case 10: bytes.append(contentsOf: [92, 110])
            case 34 where quote: bytes.append(contentsOf: [92, 34])
            default: bytes.append(byte)
            }
        }
    }
}
