import Foundation
import Testing

@testable import tokenscale

@Suite("top")
struct TopTests {
    static func pod(
        _ name: String,
        state: String = "active",
        served: Double? = 0,
        output: Int64 = 0,
        stuck: Int64 = 0
    ) -> TopSnapshot.Pod {
        TopSnapshot.Pod(
            namespace: "agents",
            name: name,
            state: state,
            servedTokensPerMinute: served,
            tokensPerMinute: .init(input: 10, output: output, cacheRead: 1_000_000, cacheCreation: 0),
            stuckTokensPerMinute: .init(input: 0, output: stuck, cacheRead: 0, cacheCreation: 0),
            activeSessions: 1,
            openTurns: 1,
            stuckSessions: stuck > 0 ? 1 : 0,
            queueDepth: nil,
            lastArrivalAgeSeconds: 2
        )
    }

    static func snapshot(pods: [TopSnapshot.Pod], queues: [TopSnapshot.Queue] = []) -> TopSnapshot {
        TopSnapshot(
            version: "0.1.0",
            time: "2026-11-21T01:02:03Z",
            timeUnixSeconds: 1_795_222_923,
            ageSeconds: 0.4,
            startTime: "2026-11-21T01:00:03Z",
            pods: pods,
            queues: queues,
            workloadFindings: []
        )
    }

    static let queue = TopSnapshot.Queue(
        namespace: "agents",
        queue: "tasks",
        depth: 14,
        source: "otlp",
        isStale: false,
        ageSeconds: 1
    )

    static let stuck = TopSessions.Session(
        namespace: "agents",
        pod: "migrator-1",
        session: "s-1",
        isLive: true,
        hasOpenTurn: true,
        isStuck: true,
        tokensPerMinute: .init(),
        total: .init(),
        costUSD: 1,
        requests: 12,
        lastActivityAgeSeconds: 1,
        finding: TopFinding(
            severity: "critical",
            pattern: "failing_action",
            isPossible: false,
            onset: "2026-11-21T00:58:01Z",
            rounds: 9,
            repeats: 9,
            failures: 8,
            edits: 0,
            commits: 0,
            requestsPerMinute: 6.54,
            costUSD: 0.205,
            tool: "bash",
            tokens: .init(input: 300, output: 900, cacheRead: 24_000, cacheCreation: 100)
        )
    )

    @Test("counts at the limit of their range are drawn")
    func limits() {
        let pods = ["a", "b"].map { Self.pod($0, output: .max, stuck: .max) }
        var stuck = Self.stuck
        stuck.finding?.tokens = .init(input: .max, output: .max, cacheRead: .max, cacheCreation: .max)
        let view = TopView(snapshot: Self.snapshot(pods: pods, queues: [Self.queue]), sessions: [stuck, stuck])
        #expect(view.lines.contains { $0.contains("agents/b") && $0.contains(">999T") })
    }

    @Test("pods by load, queues, stuck sessions: one picture")
    func picture() {
        let stale = TopSnapshot.Queue(
            namespace: "agents",
            queue: "old",
            depth: 3,
            source: "push",
            isStale: true,
            ageSeconds: 200
        )
        let pods = [
            Self.pod("idle-1", state: "idle"), Self.pod("busy-1", served: 4_010, output: 4_000),
            Self.pod("silent-1", state: "unknown", served: nil), Self.pod("migrator-1", served: 10, stuck: 800),
        ]
        let view = TopView(snapshot: Self.snapshot(pods: pods, queues: [Self.queue, stale]), sessions: [Self.stuck])
        let expected = """
            tokenscale 0.1.0   up 2m   pods 4 (1 unknown)   sessions 1   tokens/min 4.0k   waiting 14   stuck 1

            NAMESPACE/POD     STATE    TOK/MIN   INPUT  OUTPUT CACHE-W CACHE-R   STUCK   QUEUE    SESS   TURNS    SEEN
            agents/busy-1     active      4.0k      10    4.0k       0    1.0M       0       -       1       1      2s
            agents/migrator-1 stuck         10      10       0       0    1.0M     800       -       1       1      2s
            agents/idle-1     idle           0      10       0       0    1.0M       0       -       1       1      2s
            agents/silent-1   unknown        ?      10       0       0    1.0M       0       -       1       1      2s

            QUEUE          DEPTH  SOURCE     AGE
            agents/tasks      14    otlp      1s
            agents/old         ?    push      3m

            STUCK
            critical agents/migrator-1 session s-1
              failing action (bash): 9 rounds, 9 repeats, 8 failures since 00:58
              0 edits, 0 commits, 6.5 requests/min, 25k tokens, $0.21
            """
        #expect(view.lines.joined(separator: "\n") == expected)
    }

    @Test("no line is wider and no picture higher than the terminal", arguments: [(40, 10), (80, 24), (200, 60)])
    func size(width: Int, height: Int) {
        let pods = (0..<100).map { Self.pod("a-rather-long-name-of-a-pod-\($0)-5c6d7f9b8-tz4vn", output: Int64($0)) }
        for usesColor in [false, true] {
            var view = TopView(snapshot: Self.snapshot(pods: pods), sessions: [Self.stuck])
            (view.width, view.height, view.usesColor) = (width, height, usesColor)
            let lines = view.lines
            #expect(lines.count <= height)
            for line in lines {
                let plain = line.replacing(/\u{1b}\[\d+m/, with: "")
                #expect(plain.count <= width)
                #expect(!plain.contains("\u{1b}"))
            }
            #expect(lines.contains { $0.contains("more pods") })
        }
    }

    @Test(
        "the head says the most important in whatever width there is",
        arguments: [
            (120, "tokenscale 0.1.0   up 2m   pods 1   sessions 1   tokens/min 4.0k   waiting 14   stuck 1"),
            (82, "tokenscale 0.1.0  up 2m  pods 1  sessions 1  tokens/min 4.0k  waiting 14  stuck 1"),
            (80, "tokenscale 0.1.0  pods 1  sessions 1  tokens/min 4.0k  waiting 14  stuck 1"),
            (60, "tokenscale 0.1.0  pods 1  tokens/min 4.0k  stuck 1"), (30, "tokens/min 4.0k  stuck 1"),
            (15, "tokens/min 4.0k"),
        ]
    )
    func head(width: Int, head: String) {
        let pods = [Self.pod("busy-1", served: 4_010)]
        var view = TopView(snapshot: Self.snapshot(pods: pods, queues: [Self.queue]), sessions: [Self.stuck])
        view.width = width
        #expect(view.lines.first == head)
    }

    @Test(
        "a low terminal shows pods first, then who is stuck, then why, then queues",
        arguments: [
            (24, ["QUEUE ", "critical", "  failing"]), (14, ["critical", "  failing"]), (10, ["critical"]), (9, []),
        ]
    )
    func height(height: Int, parts: [String]) {
        let pods = (0..<9).map { Self.pod("pod-\($0)") }
        var view = TopView(snapshot: Self.snapshot(pods: pods, queues: [Self.queue]), sessions: [Self.stuck])
        view.height = height
        let lines = view.lines
        #expect(lines.count <= height)
        #expect(lines.count { $0.hasPrefix("agents/pod-") } >= 3)
        for part in ["QUEUE ", "critical", "  failing"] {
            #expect(lines.contains { $0.hasPrefix(part) } == parts.contains(part), "\(part)")
        }
    }

    @Test("on a narrow terminal the evidence wraps, and names lose their middle")
    func narrow() {
        var view = TopView(snapshot: Self.snapshot(pods: [], queues: [Self.queue]), sessions: [Self.stuck])
        view.width = 36
        let lines = view.lines
        #expect(lines.allSatisfy { $0.count <= 36 })
        let text = lines.joined(separator: "\n")
        #expect(text.contains("  failing action (bash): 9 rounds, 9\n  repeats, 8 failures since 00:58"))
        #expect(text.contains("critical agents/migrat…1 session s-1"))
        #expect(text.contains("14    otlp      1s"))
    }

    @Test("without pods it says how to get some")
    func empty() {
        let lines = TopView(snapshot: Self.snapshot(pods: []), sessions: []).lines
        #expect(lines.contains { $0.contains("tokenscale demo") })
    }

    @Test(
        "numbers are short",
        arguments: [
            (0, "0"), (0.25, "0.3"), (999, "999"), (1_000, "1.0k"), (1_250, "1.3k"), (9_949, "9.9k"), (9_960, "10k"),
            (999_400, "999k"), (999_600, "1.0M"), (12_345_678, "12M"), (3_400_000_000, "3.4G"),
            (1e12, "1.0T"), (1e15, ">999T"), (1e308, ">999T"),
            (.infinity, ">999T"),
        ]
    )
    func short(number: Double, expected: String) { #expect(TopView.short(number) == expected) }
}
