import ArgumentParser

/// `tokenscale check-config`: says what is wrong with a configuration before a roll-out does.
struct CheckConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-config",
        abstract: "Check flags, environment and file; report all faulty values, or what contradicts (exit code 78).",
        usage: "tokenscale check-config [--config FILE] [--SETTING VALUE ...]",
        discussion: "Takes the same settings as `tokenscale serve`."
    )

    @Flag(name: .long, help: "Print every setting with its value and where it comes from.")
    var printConfig = false

    @Flag(name: .long, help: "Print the reference of all settings as Markdown, and exit.")
    var reference = false

    @OptionGroup
    var options: ConfigurationOptions

    func run() throws {
        if self.reference {
            StandardStreams.write(SettingsText.page(), terminator: "")
            return
        }
        let effective = try self.options.read()
        for warning in effective.warnings { StandardStreams.writeError("warning: " + warning) }
        if self.printConfig { StandardStreams.write(effective.text) }
        StandardStreams.writeError("The configuration is in order (\(effective.settings.count) settings).")
    }
}
