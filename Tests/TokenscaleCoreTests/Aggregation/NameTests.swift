import Testing
import TokenscaleCore

@Suite("Names from telemetry")
struct NameTests {
    private func sessions(_ names: [String]) -> [String] {
        let test = TestAggregator()
        for name in names {
            var body = BatchBuilder(pod: "pod-0")
            body.request(
                TokenCounts(input: 1, output: 0, cacheRead: 0, cacheCreation: 0),
                session: name,
                id: name,
                at: test.now
            )
            test.record(body)
        }
        return test.pod()?.sessions.map(\.id) ?? []
    }

    @Test("a plain name stays as it is", arguments: ["session-1", "a b", "Žluťoučký kůň", "日本"])
    func plain(name: String) { #expect(self.sessions([name]) == [name]) }

    @Test("long names are cut to the limit and stay apart")
    func long() {
        let names = self.sessions((0..<3).map { String(repeating: "x", count: 5_000) + "\($0)" })
        #expect(Set(names).count == 3)
        #expect(names.allSatisfy { $0.utf8.count <= AggregatorConfiguration().nameByteLimit })
    }

    @Test("no name commands the terminal it is shown on; names that differ stay apart")
    func controls() {
        let names = self.sessions(["a\u{1b}[2Jb", "a\u{7f}[2Jb", "a\u{9b}2Jb", "a\nb", "a?b"])
        #expect(Set(names).count == 5)
        let scalars = names.flatMap(\.unicodeScalars)
        #expect(scalars.allSatisfy { $0.properties.generalCategory != .control }, "\(names)")
    }
}
