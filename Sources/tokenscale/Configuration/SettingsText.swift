/// The reference of the settings, for the terminal and for `Documentation.docc/Configuration.md`.
enum SettingsText {
    /// For `--help`: one entry per setting, by section.
    static func help(_ settings: [Setting] = Setting.all) -> String {
        var lines = [
            "SETTINGS: --some-key VALUE, or $TOKENSCALE_SOME_KEY, or `some-key: VALUE` in",
            "the file of --config. The flag wins, then the variable, then the file.",
        ]
        for section in Setting.Section.allCases {
            let members = settings.filter { $0.section == section }
            guard !members.isEmpty else { continue }
            lines += ["", section.rawValue.uppercased()]
            for setting in members {
                let summary = setting.summary.filter { $0 != "`" }
                // A list without blanks could not be wrapped.
                let value = self.defaultText(of: setting).split(separator: ",").joined(separator: ", ")
                lines.append("  \(setting.flag)")
                lines += self.wrapped("\(summary) Allowed: \(setting.allowed). (\(value))", width: 70)
                    .map { "      " + $0 }
            }
        }
        return lines.joined(separator: "\n")
    }

    /// The page of the documentation. A test compares it with the file.
    static func page(_ settings: [Setting] = Setting.all) -> String {
        var lines = [
            "# Configuration",
            "",
            "Every setting, with its flag, its variable and its key: they are one to one.",
            "",
            "<!-- Made from the code: `tokenscale check-config --reference > Sources/tokenscale/Documentation.docc/"
                + "Configuration.md`. A test compares. -->",
            "",
            "## How values are found",
            "",
            "A setting `some-key` is the flag `--some-key VALUE`, the variable `TOKENSCALE_SOME_KEY` and the line",
            "`some-key: VALUE` of the YAML file named by `--config FILE` (or `TOKENSCALE_CONFIG`). The flag wins over",
            "the variable, the variable over the file, the file over the default. `tokenscale serve --print-config`",
            "shows every value with the place it comes from; `tokenscale check-config` reports all faulty values at",
            "once, when there is none what contradicts or is missing, and exits with 78. A fault names the key, what",
            "was seen, where, and what is allowed.",
            "",
            "Secrets are never values: where one is needed, the setting names a file that holds it. Sizes may carry",
            "`Ki`, `Mi` or `Gi`. A list is a YAML list in the file; in a flag or variable it is separated by commas or",
            "(where its items have keys) written in YAML's flow style or JSON.",
            "",
            "## Changing it while the collector runs",
            "",
            "Files that settings name (certificates, tokens, secrets) are read again when they change. The",
            "configuration file is read again on SIGHUP. With faults nothing changes: they are logged, and",
            "`tokenscale_config_last_reload_successful` is 0. Without, the collector ends as on SIGTERM and begins",
            "anew inside the same process, so that every setting is in force; windows, totals and alerts stay, the",
            "ports are closed meanwhile (below 5 s, usually below 1 s). In Kubernetes the name of the ConfigMap in",
            "`Deploy/base` holds a hash of the content, so that `kubectl apply -k` rolls the pod instead.",
        ]
        for section in Setting.Section.allCases {
            let members = settings.filter { $0.section == section }
            guard !members.isEmpty else { continue }
            lines += ["", "## \(section.rawValue)"]
            for setting in members {
                lines += ["", "### `\(setting.key)`", "", setting.summary, ""]
                lines.append("- Flag `\(setting.flag)`, variable `\(setting.variable)`")
                lines.append("- Default: \(self.defaultText(of: setting, code: true))")
                lines.append("- Allowed: \(setting.allowed)")
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func defaultText(of setting: Setting, code: Bool = false) -> String {
        if let text = setting.defaultText { return text }
        let value = setting.show(Configuration())
        guard !value.isEmpty else { return code ? "none" : "default none" }
        return code ? "`\(value)`" : "default \(value)"
    }

    static func wrapped(_ text: String, width: Int) -> [String] {
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ") {
            if !line.isEmpty, line.count + 1 + word.count > width {
                lines.append(line)
                line = ""
            }
            line += line.isEmpty ? String(word) : " " + word
        }
        return line.isEmpty ? lines : lines + [line]
    }
}
