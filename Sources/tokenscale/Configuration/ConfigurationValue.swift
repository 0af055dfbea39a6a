/// What a flag, a variable or a key of the file holds, before anybody knows its type.
indirect enum ConfigurationValue: Equatable, Sendable {
    case text(String)
    case list([ConfigurationValue])
    case map([Entry])

    struct Entry: Equatable, Sendable {
        var key: String
        var value: ConfigurationValue
    }

    /// Short, for messages.
    var text: String {
        switch self {
        case .text(let text): text
        case .list(let items): "[" + items.map(\.text).joined(separator: ", ") + "]"
        case .map(let entries): "{" + entries.map { "\($0.key): \($0.value.text)" }.joined(separator: ", ") + "}"
        }
    }
}

/// Where a value was set.
enum ConfigurationSource: Equatable, Sendable {
    case builtIn
    case file(path: String, line: Int)
    case environment(variable: String)
    case flag(name: String)

    var text: String {
        switch self {
        case .builtIn: "default"
        case .file(let path, let line): "\(path):\(line)"
        case .environment(let variable): "$\(variable)"
        case .flag(let name): name
        }
    }
}

/// One thing wrong with the configuration: what was seen, where, and what is allowed.
struct ConfigurationFault: Error, Equatable, Sendable {
    /// The setting's key, or the flag, variable or file as written.
    var key: String
    var seen: String?
    var source: String
    /// What is allowed, or what to do.
    var message: String

    var text: String {
        let value = self.seen.map { " = \(Self.quoted($0))" } ?? ""
        return "\(self.key)\(value) (\(self.source)): \(self.message)"
    }

    /// A value on one line, cut at 80 characters.
    static func quoted(_ text: String) -> String {
        let line = text.map { $0.isNewline ? " " : String($0) }.joined()
        return "\"" + (line.count > 80 ? line.prefix(77) + "..." : line) + "\""
    }
}

/// Every fault of a configuration, at once. The process exits 78 (`EX_CONFIG` of sysexits.h).
struct ConfigurationError: Error, Sendable {
    var faults: [ConfigurationFault]

    static let exitCode: Int32 = 78

    var text: String {
        let count = self.faults.count
        let head = count == 1 ? "1 fault in the configuration" : "\(count) faults in the configuration"
        return ([head + ":"] + self.faults.map { "  " + $0.text }).joined(separator: "\n")
            + "\nSee tokenscale serve --help for every setting."
    }
}
