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
        help: ArgumentHelp("Settings as --key VALUE or --key=VALUE: see below.", valueName: "settings")
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
        try await Self.serve(effective, reload)
    }

    /// A start that fails within this fails because of its configuration.
    private static let startSeconds = 10.0

    /// Runs one collector after the other, until one ends without a configuration for the next.
    private static func serve(_ first: EffectiveConfiguration, _ reload: ConfigurationReload) async throws {
        var current = first
        var former: EffectiveConfiguration?
        while true {
            let logger = Self.makeLogger(current.configuration)
            for warning in current.warnings { logger.warning("\(warning)") }
            let start = WallClock.now()
            do {
                try await Collector(configuration: current.configuration, reload: reload, logger: logger).run()
                guard let next = reload.takeNext() else { return }
                former = current
                current = next
            } catch {
                let isStart = WallClock.now().seconds(since: start) < Self.startSeconds
                guard isStart, let working = former else {
                    logger.critical("tokenscale cannot run", metadata: ["reason": "\(error)"])
                    throw ExitCode.failure
                }
                logger.error(
                    "tokenscale cannot run with the new configuration; it runs with the former one",
                    metadata: ["reason": "\(error)"]
                )
                reload.failed()
                former = nil
                current = working
            }
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
