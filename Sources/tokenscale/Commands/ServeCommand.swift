import ArgumentParser
import FoundationEssentials
import Logging
import TokenscaleCore

/// What every command that reads the configuration shares.
struct ConfigurationOptions: ParsableArguments {
    @Option(name: .long, help: ArgumentHelp("YAML file with settings ($TOKENSCALE_CONFIG).", valueName: "file"))
    var config: String?

    @Argument(
        parsing: .allUnrecognized,
        help: ArgumentHelp(
            "Settings as --key VALUE or --key=VALUE; `tokenscale serve --help` lists them.",
            valueName: "settings"
        )
    )
    var settings: [String] = []

    /// Whether there is a file, which may change while the collector runs.
    var hasFile: Bool {
        let file = self.config ?? ProcessInfo.processInfo.environment["TOKENSCALE_CONFIG"]
        return !(file ?? "").isEmpty
    }

    /// - Throws: Every fault.
    func effective() throws(ConfigurationError) -> EffectiveConfiguration {
        let reader = ConfigurationReader(environment: ProcessInfo.processInfo.environment)
        return try reader.read(arguments: self.settings, file: self.config)
    }

    /// The configuration, or every fault on standard error and exit code 78.
    func read() throws -> EffectiveConfiguration {
        do throws(ConfigurationError) {
            return try self.effective()
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
        abstract: "Run the collector until SIGTERM or SIGINT; SIGHUP reads --config again.",
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
        LoggingSystem.bootstrap { _ in Self.logHandler(effective.configuration) }
        let options = self.options
        let reload = ConfigurationReload(logger: Self.makeLogger(effective.configuration)) {
            () throws(ConfigurationError) in try options.effective()
        }
        if options.hasFile { HangupSignal.install() }
        do {
            try await CollectorLoop.run(effective, reload: reload) { Self.makeLogger($0) }
        } catch {
            // It was logged.
            throw ExitCode.failure
        }
    }

    private static func makeLogger(_ configuration: Configuration) -> Logger {
        Logger(label: "tokenscale") { _ in Self.logHandler(configuration) }
    }

    private static func logHandler(_ configuration: Configuration) -> StandardErrorLogHandler {
        let level = Logger.Level(rawValue: configuration.logLevel.rawValue) ?? .info
        return StandardErrorLogHandler(level: level, format: configuration.logFormat)
    }
}
