import TokenscaleCore

/// Puts a configuration together: flags over environment over file over defaults; collects every fault.
struct ConfigurationReader: Sendable {
    /// The table, in the order of the documentation.
    var settings: [Setting] = Setting.all
    /// Environment of the process.
    var environment: [String: String]

    /// A value with the place it was found.
    private struct Assignment {
        var key: String
        var value: ConfigurationValue
        var source: ConfigurationSource
    }

    /// - Parameters:
    ///   - arguments: `--key value` and `--key=value`, as they stood on the command line.
    ///   - file: The file of `--config`, if any.
    /// - Throws: Every fault at once. Retrying does not help.
    func read(arguments: [String], file: String?) throws(ConfigurationError) -> EffectiveConfiguration {
        var faults: [ConfigurationFault] = []
        var effective = EffectiveConfiguration(
            settings: self.settings,
            configuration: Configuration(environment: self.environment)
        )
        var assignments: [Assignment] = []
        if let path = file ?? self.environment["TOKENSCALE_CONFIG"], !path.isEmpty {
            let source = file == nil ? "$TOKENSCALE_CONFIG" : "--config"
            assignments += self.fileAssignments(path, source: source, faults: &faults)
        }
        assignments += self.environmentAssignments(warnings: &effective.warnings)
        assignments += self.argumentAssignments(arguments, faults: &faults)
        for assignment in assignments {
            guard let setting = self.settings.first(where: { $0.key == assignment.key }) else { continue }
            do throws(SettingError) {
                try setting.read(assignment.value, &effective.configuration)
                effective.sources[setting.key] = assignment.source
            } catch {
                faults.append(
                    ConfigurationFault(
                        key: setting.key,
                        seen: setting.isSecret ? nil : assignment.value.text,
                        source: assignment.source.text,
                        message: error.message
                    )
                )
            }
        }
        if faults.isEmpty { faults = effective.configuration.contradictions(source: effective.source(of:)) }
        guard faults.isEmpty else { throw ConfigurationError(faults: faults) }
        return effective
    }

    private func fileAssignments(
        _ path: String,
        source: String,
        faults: inout [ConfigurationFault]
    ) -> [Assignment] {
        let entries: [ConfigurationFile.Entry]
        do throws(ConfigurationFault) {
            entries = try ConfigurationFile.read(path: path, source: source)
        } catch {
            faults.append(error)
            return []
        }
        return entries.compactMap { entry in
            let source = ConfigurationSource.file(path: path, line: entry.line)
            guard self.isKnown(entry.key) else {
                faults.append(self.unknown(entry.key, source: source.text, prefix: ""))
                return nil
            }
            return Assignment(key: entry.key, value: entry.value, source: source)
        }
    }

    /// A variable that is no setting is not a fault: Kubernetes itself puts `TOKENSCALE_SERVICE_HOST` and its like into
    /// every pod beside a Service of that name. One that looks like a slip is worth a warning.
    private func environmentAssignments(warnings: inout [String]) -> [Assignment] {
        var assignments: [Assignment] = []
        var known: Set<String> = ["TOKENSCALE_CONFIG"]
        for setting in self.settings {
            known.insert(setting.variable)
            guard let text = self.environment[setting.variable] else { continue }
            let source = ConfigurationSource.environment(variable: setting.variable)
            assignments.append(Assignment(key: setting.key, value: .text(text), source: source))
        }
        for name in self.environment.keys.sorted() where name.hasPrefix("TOKENSCALE_") && !known.contains(name) {
            guard let near = NameSuggestion.nearest(to: name, in: known) else { continue }
            warnings.append("\(name) is not a setting; did you mean \(near)?")
        }
        return assignments
    }

    private func argumentAssignments(_ arguments: [String], faults: inout [ConfigurationFault]) -> [Assignment] {
        var assignments: [Assignment] = []
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            guard argument.hasPrefix("--"), argument.count > 2 else {
                faults.append(
                    ConfigurationFault(
                        key: argument,
                        seen: nil,
                        source: "command line",
                        message: "not a flag; settings are written --key VALUE or --key=VALUE"
                    )
                )
                continue
            }
            let parts = argument.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let key = String(parts[0])
            let source = ConfigurationSource.flag(name: "--" + key)
            var text = parts.count == 2 ? String(parts[1]) : nil
            if text == nil, let next = rest.first, !next.hasPrefix("--") {
                text = next
                rest.removeFirst()
            }
            guard let setting = self.settings.first(where: { $0.key == key }) else {
                faults.append(self.unknown("--" + key, source: "command line", prefix: "--"))
                continue
            }
            guard let text else {
                let message = "a value is missing; allowed: \(setting.allowed)"
                faults.append(ConfigurationFault(key: key, seen: nil, source: "command line", message: message))
                continue
            }
            assignments.append(Assignment(key: key, value: .text(text), source: source))
        }
        return assignments
    }

    private func isKnown(_ key: String) -> Bool { self.settings.contains { $0.key == key } }

    private func unknown(_ written: String, source: String, prefix: String) -> ConfigurationFault {
        let word = String(written.dropFirst(prefix.count))
        let near = NameSuggestion.similar(to: word, in: self.settings.map(\.key)).map { prefix + $0 }
        let hint = near.isEmpty ? "; see tokenscale serve --help" : "; did you mean \(near.joined(separator: " or "))?"
        return ConfigurationFault(key: written, seen: nil, source: source, message: "no such setting" + hint)
    }
}

/// A configuration without faults, and where each value of it comes from.
struct EffectiveConfiguration: Sendable {
    var settings: [Setting]
    var configuration: Configuration
    var sources: [String: ConfigurationSource] = [:]
    /// Not faults, but worth a line.
    var warnings: [String] = []

    func source(of key: String) -> ConfigurationSource { self.sources[key] ?? .builtIn }

    /// What `--print-config` shows: a valid configuration file, each value with its source behind it.
    var text: String {
        var lines: [String] = []
        let values = self.settings.map { "\($0.key): \(ConfigurationFile.quoted($0.show(self.configuration)))" }
        let width = min(values.map(\.count).max() ?? 0, 60)
        for (setting, value) in zip(self.settings, values) {
            let padding = String(repeating: " ", count: max(1, width - value.count + 2))
            lines.append("\(value)\(padding)# \(self.source(of: setting.key).text)")
        }
        return lines.joined(separator: "\n")
    }
}
