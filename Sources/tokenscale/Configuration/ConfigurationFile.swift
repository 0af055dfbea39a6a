import FoundationEssentials
import Yams

/// The YAML file: one mapping of `key: value`, keys as the flags are named.
enum ConfigurationFile {
    struct Entry: Equatable, Sendable {
        var key: String
        var value: ConfigurationValue
        /// From 1.
        var line: Int
    }

    /// A file beyond this is not a configuration.
    static let byteLimit = 1 << 20

    /// - Throws: The file cannot be read or is not YAML: with the line, and what to do.
    static func read(path: String, source: String = "--config") throws(ConfigurationFault) -> [Entry] {
        let data: Data
        do {
            data = try Data(contentsOf: URL(filePath: path))
        } catch {
            let message = "the file cannot be read; check the path and its permissions"
            throw ConfigurationFault(key: "config", seen: path, source: source, message: message)
        }
        guard data.count <= self.byteLimit else {
            let message = "\(data.count) bytes; allowed: at most \(self.byteLimit)"
            throw ConfigurationFault(key: "config", seen: path, source: source, message: message)
        }
        return try self.entries(text: String(decoding: data, as: UTF8.self), path: path)
    }

    static func entries(text: String, path: String) throws(ConfigurationFault) -> [Entry] {
        guard let node = try self.compose(text, path: path) else { return [] }
        if case .scalar(let scalar) = node, scalar.string.isEmpty { return [] }
        guard case .mapping(let mapping) = node else {
            var seen = "one text"
            if case .sequence = node { seen = "a list" }
            let message = "the file holds \(seen); it must hold lines of `key: value`, with a space behind the colon"
            throw ConfigurationFault(key: "config", seen: nil, source: path, message: message)
        }
        return mapping.map { key, value in
            // A key that is a list or a mapping is no setting: what it holds says where it is.
            Entry(key: key.string ?? self.value(key).text, value: self.value(value), line: key.mark?.line ?? 0)
        }
    }

    /// The value of a flag or a variable that holds a list of objects, in YAML's flow style (JSON is a part of it).
    static func value(text: String) throws(SettingError) -> ConfigurationValue {
        do throws(ConfigurationFault) {
            guard let node = try self.compose(text, path: "value") else { return .list([]) }
            return self.value(node)
        } catch {
            throw SettingError(message: error.message)
        }
    }

    private static func compose(_ text: String, path: String) throws(ConfigurationFault) -> Node? {
        do {
            return try Yams.compose(yaml: text)
        } catch let error as YamlError {
            throw ConfigurationFault(key: "config", seen: nil, source: path, message: self.message(of: error))
        } catch {
            throw ConfigurationFault(key: "config", seen: nil, source: path, message: "not YAML")
        }
    }

    private static func message(of error: YamlError) -> String {
        switch error {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            "line \(mark.line), column \(mark.column): not YAML: \(self.prefix(context))\(problem)"
        case .duplicatedKeysInMapping(let keys, _):
            "written twice: \(keys.sorted().joined(separator: ", "))"
        default: "not YAML"
        }
    }

    /// What the parser was about: `while scanning a quoted scalar that begins in line 3, `.
    private static func prefix(_ context: YamlError.Context?) -> String {
        guard let context, !context.text.isEmpty else { return "" }
        return "\(context.text)\(context.mark.line > 0 ? " that begins in line \(context.mark.line)" : ""), "
    }

    private static func value(_ node: Node) -> ConfigurationValue {
        switch node {
        case .scalar(let scalar):
            // `key:` and `key: null` clear a value.
            let isNull = scalar.style == .plain && ["~", "null"].contains(scalar.string)
            return .text(isNull ? "" : scalar.string)
        case .sequence(let sequence):
            return .list(sequence.map { self.value($0) })
        case .mapping(let mapping):
            return .map(mapping.map { .init(key: $0.key.string ?? "", value: self.value($0.value)) })
        case .alias:
            return .text("")
        }
    }

    /// A text as a YAML scalar: plain where that is safe, else in double quotes.
    static func quoted(_ text: String) -> String {
        if text.hasPrefix("["), text.hasSuffix("]") { return text }
        let isPlain =
            !text.isEmpty
            && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-._/:,*+%".contains($0)) }
            && !text.hasPrefix("-") && !text.hasPrefix("*") && !text.hasPrefix("%") && !text.hasPrefix(",")
            && !text.hasSuffix(":") && !["true", "false", "null", "off", "on", "yes", "no"].contains(text)
        if isPlain || ["true", "false"].contains(text) { return text }
        return "\"" + text.map { ["\"": "\\\"", "\\": "\\\\", "\n": "\\n"][$0] ?? String($0) }.joined() + "\""
    }
}
