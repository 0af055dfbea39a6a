import ArgumentParser
import FoundationEssentials
import Logging

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
        usage: "tokenscale serve [--config FILE] [--print-config] [--SETTING VALUE ...]",
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
        let logger = Self.makeLogger(effective.configuration)
        for warning in effective.warnings { logger.warning("\(warning)") }
        do {
            try await Collector(configuration: effective.configuration, logger: logger).run()
        } catch {
            logger.critical("tokenscale cannot run", metadata: ["reason": "\(error)"])
            throw ExitCode.failure
        }
    }

    /// The logger of the process, which libraries use as well.
    private static func makeLogger(_ configuration: Configuration) -> Logger {
        let level = Logger.Level(rawValue: configuration.logLevel.rawValue) ?? .info
        let format = configuration.logFormat
        LoggingSystem.bootstrap { _ in StandardErrorLogHandler(level: level, format: format) }
        return Logger(label: "tokenscale")
    }
}
