import Alerting
import ArgumentParser
import FoundationEssentials
import TokenscaleCore

/// Where the outbox of a collector is. `alerts` and `silence` read and write it beside the running collector.
struct OutboxOptions: ParsableArguments {
    @Option(name: .long, help: ArgumentHelp("YAML file with settings ($TOKENSCALE_CONFIG).", valueName: "file"))
    var config: String?

    @Option(name: .long, help: "The collector's data directory ($TOKENSCALE_DATA_DIRECTORY).")
    var dataDirectory: String?

    func open() throws -> AlertOutbox { try self.openWithConfiguration().outbox }

    func openWithConfiguration() throws -> (outbox: AlertOutbox, configuration: AlertingConfiguration) {
        let arguments = self.dataDirectory.map { ["--data-directory", $0] } ?? []
        let reader = ConfigurationReader(environment: ProcessInfo.processInfo.environment)
        let configuration: Configuration
        do throws(ConfigurationError) {
            configuration = try reader.read(arguments: arguments, file: self.config).configuration
        } catch {
            StandardStreams.writeError("tokenscale: " + error.text)
            throw ExitCode(ConfigurationError.exitCode)
        }
        let path = DataDirectory.outboxFile(in: configuration.dataDirectory)
        guard FileManager.default.fileExists(atPath: path) else {
            throw CommandError(
                "there is no outbox at \(path); name the --data-directory of the collector, and start it once "
                    + "(in a pod: kubectl exec deploy/tokenscale -- tokenscale alerts)"
            )
        }
        let alerting = configuration.alertingConfiguration
        return (AlertOutbox(path: path, limits: alerting.outbox), alerting)
    }
}

/// `tokenscale alerts`: what fires, what is pending, what could not be delivered.
struct AlertsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "alerts",
        abstract: "List alerts that fire, are pending or silenced, and deliveries that wait or are parked.",
        discussion: """
            Reads the outbox of the collector's data directory, also while the collector runs or is down. Evidence is \
            as of the last change, at most a minute old.
            """
    )

    @OptionGroup
    var outbox: OutboxOptions

    @Flag(name: .long, help: "Write JSON.")
    var json = false

    @Flag(name: .long, help: "Send parked deliveries again, all or those of --receiver.")
    var retryParked = false

    @Option(name: .long, help: "Only deliveries to this receiver.")
    var receiver: String?

    func run() async throws {
        let outbox = try self.outbox.open()
        let now = WallClock.now()
        let open = try await outbox.openDeliveries(limit: 1000)
        if let receiver = self.receiver, !open.contains(where: { $0.receiver == receiver }) {
            let others = Set(open.map(\.receiver)).sorted().joined(separator: ", ")
            StandardStreams.writeError(
                "No delivery to \(receiver) waits or is parked"
                    + (others.isEmpty ? "." : "; there are some to \(others).")
            )
        }
        if self.retryParked {
            let count = try await outbox.retryParked(receiver: self.receiver, at: now)
            StandardStreams.write("\(count) parked deliveries are being tried again.")
            return
        }
        let alerts = try await outbox.alerts().sorted { $0.subject < $1.subject }
        let deliveries = open.filter { self.receiver == nil || $0.receiver == self.receiver }
        if self.json {
            try AlertListing(alerts: alerts, deliveries: deliveries, now: now).write()
        } else {
            StandardStreams.write(AlertListing(alerts: alerts, deliveries: deliveries, now: now).text)
        }
    }
}

/// `tokenscale silence add|list|remove`
struct SilenceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "silence",
        abstract: "Keep alerts from being told, for a time.",
        subcommands: [SilenceAddCommand.self, SilenceListCommand.self, SilenceRemoveCommand.self],
        defaultSubcommand: SilenceListCommand.self
    )
}

struct SilenceAddCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Silence alerts whose labels match, from now on.",
        discussion: """
            tokenscale silence add namespace=agents 'workload=fixer*' --for 2h --comment "new model is being tested"

            All matchers must match; `*` stands for any text, != negates. Labels: alertname, scope, severity, pattern, \
            namespace, workload, pod, session. The end of an alert that was told before is told all the same.
            """
    )

    @Argument(help: ArgumentHelp("LABEL=PATTERN or LABEL!=PATTERN.", valueName: "matcher"))
    var matchers: [String]

    @Option(name: .customLong("for"), help: "How long: 90s, 30m, 2h, 7d (at most 365d).")
    var duration: String

    @Option(name: .long, help: "Why.")
    var comment: String

    @Option(name: .long, help: "Who; the user's name when left out.")
    var createdBy: String?

    @OptionGroup
    var outbox: OutboxOptions

    func validate() throws {
        _ = try self.parsedMatchers()
        _ = try self.parsedDuration()
    }

    private func parsedMatchers() throws -> [LabelMatcher] {
        try self.matchers.map { text in
            guard let matcher = LabelMatcher(parsing: text) else {
                throw ValidationError("\(text): not LABEL=PATTERN or LABEL!=PATTERN; `*` stands for any text")
            }
            return matcher
        }
    }

    private func parsedDuration() throws -> Double {
        guard let seconds = Self.seconds(self.duration) else {
            throw ValidationError("--for \(self.duration): a number with s, m, h or d, from 1s to 365d")
        }
        return seconds
    }

    func run() async throws {
        let matchers = try self.parsedMatchers()
        let seconds = try self.parsedDuration()
        let (outbox, configuration) = try self.outbox.openWithConfiguration()
        let alerts = try await outbox.alerts()
        // Labels of the collector's configuration, if it is not the one that this process sees.
        let external = Set(configuration.policy.externalLabels.keys).union(alerts.flatMap(\.labels.keys))
        let faults = matchers.compactMap { $0.fault(external: external.subtracting(AlertLabel.names)) }
        guard faults.isEmpty else { throw CommandError(faults.joined(separator: "; ")) }
        let now = WallClock.now()
        let silence = AlertSilence(
            id: String(UInt64.random(in: .min ... .max), radix: 36),
            matchers: matchers,
            startsAt: now,
            endsAt: now.advanced(bySeconds: seconds),
            createdBy: self.createdBy ?? ProcessInfo.processInfo.environment["USER"] ?? "",
            comment: self.comment
        )
        try await outbox.add(silence, at: now)
        let count = alerts.count { matchers.matchAll($0.labels) }
        StandardStreams.write("\(silence.id)")
        StandardStreams.writeError("Silenced until \(UTCTime(silence.endsAt).rfc3339); \(count) alerts match now.")
    }

    /// `90s`, `30m`, `2h`, `7d`; `nil` for anything else, and beyond 1 s to 365 d.
    static func seconds(_ text: String) -> Double? {
        let factors: [Character: Double] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
        guard let unit = text.last, let factor = factors[unit], let number = Double(text.dropLast()) else { return nil }
        let seconds = number * factor
        return (1...31_536_000).contains(seconds) ? seconds : nil
    }
}

struct SilenceListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List silences that are not over.")

    @OptionGroup
    var outbox: OutboxOptions

    @Flag(name: .long, help: "Write JSON.")
    var json = false

    func run() async throws {
        let silences = try await self.outbox.open().silences(at: WallClock.now())
        if self.json {
            try AlertListing.write(silences.map(AlertListing.SilenceItem.init))
            return
        }
        if silences.isEmpty { StandardStreams.write("No silences.") }
        for silence in silences {
            let matchers = silence.matchers.map(\.description).joined(separator: " ")
            let by = silence.createdBy.isEmpty ? "" : " (\(silence.createdBy))"
            let end = UTCTime(silence.endsAt).rfc3339
            StandardStreams.write("\(silence.id)  until \(end)  \(matchers)  \(silence.comment)\(by)")
        }
    }
}

struct SilenceRemoveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "remove", abstract: "End silences now.")

    @Argument(help: ArgumentHelp("Ids, as `tokenscale silence list` shows them.", valueName: "id"))
    var ids: [String]

    @OptionGroup
    var outbox: OutboxOptions

    func run() async throws {
        let outbox = try self.outbox.open()
        for id in self.ids {
            guard try await outbox.removeSilence(id: id) else {
                throw CommandError("there is no silence \(id); see `tokenscale silence list`")
            }
            StandardStreams.write("Ended \(id).")
        }
    }
}
