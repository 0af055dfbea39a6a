import ArgumentParser
import CurlHTTP
import FoundationEssentials
import Glibc
import UnixSignals

/// `tokenscale top`: pods, rates, queues and stuck sessions, live.
struct TopCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "top",
        abstract: "Show pods, token rates, queue depth, sessions and stuck loops, live.",
        usage: "tokenscale top [--address URL] [--once] [--json] [--interval SECONDS]",
        discussion: """
            In a terminal the picture is renewed until Ctrl-C. When the output is piped, plain text is written once; \
            with --interval it is written again and again. TOK/MIN is what an autoscaler is told: input, output and \
            cache writes without stuck sessions; `?` is unknown and left out of answers.
            """
    )

    @Option(name: .long, help: "The collector's metrics address.")
    var address = "http://127.0.0.1:8080"

    @Option(name: .long, help: "Seconds between two pictures (0.2 or more; 1 in a terminal).")
    var interval: Double?

    @Flag(name: .long, help: "Show one picture and end.")
    var once = false

    @Flag(name: .long, help: "Write JSON: the collector's snapshot and sessions.")
    var json = false

    @Option(name: .long, help: "Show only this namespace.")
    var namespace: String?

    func validate() throws {
        if let interval = self.interval, !(0.2...3_600).contains(interval) {
            throw ValidationError("--interval \(interval): allowed are 0.2 to 3600 seconds")
        }
    }

    func run() async throws {
        let client = HTTPClient(.init(userAgent: "tokenscale-top/\(Version.current)"))
        defer { client.shutdown() }
        let isLive = StandardStreams.isOutputTerminal && !self.once && !self.json
        // The first picture decides: without a collector there is nothing to wait for.
        try await self.show(client, isLive: false, isSilent: isLive)
        guard isLive || (self.interval != nil && !self.once) else { return }
        if isLive { StandardStreams.write(Terminal.enter, terminator: "") }
        defer { if isLive { StandardStreams.write(Terminal.leave, terminator: "") } }
        try await self.repeatUntilSignal(client, isLive: isLive)
    }

    private func repeatUntilSignal(_ client: HTTPClient, isLive: Bool) async throws {
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { for await _ in signals { return } }
            group.addTask {
                while !Task.isCancelled {
                    try await self.show(client, isLive: isLive, isSilent: false)
                    // Cancellation ends the sleep early, and the loop's condition sees that.
                    try? await Task.sleep(for: .seconds(self.interval ?? 1))
                }
            }
            try await group.next()
            group.cancelAll()
        }
    }

    private func show(_ client: HTTPClient, isLive: Bool, isSilent: Bool) async throws {
        let snapshotBody: [UInt8]
        let sessionsBody: [UInt8]
        do {
            snapshotBody = try await self.fetch("/api/v1/snapshot", client)
            sessionsBody = try await self.fetch("/api/v1/sessions", client)
        } catch {
            guard isLive, !Task.isCancelled else { throw error }
            let notice = "\(error)\nTrying again every \((self.interval ?? 1).decimalText) s. Ctrl-C ends."
            StandardStreams.write(Terminal.frame(notice.split(separator: "\n").map(String.init)), terminator: "")
            return
        }
        if isSilent { return }
        if self.json {
            let snapshot = String(decoding: snapshotBody, as: UTF8.self).split(separator: "\n").joined()
            let sessions = String(decoding: sessionsBody, as: UTF8.self).split(separator: "\n").joined()
            StandardStreams.write("{\"snapshot\":\(snapshot),\"sessions\":\(sessions)}")
            return
        }
        var view = try self.view(snapshotBody, sessionsBody, client)
        if isLive {
            (view.width, view.height) = Terminal.size
            view.usesColor = true
            StandardStreams.write(Terminal.frame(view.lines), terminator: "")
        } else {
            view.width = 200
            StandardStreams.write(view.lines.joined(separator: "\n"))
        }
    }

    private func view(_ snapshotBody: [UInt8], _ sessionsBody: [UInt8], _ client: HTTPClient) throws -> TopView {
        do {
            var snapshot = try JSONDecoder().decode(TopSnapshot.self, from: Data(snapshotBody))
            let sessions = try JSONDecoder().decode(TopSessions.self, from: Data(sessionsBody))
            var emptyText: String?
            if let namespace = self.namespace {
                let others = Set(snapshot.pods.map(\.namespace)).sorted()
                if !others.isEmpty {
                    let names = others.prefix(5).joined(separator: ", ") + (others.count > 5 ? ", …" : "")
                    emptyText = "no pod of namespace \(namespace) has sent telemetry; pods of \(names) have"
                }
                snapshot.pods.removeAll { $0.namespace != namespace }
                snapshot.queues.removeAll { $0.namespace != namespace }
                snapshot.workloadFindings.removeAll { $0.namespace != namespace }
            }
            var view = TopView(snapshot: snapshot, sessions: sessions.sessions)
            if let emptyText { view.emptyText = emptyText }
            return view
        } catch {
            throw CollectorAPI(address: self.address, client: client).foreignVersion
        }
    }

    private func fetch(_ path: String, _ client: HTTPClient) async throws -> [UInt8] {
        let query = self.namespace.map { [(name: "namespace", value: $0)] } ?? []
        let api = CollectorAPI(address: self.address, client: client)
        let (status, body) = try await api.get(path, query: query)
        guard status == 200 else { throw api.wrongPort(status: status) }
        return body
    }
}

/// The escape sequences of a terminal that understands ECMA-48, which all do.
enum Terminal {
    /// The alternate screen, without a cursor.
    static let enter = "\u{1b}[?1049h\u{1b}[?25l"
    static let leave = "\u{1b}[?25h\u{1b}[?1049l"

    /// Overwrites the screen from its upper left corner, without a flicker.
    static func frame(_ lines: [String]) -> String {
        "\u{1b}[H" + lines.map { $0 + "\u{1b}[K" }.joined(separator: "\r\n") + "\u{1b}[J"
    }

    /// Columns and lines; 80 × 24 if the terminal does not tell.
    static var size: (Int, Int) {
        var size = winsize()
        let result = unsafe ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size)
        guard result == 0, size.ws_col > 0, size.ws_row > 0 else { return (80, 24) }
        return (Int(size.ws_col), Int(size.ws_row))
    }
}
