import Testing

@testable import TokenscaleCore

@Suite("SeriesAdmission")
struct SeriesAdmissionTests {
    private static func snapshot(
        _ sequence: UInt64,
        namespace: String = "demo",
        _ counters: [(name: String, birth: UInt64, total: Int64)]
    ) -> Snapshot {
        var snapshot = Snapshot()
        snapshot.sequence = sequence
        snapshot.counters = counters.map { entry in
            var counter = TokenCounter(pod: PodID(namespace: namespace, name: entry.name), model: "opus")
            counter.birthSequence = entry.birth
            counter.total.input = entry.total
            return counter
        }
        snapshot.counters.sort { $0.pod < $1.pod }
        return snapshot
    }

    private static func totals(_ admission: SeriesAdmission, _ snapshot: Snapshot) -> [String: Int64] {
        Dictionary(uniqueKeysWithValues: admission.visible(snapshot.counters).map { ($0.pod.name, $0.total.input) })
    }

    @Test("under the limit nothing is touched")
    func under() {
        var admission = SeriesAdmission(podLimit: 2)
        let snapshot = Self.snapshot(1, [("a", 1, 5), ("b", 1, 6)])
        admission.update(snapshot)
        #expect(Self.totals(admission, snapshot) == ["a": 5, "b": 6])
    }

    @Test("over it the later pods share one series, whose sum never falls")
    func over() {
        var admission = SeriesAdmission(podLimit: 2)
        let first = Self.snapshot(1, [("b", 1, 5), ("c", 1, 6)])
        admission.update(first)
        let second = Self.snapshot(2, [("a", 2, 1), ("b", 1, 7), ("c", 1, 8), ("d", 2, 2)])
        admission.update(second)
        #expect(Self.totals(admission, second) == ["b": 7, "c": 8, "other": 3])
        // `d` is forgotten: what it counted stays.
        let third = Self.snapshot(3, [("a", 2, 4), ("b", 1, 7), ("c", 1, 8)])
        admission.update(third)
        #expect(Self.totals(admission, third) == ["b": 7, "c": 8, "other": 6])
        // `c` makes room, but `a` stays where it is; the new `e` takes the place.
        let fourth = Self.snapshot(4, [("a", 2, 4), ("b", 1, 7), ("e", 4, 1)])
        admission.update(fourth)
        #expect(Self.totals(admission, fourth) == ["b": 7, "e": 1, "other": 6])
        #expect(["a", "b", "e"].map { admission.admits(PodID(namespace: "demo", name: $0)) } == [false, true, true])
    }

    @Test("a namespace without pods is forgotten, and its series begin anew")
    func forgotten() {
        var admission = SeriesAdmission(podLimit: 1)
        for sequence in UInt64(1)...100 {
            let name = "ns-\(sequence)"
            let crowd = Self.snapshot(sequence, namespace: name, [("a", sequence, 5), ("b", sequence, 6)])
            admission.update(crowd)
            #expect(Self.totals(admission, crowd) == ["a": 5, "other": 6])
            #expect(admission.namespaceCount == 1)
        }
        let empty = Self.snapshot(101, [])
        admission.update(empty)
        #expect(admission.namespaceCount == 0)
        #expect(admission.visible(empty.counters).isEmpty)
        let again = Self.snapshot(102, namespace: "ns-1", [("a", 102, 1), ("b", 102, 2)])
        admission.update(again)
        let other = admission.visible(again.counters).first { $0.pod.name == "other" }
        #expect(other?.total.input == 2)
        #expect(other?.birthSequence == 102, "shown at 0 first, as every new series")
    }

    @Test("no visible counter ever falls while its pod lives, and nothing is lost", arguments: 0..<50)
    func random(seed: UInt64) {
        var state = seed &* 0x9e37_79b9_7f4a_7c15 | 1
        func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        var admission = SeriesAdmission(podLimit: 3)
        var alive: [(name: String, birth: UInt64, total: Int64)] = []
        var previous: [String: Int64] = [:]
        var retired: Int64 = 0
        for sequence in 1...60 as ClosedRange<UInt64> {
            if !alive.isEmpty, next(6) == 0 {
                let gone = alive.remove(at: next(alive.count))
                if !admission.admits(PodID(namespace: "demo", name: gone.name)) { retired += gone.total }
            }
            if next(3) == 0 { alive.append(("pod-\(sequence)", sequence, 0)) }
            if alive.isEmpty {
                previous = [:]
                retired = 0
            }
            for index in alive.indices { alive[index].total += Int64(next(100)) }
            let snapshot = Self.snapshot(sequence, alive)
            admission.update(snapshot)
            let totals = Self.totals(admission, snapshot)
            for (name, total) in previous where name == "other" || alive.contains(where: { $0.name == name }) {
                #expect((totals[name] ?? 0) >= total, "seed \(seed): \(name) at \(sequence)")
            }
            let expected = alive.reduce(Int64(0)) { $0 + $1.total } + retired
            #expect(totals.values.reduce(0, +) == expected, "seed \(seed) at \(sequence)")
            previous = totals
        }
    }
}
