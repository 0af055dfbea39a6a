import TokenscaleCore

/// Writes JSON members in the order they are given: the metrics APIs have recorded bodies to match byte for byte.
package struct JSONWriter: Sendable {
    package private(set) var bytes: [UInt8] = []
    private var needsComma = false

    package init() {}

    package mutating func object(_ members: (inout JSONWriter) -> Void) { self.nest("{", "}", members) }

    package mutating func array(_ elements: (inout JSONWriter) -> Void) { self.nest("[", "]", elements) }

    package mutating func object(_ key: String, _ members: (inout JSONWriter) -> Void) {
        self.key(key)
        self.object(members)
    }

    package mutating func array(_ key: String, _ elements: (inout JSONWriter) -> Void) {
        self.key(key)
        self.array(elements)
    }

    package mutating func strings(_ key: String, _ values: some Sequence<String>) {
        self.array(key) { for value in values { $0.element(value) } }
    }

    package mutating func member(_ key: String, _ value: String) {
        self.key(key)
        self.string(value)
        self.needsComma = true
    }

    /// Left out when `nil`.
    package mutating func member(_ key: String, ifPresent value: String?) {
        if let value { self.member(key, value) }
    }

    package mutating func member(_ key: String, _ value: some BinaryInteger) {
        self.key(key)
        self.raw(String(value))
    }

    package mutating func member(_ key: String, _ value: Bool) {
        self.key(key)
        self.raw(value ? "true" : "false")
    }

    /// JSON has no NaN or infinity: they become `null`.
    package mutating func member(_ key: String, _ value: Double) {
        self.key(key)
        self.raw(value.isFinite ? "\(value)" : "null")
    }

    package mutating func null(_ key: String) {
        self.key(key)
        self.raw("null")
    }

    package mutating func element(_ value: String) {
        self.comma()
        self.string(value)
        self.needsComma = true
    }

    /// Go's encoder ends every document with a line feed.
    package mutating func endLine() { self.bytes.append(10) }

    private mutating func key(_ key: String) {
        self.comma()
        self.string(key)
        self.bytes.append(58)
        self.needsComma = false
    }

    private mutating func nest(_ open: Unicode.Scalar, _ close: Unicode.Scalar, _ body: (inout JSONWriter) -> Void) {
        self.comma()
        self.bytes.append(UInt8(ascii: open))
        self.needsComma = false
        body(&self)
        self.bytes.append(UInt8(ascii: close))
        self.needsComma = true
    }

    private mutating func raw(_ text: String) {
        self.comma()
        self.bytes.append(contentsOf: text.utf8)
        self.needsComma = true
    }

    private mutating func comma() {
        if self.needsComma { self.bytes.append(44) }
        self.needsComma = false
    }

    private mutating func string(_ text: String) { self.bytes.append(jsonString: text) }
}
