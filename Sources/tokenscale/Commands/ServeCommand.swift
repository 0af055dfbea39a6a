import ArgumentParser
import FoundationEssentials

/// What every command that reads the configuration shares.
struct ConfigurationOptions: ParsableArguments {
    @Option(name: .long, help: ArgumentHelp("YAML file with settings ($TOKENSCALE_CONFIG).", valueName: "file"))
    var config: String?

    @Argument(
        parsing: .allUnrecognized,
        help: ArgumentHelp("Settings as --key VALUE or --key=VALUE: see below.", valueName: "settings")
    )
    var settings: [String] = []

    /// The configuration, or every fault on standard error and exit code 78.
    func read() throws -> EffectiveConfiguration {
        let reader = ConfigurationReader(environment: ProcessInfo.processInfo.environment)
        do throws(ConfigurationError) {
            return try reader.read(arguments: self.settings, file: self.config)
        } catch {
            StandardStreams.writeError("tokenscale: " + error.text)
            throw ExitCode(ConfigurationError.exitCode)
        }
    }
}

/// `tokenscale serve`: the collector.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Run the collector until SIGTERM or SIGINT.",
        discussion: SettingsText.help()
    )

    @Flag(name: .long, help: "Print every setting with its value and where it comes from, and exit.")
    var printConfig = false

    @OptionGroup
    var options: ConfigurationOptions

    func run() async throws {
        let effective = try self.options.read()
        if self.printConfig {
            StandardStreams.write(effective.text)
            return
        }
    }
}
