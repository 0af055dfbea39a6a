import TokenscaleCore

/// The keys and values of one object in a list, read by name.
struct ConfigurationFields: Sendable {
    private var values: [String: ConfigurationValue] = [:]

    /// - Parameter known: Every key that may be there.
    init(_ value: ConfigurationValue, known: [String]) throws(SettingError) {
        guard case .map(let entries) = value else {
            throw SettingError(message: "every item must have keys and values: \(known.joined(separator: ", "))")
        }
        for entry in entries {
            guard known.contains(entry.key) else {
                let near = NameSuggestion.nearest(to: entry.key, in: known).map { "; did you mean \($0)?" } ?? ""
                let list = known.joined(separator: ", ")
                throw SettingError(
                    message: "no such key \(ConfigurationFault.quoted(entry.key))\(near) (allowed: \(list))"
                )
            }
            guard self.values.updateValue(entry.value, forKey: entry.key) == nil else {
                throw SettingError(message: "\(entry.key) is written twice")
            }
        }
    }

    func text(_ key: String) throws(SettingError) -> String {
        guard let text = try self.optionalText(key) else { throw SettingError(message: "\(key) is missing") }
        return text
    }

    func optionalText(_ key: String) throws(SettingError) -> String? {
        switch self.values[key] {
        case nil: return nil
        case .text(let text): return text.isEmpty ? nil : text
        default: throw SettingError(message: "\(key) must be one text")
        }
    }

    /// A list of texts, or one text.
    func texts(_ key: String) throws(SettingError) -> [String] {
        switch self.values[key] {
        case nil: return []
        case .text(let text): return text.split(separator: ",").map { $0.trimmed }
        case .list(let items):
            var texts: [String] = []
            for item in items {
                guard case .text(let text) = item else { throw SettingError(message: "\(key) must be a list of texts") }
                texts.append(text)
            }
            return texts
        case .map: throw SettingError(message: "\(key) must be a list of texts")
        }
    }

    func boolean(_ key: String, default: Bool) throws(SettingError) -> Bool {
        guard let text = try self.optionalText(key) else { return `default` }
        guard let value = ["true": true, "false": false][text] else {
            throw SettingError(message: "\(key) must be true or false")
        }
        return value
    }

    func number(_ key: String, in range: ClosedRange<Double>) throws(SettingError) -> Double? {
        guard let text = try self.optionalText(key) else { return nil }
        guard let value = Double(text), range.contains(value) else {
            let allowed = "\(range.lowerBound.decimalText)…\(range.upperBound.decimalText)"
            throw SettingError(message: "\(key) must be a number, \(allowed)")
        }
        return value
    }
}
