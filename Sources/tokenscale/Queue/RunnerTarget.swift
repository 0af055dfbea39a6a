/// An orchestrator of Anthropic's self-hosted environments whose `/metrics` is read.
struct RunnerTarget: Equatable, Sendable {
    /// `http://HOST:PORT/metrics`
    var url: String
    /// Where the depth is served: the namespace of the runners.
    var namespace: String
    /// The name of the queue; without one the environment's own id is taken.
    var queue: String?

    /// Text in YAML's flow style, as a flag or variable carries it.
    var text: String {
        let queue = self.queue.map { ", queue: \($0)" } ?? ""
        return "{url: \"\(self.url)\", namespace: \(self.namespace)\(queue)}"
    }

    init(_ value: ConfigurationValue) throws(SettingError) {
        let fields = try ConfigurationFields(value, known: ["url", "namespace", "queue"])
        self.url = try fields.text("url")
        self.namespace = try fields.text("namespace")
        self.queue = try fields.optionalText("queue")
        guard self.url.hasPrefix("http://") || self.url.hasPrefix("https://") else {
            throw SettingError(message: "url must begin with http:// or https://")
        }
        let authority = self.url.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false)[2]
            .prefix { $0 != "/" && $0 != "?" }
        guard !authority.isEmpty else { throw SettingError(message: "url has no host: http://HOST:PORT/metrics") }
        // It would be shown by --print-config; an orchestrator asks for none.
        guard !authority.contains("@") else {
            throw SettingError(message: "url must not hold a user or password: http://HOST:PORT/metrics")
        }
    }
}
