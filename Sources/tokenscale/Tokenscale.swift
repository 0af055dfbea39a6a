import ArgumentParser
import TokenscaleCore

/// The command line's root. Every subcommand is a file of `Commands`.
@main
struct Tokenscale: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tokenscale",
        abstract: "Exact token rates, queue depth and stuck-loop detection for fleets of Claude agents on Kubernetes.",
        discussion: """
            Start the collector with `tokenscale serve`, send it a small realistic fleet with `tokenscale demo`, and \
            watch with `tokenscale top`. Agents send OpenTelemetry (OTLP) to port 4317 (gRPC) or 4318 (HTTP).
            """,
        version: "tokenscale \(Version.current)",
        subcommands: [
            ServeCommand.self, CheckConfigCommand.self, DemoCommand.self, TopCommand.self, ExplainCommand.self,
            DetectCommand.self, DoctorCommand.self, AlertsCommand.self, AlertCommand.self, SilenceCommand.self,
        ]
    )

    static func main() async {
        let words = Array(CommandLine.arguments.dropFirst())
        if let fault = self.unknownCommand(in: words) { self.exit(withError: ValidationError(fault)) }
        await self.main(words)
    }

    /// The parser calls a misspelt subcommand an unexpected argument; this says what was meant.
    ///
    /// - Returns: `nil` when every word that must name a subcommand does.
    static func unknownCommand(in words: [String]) -> String? {
        var command: any ParsableCommand.Type = self
        for (index, word) in words.enumerated() {
            let subcommands = command.configuration.subcommands
            guard !subcommands.isEmpty, !word.hasPrefix("-"), word != "help" else { return nil }
            let names = subcommands.compactMap { $0.configuration.commandName }
            guard let next = subcommands.first(where: { $0.configuration.commandName == word }) else {
                let near = NameSuggestion.nearest(to: word, in: names)
                let hint = near.map { "Did you mean '\($0)'?" } ?? "There are \(names.joined(separator: ", "))."
                let place = index == 0 ? "" : " of '\(words[..<index].joined(separator: " "))'"
                return "There is no subcommand '\(word)'\(place). \(hint)"
            }
            command = next
        }
        return nil
    }
}

/// The program's own version; also the `version` label of `tokenscale_build_info`.
enum Version {
    static let current = "0.1.0"
}
