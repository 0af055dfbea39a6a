/// One setting: the row from which its flag, its variable, its key in the file, its help and its page are made.
///
/// The default is not written here: it is what a fresh ``Configuration`` holds.
struct Setting: Sendable {
    enum Section: String, CaseIterable, Sendable {
        case addresses = "Addresses"
        case receiver = "Receiving OTLP"
        case api = "Metrics APIs and Kubernetes"
        case counting = "Counting"
        case queue = "Queue depth"
        case detection = "Stuck-loop detection"
        case alerting = "Alerts"
        case process = "Process"
    }

    /// `kebab-case`, with its unit last: `rate-window-seconds`.
    let key: String
    let section: Section
    /// What may be written, in words: `1…3600`.
    let allowed: String
    let summary: String
    /// When the default depends on where the process runs, what it is; else `nil`.
    var defaultText: String?
    /// Its value may hold a secret and is not repeated in faults.
    var isSecret = false
    /// Throws the reason, without the key and the value.
    let read: @Sendable (ConfigurationValue, inout Configuration) throws(SettingError) -> Void
    let show: @Sendable (Configuration) -> String

    var flag: String { "--" + self.key }

    var variable: String {
        "TOKENSCALE_" + self.key.uppercased().map { $0 == "-" ? "_" : String($0) }.joined()
    }
}

/// Why a value cannot be taken.
struct SettingError: Error, Equatable, Sendable {
    var message: String
}

extension Setting {
    typealias Path<Value> = WritableKeyPath<Configuration, Value> & Sendable

    /// A setting of a type that is read from and shown as one text.
    static func scalar<Value>(
        _ key: String,
        _ section: Section,
        _ path: any Path<Value>,
        allowed: String,
        _ summary: String,
        parse: @escaping @Sendable (String) -> Value?,
        show: @escaping @Sendable (Value) -> String
    ) -> Setting {
        Setting(
            key: key,
            section: section,
            allowed: allowed,
            summary: summary,
            read: { value, configuration throws(SettingError) in
                guard case .text(let text) = value, let parsed = parse(text) else {
                    throw SettingError(message: "allowed: \(allowed)")
                }
                configuration[keyPath: path] = parsed
            },
            show: { show($0[keyPath: path]) }
        )
    }

    static func integer<Value: FixedWidthInteger & Sendable>(
        _ key: String,
        _ section: Section,
        _ path: any Path<Value>,
        in range: ClosedRange<Value>,
        _ summary: String
    ) -> Setting {
        .scalar(
            key,
            section,
            path,
            allowed: "a whole number, \(range.lowerBound)…\(range.upperBound)",
            summary,
            parse: { text in
                Self.wholeNumber(text).flatMap(Value.init(exactly:)).flatMap { range.contains($0) ? $0 : nil }
            },
            show: { String($0) }
        )
    }

    static func number<Value: DecimalNumber>(
        _ key: String,
        _ section: Section,
        _ path: any Path<Value>,
        in range: ClosedRange<Double>,
        _ summary: String
    ) -> Setting {
        .scalar(
            key,
            section,
            path,
            allowed: "a number, \(range.lowerBound.decimalText)…\(range.upperBound.decimalText)",
            summary,
            parse: { text in Double(text).flatMap { range.contains($0) ? Value(decimal: $0) : nil } },
            show: { $0.decimalText }
        )
    }

    static func choice<Value: CaseIterable & RawRepresentable<String> & Sendable>(
        _ key: String,
        _ section: Section,
        _ path: any Path<Value>,
        _ summary: String
    ) -> Setting {
        .scalar(
            key,
            section,
            path,
            allowed: Value.allCases.map(\.rawValue).joined(separator: ", "),
            summary,
            parse: { Value(rawValue: $0) },
            show: { $0.rawValue }
        )
    }

    static func address(_ key: String, port: Int, _ path: any Path<ListenAddress>, _ summary: String) -> Setting {
        var setting = Setting.scalar(
            key,
            .addresses,
            path,
            allowed: "HOST:PORT or [IPv6]:PORT with port 0…65535 (0: any free port), or off",
            summary,
            parse: { ListenAddress($0) },
            show: { $0.text }
        )
        setting.defaultText = "127.0.0.1:\(port); in a pod 0.0.0.0:\(port)"
        return setting
    }

    /// A file or folder. The empty text means: none.
    static func path(_ key: String, _ section: Section, _ path: any Path<String?>, _ summary: String) -> Setting {
        .optionalText(key, section, path, allowed: "a path", summary)
    }

    /// A text that may be absent.
    static func optionalText(
        _ key: String,
        _ section: Section,
        _ path: any Path<String?>,
        allowed: String,
        _ summary: String
    ) -> Setting {
        .scalar(
            key,
            section,
            path,
            allowed: "\(allowed), or empty for none",
            summary,
            parse: { text in .some(text.isEmpty ? nil : text) },
            show: { $0 ?? "" }
        )
    }

    /// A list of texts: a YAML list in the file; separated by commas in a flag or variable.
    static func texts(
        _ key: String,
        _ section: Section,
        _ path: any Path<[String]>,
        allowed: String,
        _ summary: String,
        isValid: @escaping @Sendable (String) -> Bool
    ) -> Setting {
        Setting(
            key: key,
            section: section,
            allowed: "\(allowed); a list, or separated by commas",
            summary: summary,
            read: { value, configuration throws(SettingError) in
                let texts = try Self.texts(of: value)
                for text in texts where !isValid(text) {
                    throw SettingError(message: "\(ConfigurationFault.quoted(text)) is not \(allowed)")
                }
                configuration[keyPath: path] = texts
            },
            show: { $0[keyPath: path].joined(separator: ",") }
        )
    }

    /// A list of objects: a YAML list in the file; YAML's flow style (or JSON) in a flag or variable.
    static func objects<Item: Sendable>(
        _ key: String,
        _ section: Section,
        _ path: any Path<[Item]>,
        allowed: String,
        _ summary: String,
        isSecret: Bool = false,
        parse: @escaping @Sendable (ConfigurationValue) throws(SettingError) -> Item,
        show: @escaping @Sendable (Item) -> String
    ) -> Setting {
        Setting(
            key: key,
            section: section,
            allowed: allowed,
            summary: summary,
            isSecret: isSecret,
            read: { value, configuration throws(SettingError) in
                var value = value
                if case .text(let text) = value { value = try ConfigurationFile.value(text: text) }
                if case .text("") = value { value = .list([]) }
                guard case .list(let items) = value else { throw SettingError(message: "allowed: \(allowed)") }
                var parsed: [Item] = []
                var faults: [String] = []
                for (index, item) in items.enumerated() {
                    do throws(SettingError) {
                        parsed.append(try parse(item))
                    } catch {
                        faults.append("item \(index + 1): \(error.message)")
                    }
                }
                guard faults.isEmpty else { throw SettingError(message: faults.joined(separator: "; ")) }
                configuration[keyPath: path] = parsed
            },
            show: { "[" + $0[keyPath: path].map(show).joined(separator: ", ") + "]" }
        )
    }

    static func texts(of value: ConfigurationValue) throws(SettingError) -> [String] {
        switch value {
        case .text(let text):
            return text.split(separator: ",").map { $0.trimmed }.filter { !$0.isEmpty }
        case .list(let items):
            var texts: [String] = []
            for case .text(let text) in items { texts.append(text) }
            guard texts.count == items.count else { throw SettingError(message: "every item must be one text") }
            return texts
        case .map:
            throw SettingError(message: "a list is wanted, not keys and values")
        }
    }

    /// `4194304` or `4_194_304`, or with a binary suffix: `4Ki`, `4Mi`, `1Gi`.
    static func wholeNumber(_ text: String) -> Int? {
        for (suffix, factor) in [("Ki", 1 << 10), ("Mi", 1 << 20), ("Gi", 1 << 30)] where text.hasSuffix(suffix) {
            guard let number = Int(text.dropLast(2)) else { return nil }
            let (product, overflow) = number.multipliedReportingOverflow(by: factor)
            return overflow ? nil : product
        }
        return Int(text.filter { $0 != "_" })
    }
}

extension Substring {
    /// Without white space at both ends.
    var trimmed: String {
        let start = self.drop { $0.isWhitespace }
        guard let last = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(start[...last])
    }
}
