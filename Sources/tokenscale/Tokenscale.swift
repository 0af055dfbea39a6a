import ArgumentParser

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
}

/// The program's own version; also the `version` label of `tokenscale_build_info`.
enum Version {
    static let current = "0.1.0"
}
