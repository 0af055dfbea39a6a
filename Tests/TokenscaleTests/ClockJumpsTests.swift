import Testing
import TokenscaleCore

@testable import tokenscale

@Suite("ClockJumps")
struct ClockJumpsTests {
    @Test("a step of the clock is told once, by how much; waiting and a slow correction are no step")
    func steps() {
        var jumps = ClockJumps()
        let start = ContinuousClock.now
        var found: [Double?] = []
        for (wall, elapsed) in [(0.0, 0.0), (1, 1), (301, 2), (302, 3), (2, 4), (3, 5), (63, 65), (64, 66.5), (61, 67)]
        {
            found.append(
                jumps.check(
                    wall: Timestamp(seconds: 1_000).advanced(bySeconds: wall),
                    elapsed: start + .seconds(elapsed)
                ).map { ($0 * 1000).rounded() / 1000 }
            )
        }
        #expect(found == [nil, nil, 299, nil, -301, nil, nil, nil, nil])
    }
}
