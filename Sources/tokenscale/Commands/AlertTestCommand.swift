import Alerting
import ArgumentParser
import TokenscaleCore

/// `tokenscale alert test`: does every receiver get what it is sent?
struct AlertCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "alert",
        abstract: "Test where alerts are sent.",
        subcommands: [AlertTestCommand.self]
    )
}

struct AlertTestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test",
        abstract: "Send a labelled test alert, and its end, through every receiver; print each result.",
        discussion: """
            Takes the same settings as `tokenscale serve`; needs no running collector. The alert has the labels \
            test="true" and namespace="tokenscale-test". Ends with 1 when a receiver did not accept it.
            """
    )

    @OptionGroup
    var options: ConfigurationOptions

    func run() async throws {
        let configuration = try self.options.read().configuration.alertingConfiguration
        guard !configuration.receivers.isEmpty else {
            throw CommandError("no receivers; set alert-receivers in the file (see `tokenscale serve --help`)")
        }
        let results = await AlertProbe.run(
            configuration,
            userAgent: "tokenscale/\(Version.current)",
            now: { WallClock.now() }
        )
        for result in results {
            let mark = result.isAccepted ? "ok    " : "FAILED"
            let seconds = NumberText.rounded(result.seconds)
            StandardStreams.write("\(mark)  \(result.receiver) (\(result.kind.rawValue), \(seconds) s): \(result.text)")
        }
        if results.contains(where: { !$0.isAccepted }) { throw ExitCode.failure }
    }
}
