/// Seeded cases of every family of our own: ordinary work first, then the family. The same seed writes the same bytes.
enum ProbeCases {
    /// - Parameter count: Cases of each family.
    static func lines(count: Int, seed: UInt64 = 7) -> [String] {
        var lines: [String] = []
        for (index, family) in StuckFamilies.all.enumerated() {
            for number in 0..<count {
                var writer = CaseWriter(seed: seed &* 1_000_003 &+ UInt64(index * 1_000 + number))
                Self.ordinaryWork(&writer)
                writer.markOnset()
                family.write(&writer)
                lines.append(writer.json(id: "probe-\(family.name)-\(number)", pattern: family.name))
            }
        }
        for (index, family) in HealthyFamilies.all.enumerated() {
            for number in 0..<count {
                var writer = CaseWriter(seed: seed &* 2_000_003 &+ UInt64(index * 1_000 + number))
                Self.ordinaryWork(&writer)
                family.write(&writer)
                Self.ordinaryWork(&writer)
                lines.append(writer.json(id: "probe-ok-\(family.name)-\(number)", pattern: "ok_\(family.name)"))
            }
        }
        return lines
    }

    private static func ordinaryWork(_ writer: inout CaseWriter) {
        writer.gap = 3_000 + writer.random.below(6_000)
        writer.prompt(length: 30 + writer.random.below(900))
        for _ in 0..<(3 + writer.random.below(12)) {
            let number = writer.random.below(1_000_000)
            switch writer.random.below(5) {
            case 0: writer.call("Grep", "g \(number)", result: 20 + writer.random.below(2_000))
            case 1: writer.call("Edit", "e \(number)", input: 200 + writer.random.below(900), file: "f\(number % 9)")
            case 2:
                writer.call(
                    "Bash",
                    "b \(number)",
                    input: 40 + writer.random.below(200),
                    result: writer.random.below(3_000),
                    command: "ls"
                )
            default:
                writer.call("Read", "r \(number)", result: 300 + writer.random.below(9_000), file: "f\(number % 30)")
            }
        }
    }
}
