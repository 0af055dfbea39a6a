/// What Kubernetes allows as label keys and values, with its messages.
/// <https://github.com/kubernetes/kubernetes/blob/v1.36.2/staging/src/k8s.io/apimachinery/pkg/util/validation/validation.go>
package enum LabelSyntax {
    private static let nameByteLimit = 63
    private static let prefixByteLimit = 253

    private static let nameRule = """
        must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric \
        character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is \
        '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')
        """
    private static let valueRule = """
        a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must \
        start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for \
        validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')
        """
    private static let prefixRule = #"""
        prefix part a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', \#
        and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is \#
        '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')
        """#

    /// What is wrong with a label key; `nil`: nothing.
    package static func faultOfKey(_ key: String) -> String? {
        let parts = key.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        var faults: [String] = []
        guard parts.count <= 2, let name = parts.last else {
            return "a qualified name \(self.nameRule) with an optional DNS subdomain prefix and '/' "
                + "(e.g. 'example.com/MyName')"
        }
        if parts.count == 2 {
            if parts[0].isEmpty {
                faults.append("prefix part must be non-empty")
            } else {
                if parts[0].count > self.prefixByteLimit {
                    faults.append("prefix part must be no more than \(self.prefixByteLimit) bytes")
                }
                if !self.isSubdomain(parts[0]) { faults.append(self.prefixRule) }
            }
        }
        if name.isEmpty {
            faults.append("name part must be non-empty")
        } else if name.count > self.nameByteLimit {
            faults.append("name part must be no more than \(self.nameByteLimit) bytes")
        }
        if !self.isName(name) { faults.append("name part " + self.nameRule) }
        return faults.isEmpty ? nil : faults.joined(separator: "; ")
    }

    /// What is wrong with a label value; `nil`: nothing.
    package static func faultOfValue(_ value: String) -> String? {
        var faults: [String] = []
        if value.utf8.count > self.nameByteLimit {
            faults.append("must be no more than \(self.nameByteLimit) bytes")
        }
        if !value.isEmpty, !self.isName(value.utf8[...]) { faults.append(self.valueRule) }
        return faults.isEmpty ? nil : faults.joined(separator: "; ")
    }

    /// The text in quotation marks, as Go's `%q` prints it; what is not printable ASCII is escaped.
    static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case _ where scalar.value < 32 || scalar.value == 127:
                let digits = String(scalar.value, radix: 16)
                result += "\\x" + (digits.count < 2 ? "0" + digits : digits)
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    /// `([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]`
    private static func isName(_ bytes: Substring.UTF8View) -> Bool {
        guard let first = bytes.first, let last = bytes.last else { return false }
        return self.isAlphanumeric(first) && self.isAlphanumeric(last)
            && bytes.allSatisfy { self.isAlphanumeric($0) || $0 == 45 || $0 == 95 || $0 == 46 }
    }

    /// Lower-case labels of letters, digits and inner hyphens, joined by dots.
    private static func isSubdomain(_ bytes: Substring.UTF8View) -> Bool {
        bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { label in
            guard let first = label.first, let last = label.last, first != 45, last != 45 else { return false }
            return label.allSatisfy { self.isAlphanumeric($0) && !(65...90).contains($0) || $0 == 45 }
        }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
    }
}
